import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { Median, Percentile } from "@/core/sweep-config";
import { quantileOfSorted } from "@/math/stats";
import { bestFirst, type Contender, rankOf } from "./ranks";

/**
 * Stops a run whose best value so far is worse than the median (or another percentile, counted from the best) of the
 * others' at the same count; a run is judged each time it is looked at. Like is compared with like: Optuna's MedianPruner holds
 * a best so far against single values, and stops fewer.
 * @param field all runs that have reached the band, the judged one among them
 */
export function judgePercentile(
  rule: Pick<Median, "type" | "minRuns"> | Pick<Percentile, "type" | "minRuns" | "percent">,
  goal: Goal,
  band: number,
  field: readonly Contender[],
  runId: number,
): Verdict {
  const own = field.find((run) => run.runId === runId);
  if (own === undefined) throw new Error(`run ${runId} has not reached band ${band}`);
  const others = field.filter((run) => run !== own).map(({ best }) => best);
  const percent = rule.type === "median" ? 50 : rule.percent;
  const threshold =
    others.length < rule.minRuns ? null : quantileOfSorted(bestFirst(goal, others), percent / 100);
  const value = own.best;
  return {
    stop: threshold !== null && isBetter(goal, threshold, value),
    rule: rule.type,
    band,
    value,
    threshold,
    rank: rankOf(goal, value, others),
    of: field.length,
  };
}
