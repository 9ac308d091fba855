import type { IncomingMessage } from "node:http";
import { type Access, toCaller } from "@/core/access";
import { type AppError, isAppError } from "@/core/errors";
import { addressGroup, clientAddress } from "./address";
import { FAILED_SIGN_INS, type Rate, RateLimit, rateLimited } from "./rate-limit";

/** How much each caller, and each address that shows wrong keys, may ask. One for the doors of HTTP and sockets. */
export interface Gate {
  /** Undefined when the caller may go on. */
  refuse(access: Access): AppError | undefined;
  /** What to answer to credentials that were not taken: the error itself, or RATE_LIMITED after too many. */
  toFailure(request: IncomingMessage, error: unknown): unknown;
}

export function openGate(rate: Rate | undefined): Gate {
  const requests = rate && new RateLimit(rate);
  const failures = new RateLimit(FAILED_SIGN_INS);
  return {
    refuse(access) {
      if (requests === undefined) return undefined;
      const caller = toCaller(access);
      const waitMs = requests.take(caller);
      return waitMs === 0 ? undefined : rateLimited(caller, waitMs);
    },
    toFailure(request, error) {
      if (!isAppError(error) || error.code !== "UNAUTHENTICATED") return error;
      const address = clientAddress(request);
      const waitMs = failures.take(addressGroup(address));
      return waitMs === 0 ? error : rateLimited(address, waitMs);
    },
  };
}
