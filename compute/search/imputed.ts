import type { Metric } from "@/core/sweep-config";
import type { Trial } from "./ledger";

/*
 * What runs without a result count with: W&B's `impute` (runs that failed, or finished without a finite value) and
 * `impute_while_running`, asked of each metric by itself. `best` is the best value that the run itself logged and `latest` the last
 * one; `worst`, and a run that logged none, is the worst result that is known. (W&B takes 0 where a run logged nothing; a run that
 * died at once is no good run of a loss.)
 */

/** Whether a run under way counts as a result by what it has logged so far. */
export const countsEarly = ({ reached }: Trial, metrics: readonly Metric[]): boolean =>
  reached !== null && metrics.some(({ imputeWhileRunning }) => imputeWhileRunning !== "false");

/** The m-th metric's value of a run that failed or is under way; undefined where that is the worst which is known. */
export function imputedValue(
  { state, reached }: Trial,
  m: number,
  { impute, imputeWhileRunning }: Metric,
): number | undefined {
  const rule = state === "pending" ? imputeWhileRunning : impute;
  const own = rule === "best" ? reached?.best[m] : rule === "latest" ? reached?.last[m] : undefined;
  return own !== undefined && Number.isFinite(own) ? own : undefined;
}

/** Whether it counts with a value of its own in any metric. */
export const hasOwnValue = (trial: Trial, metrics: readonly Metric[]): boolean =>
  metrics.some((metric, m) => imputedValue(trial, m, metric) !== undefined);
