import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { dataDirOf } from "@/core/data-dir";

/** Which server to ask, and as whom. */
export interface Credentials {
  url: string;
  /** Absent when none was found: some questions need none. */
  key?: string;
  /** Where both came from, for messages. */
  from: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export const DEFAULT_URL = "http://localhost:3000";

/**
 * `BESOM_URL` and `BESOM_API_KEY`; what is missing comes from the file that `besom login` writes, else from the
 * file that a server on this machine writes for its own user.
 */
export function findCredentials(env: Env = process.env): Credentials {
  const saved = readSaved(env);
  const local = readLocal(env);
  const url = trim(env.BESOM_URL) ?? saved.latest ?? local?.url ?? DEFAULT_URL;
  const isLocal = local !== undefined && normalize(local.url) === normalize(url);
  const candidates: [key: string | undefined, from: string][] = [
    [trim(env.BESOM_API_KEY), "BESOM_API_KEY"],
    [saved.servers[normalize(url)]?.key, savedPath(env)],
    [isLocal ? local.key : undefined, localPath(env)],
  ];
  const [key, from] = candidates.find(([candidate]) => candidate) ?? [undefined, "nowhere"];
  return { url, from, ...(key && { key }) };
}

/** What `besom login` keeps, mode 600. The server that was logged in to last is the one asked by default. */
interface Saved {
  latest?: string;
  servers: Record<string, { key: string }>;
}

export function saveCredentials(url: string, key: string, env: Env = process.env): string {
  const path = savedPath(env);
  const { servers } = readSaved(env);
  const saved: Saved = { latest: url, servers: { ...servers, [normalize(url)]: { key } } };
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  // Written beside and moved, so that a reader never sees half a file and nobody else sees the key for a moment.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return path;
}

function readSaved(env: Env): Saved {
  const saved = readJson(savedPath(env));
  const servers = isRecord(saved?.servers) ? (saved.servers as Saved["servers"]) : {};
  return { servers, ...(typeof saved?.latest === "string" && { latest: saved.latest }) };
}

function readLocal(env: Env): { url: string; key: string } | undefined {
  const local = readJson(localPath(env));
  return typeof local?.url === "string" && typeof local.key === "string"
    ? { url: local.url, key: local.key }
    : undefined;
}

export function savedPath(env: Env): string {
  const { XDG_CONFIG_HOME: config } = env;
  return join(
    config && isAbsolute(config) ? config : join(homedir(), ".config"),
    "besom",
    "credentials.json",
  );
}

export function localPath(env: Env): string {
  const { platform } = process;
  const dataDir = dataDirOf({ env, platform, home: homedir(), uid: process.getuid?.(), cwd: process.cwd() });
  return join(dataDir, "credentials.json");
}

/** A missing, unreadable or broken file is no file: another source may answer, and `doctor` tells which is used. */
function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const trim = (text: string | undefined) => text?.trim() || undefined;

/** One server, one entry: http://localhost:3000/ and http://127.0.0.1:3000 are the same. */
function normalize(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.hostname === "127.0.0.1" || parsed.hostname === "[::1]") parsed.hostname = "localhost";
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}
