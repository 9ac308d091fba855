/**
 * How long to wait before try number `attempt` (from 1) is repeated: doubling from 100 ms to 3 s, of which a
 * random half is taken off, so that a thousand agents don't come back to a restarted server in one wave.
 * The cap is low on purpose: an attempt's lease is 20 s, and it must be renewed soon after an outage.
 */
export function toDelayMs(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt - 1, 20));
  return Math.round(whole * (1 - random() / 2));
}

const BASE_MS = 100;
const CAP_MS = 3_000;

/** Waits, and gives up waiting (quietly) when the signal fires. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
