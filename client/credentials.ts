import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { dataDirOf } from "@/core/data-dir";
import { AppError } from "@/core/errors";

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
 * `BESOM_URL` and `BESOM_API_KEY`; what is missing comes from the profile that `BESOM_PROFILE` names, else from the
 * server that handed this client out, else from the default one of those that `besom login` keeps, else from the file that
 * a server on this machine writes for its own user.
 * @throws AppError BAD_USAGE when BESOM_PROFILE names no profile
 */
export function findCredentials(env: Env = process.env): Credentials {
  const saved = readSaved(env);
  const local = readLocal(env);
  const chosen = requireProfile(saved, trim(env.BESOM_PROFILE), env);
  const url =
    trim(env.BESOM_URL) ??
    chosen?.url ??
    readHome() ??
    profileOf(saved, saved.default)?.url ??
    local?.url ??
    DEFAULT_URL;
  const isLocal = local !== undefined && normalize(local.url) === normalize(url);
  const kept = [chosen, profileOf(saved, saved.default), ...Object.values(saved.profiles)].find(
    (profile) => profile && normalize(profile.url) === normalize(url),
  );
  const candidates: [key: string | undefined, from: string][] = [
    [trim(env.BESOM_API_KEY), "BESOM_API_KEY"],
    [kept?.key, savedPath(env)],
    [isLocal ? local.key : undefined, localPath(env)],
  ];
  const [key, from] = candidates.find(([candidate]) => candidate) ?? [undefined, "nowhere"];
  return { url, from, ...(key && { key }) };
}

/** A server, who one is there, and the key that shows it. */
export interface Profile {
  url: string;
  key: string;
  /** The user's name when the key was checked. */
  user?: string;
}

/** What `besom login` keeps, mode 600: servers by names of one's own, and which one is asked when nothing else is said. */
export interface Saved {
  default?: string;
  profiles: Record<string, Profile>;
}

export const isProfileName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name);

/** What the profile of a server is called when nobody gave it a name: the one that it has, else its host. */
export function nameProfile(url: string, { profiles }: Saved): string {
  const known = Object.entries(profiles).find(([, profile]) => normalize(profile.url) === normalize(url));
  if (known) return known[0];
  const { host } = new URL(normalize(url));
  const base = host.replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "server";
  let name = base;
  for (let i = 2; Object.hasOwn(profiles, name); i++) name = `${base}-${i}`;
  return name;
}

const profileOf = ({ profiles }: Saved, name: string | undefined): Profile | undefined =>
  name !== undefined && Object.hasOwn(profiles, name) ? profiles[name] : undefined;

function requireProfile(saved: Saved, name: string | undefined, env: Env): Profile | undefined {
  if (name === undefined) return undefined;
  const profile = profileOf(saved, name);
  if (profile) return profile;
  throw new AppError("BAD_USAGE", `${unknownProfile(name, saved)} (in ${savedPath(env)})`);
}

export function unknownProfile(name: string, { profiles }: Saved): string {
  const names = Object.keys(profiles);
  return `there is no profile ${JSON.stringify(name)}; ${names.length > 0 ? `there are ${names.join(", ")}` : "none was kept yet: run `npx besom login URL`"}`;
}

/** @returns where it is kept */
export function saveCredentials(saved: Saved, env: Env = process.env): string {
  const path = savedPath(env);
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  // Written beside and moved, so that a reader never sees half a file and nobody else sees the key for a moment.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return path;
}

export function readSaved(env: Env = process.env): Saved {
  const file = readJson(savedPath(env));
  const profiles: Saved["profiles"] = {};
  for (const [name, profile] of Object.entries(isRecord(file?.profiles) ? file.profiles : {}))
    if (isProfile(profile)) profiles[name] = profile;
  return { profiles, ...(typeof file?.default === "string" && { default: file.default }) };
}

const isProfile = (value: unknown): value is Profile =>
  isRecord(value) && typeof value.url === "string" && typeof value.key === "string";

function readLocal(env: Env): { url: string; key: string } | undefined {
  const local = readJson(localPath(env));
  return typeof local?.url === "string" && typeof local.key === "string"
    ? { url: local.url, key: local.key }
    : undefined;
}

/** The server that handed this client out wrote its address into the archive's package.json (downloads/client-archive.ts). */
function readHome(): string | undefined {
  const { besom } = readJson(new URL("../package.json", import.meta.url)) ?? {};
  return isRecord(besom) && typeof besom.server === "string" ? besom.server : undefined;
}

export function savedPath(env: Env): string {
  const { XDG_CONFIG_HOME: config } = env;
  return join(config && isAbsolute(config) ? config : join(homeOf(), ".config"), "besom", "credentials.json");
}

export function localPath(env: Env): string {
  const { platform } = process;
  const dataDir = dataDirOf({ env, platform, home: homeOf(), uid: process.getuid?.(), cwd: process.cwd() });
  return join(dataDir, "credentials.json");
}

/** A user that is a number without a name, in a container without HOME, has `/`, as container runtimes have it. */
export function homeOf(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

/** A missing, unreadable or broken file is no file: another source may answer, and `doctor` tells which is used. */
function readJson(path: string | URL): Record<string, unknown> | undefined {
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
