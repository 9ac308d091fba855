import type { Goal } from "@/core/sweep";

/** The best first. A copy. */
export function bestFirst(goal: Goal, values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values).sort();
  return goal === "minimize" ? sorted : sorted.reverse();
}

/** How many a run is compared with. */
export interface Crowd {
  /** Other runs that have ever come to the band. */
  readonly others: number;
  /** Runs that were stopped early before they came to it; only funnel asks. */
  readonly gone: number;
}
