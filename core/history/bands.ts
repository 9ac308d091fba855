import { type Goal, isBetter } from "../sweep";
import type { Hyperband } from "../sweep-config";

/**
 * Counts of finite values at which early stopping looks at a run, rising. As W&B computes them: int(min_iter * eta^i),
 * or int(max_iter / eta^i) for i = 1..s as long as 1 or more; `max_iter` wins when both forms are given.
 */
export function bandsOf({ minIter, maxIter, s, eta }: Hyperband): number[] {
  const bands = new Set<number>();
  if (maxIter !== undefined && s !== undefined) {
    for (let i = 1; i <= s; i++) {
      const band = Math.trunc(maxIter / eta ** i);
      if (!(band >= 1)) break;
      bands.add(band);
    }
  } else if (minIter !== undefined) {
    for (let i = 0; i < 100; i++) {
      const band = Math.trunc(minIter * eta ** i);
      if (!(band <= MAX_BAND)) break;
      if (band >= 1) bands.add(band);
    }
  }
  return [...bands].sort((a, b) => a - b);
}

/** No run logs more values than a 32-bit integer counts. */
const MAX_BAND = 2_147_483_647;

/** A run's count of finite values has reached a band. */
export interface Rung {
  readonly band: number;
  /** The band-th finite value, its step, and the best so far by the sweep's goal. */
  readonly value: number;
  readonly best: number;
  readonly step: number;
}

/** The bands crossed by values that follow `count` earlier ones, the best of which was `best`. */
export function crossedRungs(
  bands: readonly number[],
  goal: Goal,
  before: { count: number; best: number | null },
  { steps, values }: { steps: Float64Array; values: Float64Array },
): Rung[] {
  let next = bands.findIndex((band) => band > before.count);
  if (next < 0) return [];
  const rungs: Rung[] = [];
  let { count, best } = before;
  for (let i = 0; i < values.length && next < bands.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    count++;
    if (best === null || isBetter(goal, value, best)) best = value;
    const band = bands[next] as number;
    if (count < band) continue;
    rungs.push({ band, value, best, step: steps[i] as number });
    next++;
  }
  return rungs;
}
