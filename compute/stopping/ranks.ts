import { type Goal, isBetter } from "@/core/sweep";

/** What a run was when it reached a band. */
export interface Contender {
  readonly runId: number;
  /** The value that reached the band. */
  readonly value: number;
  /** The best so far, at the band. */
  readonly best: number;
}

/** The same where it may be looked at again. */
export interface FieldRun extends Contender {
  /** The best of all its values so far, also of those behind the band. */
  readonly objective: number;
  /** It is under way, and this is the last band that it has reached. */
  readonly judged: boolean;
}

/** From 1, the best; equal ones share a rank. */
export function rankOf(goal: Goal, value: number, all: readonly number[]): number {
  let better = 0;
  for (const other of all) if (isBetter(goal, other, value)) better++;
  return better + 1;
}

/** The best first. A copy. */
export function bestFirst(goal: Goal, values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values).sort();
  return goal === "minimize" ? sorted : sorted.reverse();
}
