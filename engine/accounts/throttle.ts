import { createHash } from "node:crypto";
import { AppError, isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { type Backoff, clearFailures, giveBackTry, takeTry } from "@/db/queries/sign-in-failures";
import { retrying } from "@/db/transaction";

/** Failures are forgotten after a quiet day. */
export const FAILURES_KEPT_MS = 24 * 3_600_000;
const FIRST_MS = 1_000;
/** A guesser gets 96 tries a day at one bucket, and whoever mistyped often waits no longer than this. */
const MAX_MS = 15 * 60_000;

interface Patience {
  /** So many failures in a row cost nothing. */
  readonly free: number;
  readonly maxMs: number;
  /** One success says that it was the owner. */
  readonly own: boolean;
}

/** By what stands before the colon of a bucket's name. */
const PATIENCE: Readonly<Record<string, Patience>> = {
  // One account from one place: people mistype.
  pair: { free: 5, maxMs: MAX_MS, own: true },
  // The current password, asked again of who is signed in.
  password: { free: 5, maxMs: MAX_MS, own: true },
  // Everybody of an office comes from one address; a guesser goes through names there.
  address: { free: 30, maxMs: MAX_MS, own: false },
  // One account from anywhere it was never used from: thousands of addresses guess together. Short, since the owner
  // may be on the way.
  name: { free: 50, maxMs: 60_000, own: false },
  device: { free: 20, maxMs: MAX_MS, own: false },
};
const STRICT: Patience = { free: 5, maxMs: MAX_MS, own: true };

/**
 * Runs `attempt` unless one of the buckets is blocked; a refusal counts in all of them. Kept in the database, so that
 * all servers count together. What blocks for long is the place of the guesser, alone and with the account's name
 * (`address:`, `pair:`): by the name alone any stranger could lock anybody out.
 * @throws AppError RATE_LIMITED with details.retryAfterMs
 */
export async function withThrottle<T>(
  db: Database,
  names: readonly string[],
  attempt: () => Promise<T>,
): Promise<T> {
  const taken: Backoff[] = [];
  const giveBack = async () => {
    for (const one of taken) await retrying(() => giveBackTry(db.sql, one));
  };
  for (const backoff of names.map(toBackoff)) {
    const blockedMs = await retrying(() => takeTry(db.sql, backoff));
    if (blockedMs === 0) {
      taken.push(backoff);
      continue;
    }
    await giveBack();
    throw new AppError(
      "RATE_LIMITED",
      `too many wrong tries: the next one is looked at in ${Math.ceil(blockedMs / 1_000)} s`,
      { details: { retryAfterMs: blockedMs } },
    );
  }
  try {
    const result = await attempt();
    await giveBack();
    // An address may fail for one name and succeed for another: that is no reason to forget what it tries.
    const own = taken.flatMap(({ bucket }) => (patienceWith(bucket).own ? [bucket] : []));
    await retrying(() => clearFailures(db.sql, own));
    return result;
  } catch (error) {
    const refused = isAppError(error) && (error.code === "UNAUTHENTICATED" || error.code === "FORBIDDEN");
    if (!refused) await giveBack();
    throw error;
  }
}

const patienceWith = (name: string): Patience => PATIENCE[name.slice(0, name.indexOf(":"))] ?? STRICT;

const toBackoff = (name: string): Backoff => ({
  bucket: shorten(name),
  free: patienceWith(name).free,
  firstMs: FIRST_MS,
  maxMs: patienceWith(name).maxMs,
  forgottenMs: FAILURES_KEPT_MS,
});

/** Names come from strangers and may be of any length. */
function shorten(name: string): string {
  if (name.length <= 200) return name;
  const hash = createHash("sha256").update(name).digest("base64url");
  return `${name.slice(0, name.indexOf(":") + 1)}${hash}`;
}
