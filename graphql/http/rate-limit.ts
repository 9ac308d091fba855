import { AppError } from "@/core/errors";

export interface Rate {
  /** For ever. */
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

/** A caller beyond it would take the whole server for itself: two cores answer some 3,000 claims a second. */
const REQUESTS: Rate = { perSecond: 2_000, burst: 10_000 };
/** Of one address. Nobody guesses 256 bits: whoever asks with a wrong key is told to wait, and the right key gets in. */
export const FAILED_SIGN_INS: Rate = { perSecond: 10, burst: 100 };
/** Callers that are remembered; the one that was silent for longest is forgotten first. */
const MAX_CALLERS = 20_000;

/** BESOM_RATE_LIMIT: requests a second for each key; 0 for no limit. @throws AppError BAD_INPUT */
export function readRate(text: string | undefined): Rate | undefined {
  if (text === undefined || text === "") return REQUESTS;
  const perSecond = /^\d{1,9}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(perSecond)) {
    throw new AppError(
      "BAD_INPUT",
      `BESOM_RATE_LIMIT is ${JSON.stringify(text)}, expected requests a second for each key, or 0 for no limit`,
    );
  }
  return perSecond === 0 ? undefined : { perSecond, burst: Math.max(1, perSecond * 5) };
}

/** A token bucket a caller: it fills at `perSecond` up to `burst`, and each request takes one. */
export class RateLimit {
  /** When the bucket would be full again, in ms: all that a bucket is. */
  readonly #fullAt = new Map<string, number>();
  readonly #msPerToken: number;
  readonly #windowMs: number;

  constructor(
    rate: Rate,
    private readonly now: () => number = () => performance.now(),
    private readonly maxCallers = MAX_CALLERS,
  ) {
    this.#msPerToken = 1_000 / rate.perSecond;
    this.#windowMs = rate.burst * this.#msPerToken;
  }

  /** @returns 0, or in how many ms the next request would be taken */
  take(caller: string): number {
    const now = this.now();
    const fullAt = Math.max(this.#fullAt.get(caller) ?? now, now) + this.#msPerToken;
    const waitMs = fullAt - now - this.#windowMs;
    // The bucket's arithmetic is in fractions of a millisecond.
    if (waitMs > 1e-6) return Math.ceil(waitMs);
    this.#remember(caller, fullAt);
    return 0;
  }

  #remember(caller: string, fullAt: number): void {
    const known = this.#fullAt.has(caller);
    if (!known && this.#fullAt.size >= this.maxCallers) this.#forget();
    this.#fullAt.set(caller, fullAt);
  }

  /** Full buckets are no different from none; if there are no such, the oldest goes. */
  #forget(): void {
    const now = this.now();
    for (const [caller, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(caller);
    if (this.#fullAt.size < this.maxCallers) return;
    const oldest = this.#fullAt.keys().next();
    if (!oldest.done) this.#fullAt.delete(oldest.value);
  }
}

export function rateLimited(caller: string, retryAfterMs: number): AppError {
  return new AppError(
    "RATE_LIMITED",
    `too many requests from ${caller}: the next one is taken in ${retryAfterMs} ms`,
    { details: { retryAfterMs } },
  );
}
