/** Names and ids that people see. Pure: the caller brings the random bytes. */

const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export const KEY_PREFIX = "besom-";
/** 43 base62 characters hold 256 bits; the wandb client asks for at least 40 after the first hyphen. */
const KEY_LENGTH = 43;

/** Paths of server.ts, of the pages and of Next: an entity with such a name could not be reached. */
export const RESERVED_ENTITY_NAMES: ReadonlySet<string> = new Set([
  "graphql",
  "wandb",
  "authorize",
  "login",
  "logout",
  "settings",
  "healthz",
  "readyz",
  "metrics",
  "python",
  "api",
  "files",
  "static",
  "_next",
  "public",
  "assets",
  "favicon.ico",
  "robots.txt",
  "besom-agent.tgz",
  "admin",
  "new",
  "docs",
  "oidc",
  "auth",
  "invite",
  "account",
  "explorer",
  "search",
  "help",
  "well-known",
]); // prettier-ignore

/** Eight characters of a-z0-9: 2.8e12 ids. Bytes of 252 and above are skipped so that every letter is as likely. */
export function toShortId(randomBytes: Uint8Array): string {
  let id = "";
  for (const byte of randomBytes) {
    if (byte >= 252) continue;
    id += ID_ALPHABET[byte % 36];
    if (id.length === 8) return id;
  }
  throw new RangeError(`toShortId needs more than ${randomBytes.length} random bytes`);
}

/** A key people can paste: `besom-` and the 256 bits in base62, most significant first. */
export function toApiKey(bytes: Uint8Array): string {
  if (bytes.length !== 32) throw new RangeError(`an API key is made of 32 bytes, not ${bytes.length}`);
  let rest = 0n;
  for (const byte of bytes) rest = (rest << 8n) | BigInt(byte);
  let text = "";
  for (let i = 0; i < KEY_LENGTH; i++) {
    text = BASE62[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return KEY_PREFIX + text;
}

export const isApiKey = (text: string): boolean => /^besom-[0-9A-Za-z]{43}$/.test(text);
export const isSweepId = (text: string): boolean => /^[a-z0-9]{8}$/.test(text);
/** A run's name may be chosen by the client; it stands in a path, so no slash, no control character. */
export const isRunName = (text: string): boolean =>
  /^[\p{L}\p{N}_.@:=+ -]{1,128}$/u.test(text) && text.trim() === text && text !== "." && text !== "..";
/** Entities and projects are path segments that people type. */
export const isSlug = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text);

export interface SweepPath {
  entity?: string;
  project?: string;
  sweepId: string;
}

/** `id`, `project/id` or `entity/project/id`; undefined when it is none of them. */
export function parseSweepPath(text: string): SweepPath | undefined {
  const parts = text.split("/");
  const sweepId = parts.at(-1);
  if (sweepId === undefined || !isSweepId(sweepId) || parts.length > 3) return undefined;
  if (parts.slice(0, -1).some((part) => !isSlug(part))) return undefined;
  const [project, entity] = parts.slice(0, -1).reverse();
  return { sweepId, ...(project && { project }), ...(entity && { entity }) };
}
