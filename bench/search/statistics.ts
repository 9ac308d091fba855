import { exp, log } from "@/math/elementary";
import { drawUnit, openStream, type Stream } from "@/math/random";
import { quantileOfSorted } from "@/math/stats";
import type { Curve } from "./play";

/** What is made of the curves: regrets after so many runs, means, and intervals by resampling. */

/** The regret after the `at`-th run had ended; undefined before there is any. */
export function regretAt(curve: Curve, at: number): number | undefined {
  let regret: number | undefined;
  for (const step of curve) {
    if (step.at > at) break;
    regret = step.regret;
  }
  return regret;
}

/** Below this a regret is the rounding of a function's optimum, and its logarithm means nothing. */
export const FLOOR = 1e-9;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

/** Of regrets, none taken for less than FLOOR. */
export const geometricMean = (values: readonly number[]): number =>
  exp(mean(values.map((each) => log(Math.max(each, FLOOR)))));

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Values of one task, one a seed. */
export type ByTask<T> = readonly (readonly T[])[];

/**
 * The middle 95 % of a statistic over resampled seeds: within each task as many are drawn with replacement as there are.
 * With `tasks`, tasks are drawn first as well: how it may come out on other tasks of the kind. Equal arguments give equal intervals.
 */
export function bootstrap<T>(
  groups: ByTask<T>,
  statistic: (groups: ByTask<T>) => number,
  { tasks = false, rounds = 1000 }: { tasks?: boolean; rounds?: number } = {},
): Interval {
  const pick = openPicker(openStream("bootstrap", []));
  const values = Float64Array.from({ length: rounds }, () => {
    const drawn = tasks ? groups.map(() => groups[pick(groups.length)] as readonly T[]) : groups;
    return statistic(drawn.map((group) => group.map(() => group[pick(group.length)] as T)));
  }).sort();
  return { low: quantileOfSorted(values, 0.025), high: quantileOfSorted(values, 0.975) };
}

function openPicker(stream: Stream): (below: number) => number {
  let drawn = 0n;
  return (below) => Math.floor(drawUnit(stream, drawn++) * below);
}

/** Two engines on the same task and seed. */
export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** The mean over tasks of the mean over seeds, ours as a multiple of theirs. */
export function ratioOfMeans(groups: ByTask<Pair>): number {
  const of = (part: keyof Pair): number => mean(groups.map((group) => mean(group.map((pair) => pair[part]))));
  const [ours, theirs] = [of("ours"), of("theirs")];
  return ours === 0 && theirs === 0 ? 1 : ours / theirs;
}

/** The same for regrets that go over orders of magnitude. */
export function ratioOfGeometricMeans(groups: ByTask<Pair>): number {
  const of = (part: keyof Pair): number =>
    geometricMean(groups.map((group) => geometricMean(group.map((pair) => pair[part]))));
  return of("ours") / of("theirs");
}
