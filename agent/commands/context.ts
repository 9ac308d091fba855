import { type Client, openClient } from "@/client/client";
import { type Credentials, findCredentials } from "@/client/credentials";
import { AppError } from "@/core/errors";
import { isSweepId, parseSweepPath } from "@/core/ids";
import { VERSION } from "../version";

/** What a command may touch: everything that a test wants to look at or to bring. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Data: what a script reads. A newline is added. */
  out: (text: string) => void;
  /** Words for people: warnings, progress of work. A newline is added. */
  err: (text: string) => void;
  /** Colours only where a person looks. */
  color: boolean;
  /** What must not be shown while it is typed, or the first line of a pipe; the process's own standard input when absent. */
  readSecret?: (prompt: string) => Promise<string>;
}

/** A person waits in front of it; an agent says for itself how long it tries. */
const PATIENCE_MS = 3_000;

/** Runs `body` with a client that is closed afterwards. Refuses at once when there is no key. */
export async function withClient<T>(terminal: Terminal, body: (client: Client) => Promise<T>): Promise<T> {
  const credentials = findCredentials(terminal.env);
  const client = openClient({
    url: credentials.url,
    key: requireKey(credentials),
    userAgent: `besom/${VERSION}`,
    patienceMs: PATIENCE_MS,
  });
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

export function requireKey({ url, key }: Credentials): string {
  if (key) return key;
  throw new AppError(
    "UNAUTHENTICATED",
    `there is no key for the server at ${url}; run \`npx besom login\`, or set BESOM_API_KEY (on the server's own machine, start it first: it leaves a key here)`,
  );
}

/** The id at the end of `id`, `project/id` or `entity/project/id`, or of a page's address. */
export function toSweepId(text: string): string {
  const path = URL.canParse(text) ? new URL(text).pathname.replace("/sweeps/", "/").slice(1) : text;
  const parsed = parseSweepPath(path.replace(/^\/|\/$/g, ""));
  if (parsed && isSweepId(parsed.sweepId)) return parsed.sweepId;
  throw new AppError(
    "BAD_USAGE",
    `${JSON.stringify(text)} is no sweep: expected its id (8 characters of a-z and 0-9) or entity/project/id, as \`besom sweep\` prints it`,
  );
}

/** A path (or flags beside the id) that names another project than the sweep's is a mistake worth a word. */
export function checkPlace(
  asked: string,
  flags: { entity?: string; project?: string },
  found: { entity: string; project: string; id: string },
): void {
  const path = URL.canParse(asked) ? undefined : parseSweepPath(asked);
  const entity = path?.entity ?? flags.entity;
  const project = path?.project ?? flags.project;
  if ((!entity || entity === found.entity) && (!project || project === found.project)) return;
  throw new AppError(
    "NOT_FOUND",
    `sweep ${found.id} is not in ${entity ?? found.entity}/${project ?? found.project}; it is ${found.entity}/${found.project}/${found.id}`,
  );
}

export function notFound(sweepId: string): AppError {
  return new AppError("NOT_FOUND", `the server knows no sweep ${sweepId} (or this key may not see it)`, {
    details: { sweepId },
  });
}

/** `--count 3`: a whole number from 1. */
export function toCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new AppError("BAD_USAGE", `${JSON.stringify(text)} is no count: expected a whole number from 1`);
}
