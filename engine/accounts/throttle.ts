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

/** So many failures in a row cost nothing: people mistype. */
const FREE: Readonly<Record<string, number>> = {
  // One password from one place.
  pair: 5,
  password: 5,
  // Everybody of an office comes from one address; a guesser goes through names there.
  address: 30,
  device: 20,
};

/**
 * Runs `attempt` unless one of the buckets is blocked; a refusal counts in all of them. Kept in the database, so that
 * all servers count together. Buckets name what the guesser can't change and the owner of an account doesn't share:
 * `pair:NAME/ADDRESS` and `address:ADDRESS`, never the name alone, or any stranger could lock anybody out.
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
    const own = taken.flatMap(({ bucket }) => (bucket.startsWith("address:") ? [] : [bucket]));
    await retrying(() => clearFailures(db.sql, own));
    return result;
  } catch (error) {
    const refused = isAppError(error) && (error.code === "UNAUTHENTICATED" || error.code === "FORBIDDEN");
    if (!refused) await giveBack();
    throw error;
  }
}

const toBackoff = (name: string): Backoff => ({
  bucket: shorten(name),
  free: FREE[name.split(":", 1)[0] ?? ""] ?? 5,
  firstMs: FIRST_MS,
  maxMs: MAX_MS,
  forgottenMs: FAILURES_KEPT_MS,
});

/** Names come from strangers and may be of any length. */
function shorten(name: string): string {
  if (name.length <= 200) return name;
  const hash = createHash("sha256").update(name).digest("base64url");
  return `${name.slice(0, name.indexOf(":") + 1)}${hash}`;
}
