import { type Goal, isBetter } from "../sweep";
import type { Hyperband } from "../sweep-config";

/**
 * Counts of finite values at which early stopping looks at a run, rising. As W&B computes them: int(min_iter * eta^i)
 * for i = 0..99, or int(max_iter / eta^i) for i = 1..s as long as 1 or more; `max_iter` wins when both forms are given.
 * The powers are repeated products and quotients, as there: 100 / 1.1 / 1.1 / ... need not round to what 100 / 1.1^i does.
 */
export function bandsOf({ minIter, maxIter, s, eta }: Hyperband): number[] {
  const bands = new Set<number>();
  if (maxIter !== undefined && s !== undefined) {
    let band = maxIter;
    for (let i = 0; i < s; i++) {
      band /= eta;
      if (!(band >= 1)) break;
      bands.add(Math.trunc(band));
    }
  } else if (minIter !== undefined) {
    let band = minIter;
    for (let i = 0; i < 100 && band <= MAX_BAND; i++) {
      bands.add(Math.trunc(band));
      band *= eta;
    }
  }
  return [...bands].sort((a, b) => a - b);
}

/** No run logs more values than a 32-bit integer counts. */
export const MAX_BAND = 2_147_483_647;

/** A run has reached a band. */
export interface Rung {
  readonly band: number;
  /** The finite value that reached it, its step, and the best so far by the sweep's goal. */
  readonly value: number;
  readonly best: number;
  readonly step: number;
}

/** Where early stopping looks at a run. */
export interface Schedule {
  /** What bands are: numbers of finite values, or the steps they were logged at. */
  readonly by: "count" | "step";
  /** The least band above a position, or undefined behind the last. */
  after(position: number): number | undefined;
}

/** @param bands rising */
export function scheduleOf(bands: readonly number[], by: Schedule["by"] = "count"): Schedule {
  return { by, after: (position) => bands.find((band) => band > position) };
}

/**
 * The bands reached by values that follow earlier ones. A value that jumps over several bands (by step) reaches the
 * last of them alone: what a run is at step 90 must not be compared with what others were at step 3.
 * @param before position: the number of earlier values, or the step of the last of them (0 or below: none); best of them
 */
export function crossedRungs(
  schedule: Schedule,
  goal: Goal,
  before: { readonly position: number; readonly best: number | null },
  { steps, values }: { readonly steps: Float64Array; readonly values: Float64Array },
): Rung[] {
  let next = schedule.after(before.position);
  let { position, best } = before;
  const rungs: Rung[] = [];
  for (let i = 0; i < values.length && next !== undefined; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const step = steps[i] as number;
    position = schedule.by === "count" ? position + 1 : step;
    if (best === null || isBetter(goal, value, best)) best = value;
    if (position < next) continue;
    let band: number = next;
    for (next = schedule.after(band); next !== undefined && next <= position; next = schedule.after(band))
      band = next;
    rungs.push({ band, value, best, step });
  }
  return rungs;
}
