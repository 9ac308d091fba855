import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { AppError } from "@/core/errors";

/**
 * scrypt with 32 MiB and three passes, which OWASP's cheat sheet lists as one of its equal minima (N=2^15, r=8, p=3).
 * The parameters stand in each hash, so that they can grow without anybody's password becoming unknown.
 */
const PARAMETERS = { logN: 15, r: 8, p: 3 } as const;
const KEY_BYTES = 32;

/** Two at once hold 64 MiB and two of libuv's four threads: signing in never takes the machine from those who work. */
const AT_ONCE = 2;
/** Beyond it a flood is turned away; within it nobody waits longer than two seconds. */
const MAX_WAITING = 10;
const RETRY_AFTER_MS = 2_000;

/** `scrypt$15$8$3$salt$key` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, PARAMETERS);
  const { logN, r, p } = PARAMETERS;
  return ["scrypt", logN, r, p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/**
 * Whether it is the password behind the hash. Without a hash (no such user, no password set) it takes as long and says
 * no, so that the time tells nobody which names exist.
 */
export async function verifyPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  const stored = read(hash ?? NOBODY);
  const key = await derive(password, stored.salt, stored);
  return timingSafeEqual(key, stored.key) && typeof hash === "string";
}

interface Parameters {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** Hashes no password that anybody can give. */
const NOBODY = [
  "scrypt",
  PARAMETERS.logN,
  PARAMETERS.r,
  PARAMETERS.p,
  "AAAAAAAAAAAAAAAAAAAAAA",
  "A".repeat(43),
].join("$");

function read(hash: string): Parameters & { salt: Buffer; key: Buffer } {
  const [scheme, logN, r, p, salt, key] = hash.split("$");
  if (scheme !== "scrypt" || !salt || !key) throw new Error("a stored password hash can't be read");
  return {
    logN: Number(logN),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, "base64url"),
    key: Buffer.from(key, "base64url"),
  };
}

let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Buffer, { logN, r, p }: Parameters): Promise<Buffer> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) {
      throw new AppError(
        "RATE_LIMITED",
        "too many people are signing in at the moment: try again in a few seconds",
        {
          details: { retryAfterMs: RETRY_AFTER_MS },
        },
      );
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    const N = 2 ** logN;
    return await new Promise((resolve, reject) =>
      // Node refuses what needs more than 32 MiB unless it is told.
      scrypt(normalize(password), salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
        error ? reject(error) : resolve(key),
      ),
    );
  } finally {
    // The place is handed on, so that nobody who comes later slips in between.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

/** The same letters typed on another keyboard are the same password (RFC 8265, NIST SP 800-63B). */
const normalize = (password: string): string => password.normalize("NFKC");
