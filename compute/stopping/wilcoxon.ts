import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { Wilcoxon } from "@/core/sweep-config";
import { signedRankP } from "./signed-rank";

/** A run's values and those of the best run among the others, at the same places up to the band. */
export interface Pairs {
  readonly own: readonly number[];
  readonly best: readonly number[];
  /** How many other runs have come as far. */
  readonly others: number;
}

/**
 * Stops a run whose values a signed-rank test finds worse than the best run's (WilcoxonPruner of Optuna): for runs that
 * log one value a fold, seed or instance, each of them no better or worse than the next for being later. The best run is the one with
 * the best mean over the same places. Never stops the run whose own mean is the best, whatever the test says.
 */
export function judgeWilcoxon(
  { grace, minRuns, pThreshold }: Pick<Wilcoxon, "grace" | "minRuns" | "pThreshold">,
  goal: Goal,
  band: number,
  { own, best, others }: Pairs,
): Verdict {
  const sign = goal === "minimize" ? 1 : -1;
  const [value, threshold] = [meanOf(own), best.length === 0 ? null : meanOf(best)];
  const enough = band >= grace && others >= minRuns;
  return {
    stop:
      enough &&
      threshold !== null &&
      isBetter(goal, threshold, value) &&
      signedRankP(own.map((one, i) => sign * (one - (best[i] as number)))) < pThreshold,
    rule: "wilcoxon",
    band,
    value,
    threshold,
    rank: null,
    of: others + 1,
  };
}

/** Divided before they are added: a sum of large values may be infinite. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value / values.length, 0);
