import { AppError } from "@/core/errors";
import { OPERATION_TIMEOUT_MS } from "./limits";

/** The caller gets an answer in time; what the operation began goes on, and a statement ends by the database's own limits. */
export function withTimeout<T>(work: Promise<T>, timeoutMs = OPERATION_TIMEOUT_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new AppError("TIMED_OUT", `no answer within ${timeoutMs} ms; it may still be done`)),
      timeoutMs,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
