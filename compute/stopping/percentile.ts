import type { Median, Percentile } from "@/core/sweep-config";
import type { Crowd } from "./ranks";

/**
 * Stops a run whose best value so far is worse than the median (or another percentile, counted from the best) of the
 * others' at the same count; a run is judged each time it is looked at. Like is compared with like: Optuna's MedianPruner holds
 * a best so far against single values, and stops fewer. Between neighbours the percentile lies on a line (type 7, as NumPy and R have it).
 */
export function percentilePlace(
  rule: Pick<Median, "type" | "minRuns"> | Pick<Percentile, "type" | "minRuns" | "percent">,
  { others }: Crowd,
): number | null {
  const percent = rule.type === "median" ? 50 : rule.percent;
  return others < rule.minRuns ? null : (percent / 100) * (others - 1);
}
