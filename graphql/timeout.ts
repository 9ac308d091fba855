import { AppError } from "@/core/errors";
import type { Scope } from "@/db/scope";
import { OPERATION_TIMEOUT_MS } from "./limits";

/**
 * The caller gets an answer in time. What the operation reads is cancelled down to its statements in PostgreSQL; a
 * mutation shares its transaction with other callers, so it goes on, and each of its statements ends by the database's
 * own limit.
 */
export function withTimeout<T>(
  work: Promise<T>,
  scope?: Scope,
  timeoutMs = OPERATION_TIMEOUT_MS,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const tail =
        scope === undefined ? "; it may still be done" : " and was cancelled: ask for less at once";
      const error = new AppError("TIMED_OUT", `the operation took longer than ${timeoutMs} ms${tail}`, {
        details: { timeoutMs },
      });
      reject(error);
      scope?.end(error);
    }, timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What the statements of a caller that has gone away end with: nobody reads it. */
export const callerGone = (): AppError =>
  new AppError("UNAVAILABLE", "the caller went away before the answer was there");
