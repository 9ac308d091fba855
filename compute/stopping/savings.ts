import { type Goal, isBetter } from "@/core/sweep";
import type { EarlyTerminate } from "@/core/sweep-config";
import { bestFirst } from "./ranks";
import { type RecordedRun, replayStopping } from "./replay";

/** What a rule would have saved of recorded runs, and what it would have lost. */
export interface Savings {
  readonly runs: number;
  readonly stopped: number;
  /** Values that would have been logged, as a share of all: the training that is still spent. */
  readonly spent: number;
  /** The best tenth of all runs, rounded up (equal ones share a place), and how many of them would have been stopped. */
  readonly bestDecile: number;
  readonly bestDecileStopped: number;
  readonly bestRunStopped: boolean;
  /** The best value of all runs, and of those that would not have been stopped and what the others had logged till then. */
  readonly best: number;
  readonly bestFound: number;
}

/** @param runs at least one */
export function savingsOf(rule: EarlyTerminate, goal: Goal, runs: readonly RecordedRun[]): Savings {
  const replayed = replayStopping(rule, goal, runs);
  const outcomes = replayed.map(({ kept, total, verdict }, i) => {
    const values = (runs[i] as RecordedRun).values;
    const of = (some: Float64Array) => some.reduce((a, b) => (isBetter(goal, b, a) ? b : a));
    return { kept, total, stopped: verdict !== null, final: of(values), found: of(values.subarray(0, kept)) };
  });
  const ranked = bestFirst(
    goal,
    outcomes.map(({ final }) => final),
  );
  const bar = ranked[Math.ceil(ranked.length / 10) - 1] as number;
  const best = ranked[0] as number;
  const elite = outcomes.filter(({ final }) => !isBetter(goal, bar, final));
  const sum = (pick: (one: (typeof outcomes)[number]) => number) =>
    outcomes.reduce((total, one) => total + pick(one), 0);
  return {
    runs: runs.length,
    stopped: outcomes.filter(({ stopped }) => stopped).length,
    spent: sum(({ kept }) => kept) / sum(({ total }) => total),
    bestDecile: elite.length,
    bestDecileStopped: elite.filter(({ stopped }) => stopped).length,
    bestRunStopped: outcomes.every(({ final, stopped }) => final !== best || stopped),
    best,
    bestFound: outcomes.map(({ found }) => found).reduce((a, b) => (isBetter(goal, b, a) ? b : a)),
  };
}
