import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { Hyperband } from "@/core/sweep-config";
import { bestFirst, type FieldRun, rankOf } from "./ranks";

/**
 * W&B's rule at one band, bit for bit (`hyperband_stop_runs` of PyPI `sweeps` 0.3.0). The threshold is the value at place
 * int(n / eta), from 0, of all n runs that have ever reached the band, whatever became of them: one more than the best 1/eta
 * go on, and the first run always does. A run is measured at the last band it has reached, again whenever another run
 * reaches that band: it may be stopped long after.
 * @param field all runs that have reached the band
 */
export function judgeHyperband(
  { eta, strict }: Pick<Hyperband, "eta" | "strict">,
  goal: Goal,
  band: number,
  field: readonly FieldRun[],
): Map<number, Verdict> {
  const values = field.map(({ value }) => value);
  // 1 / eta is rounded before it is multiplied, there as here.
  const threshold = bestFirst(goal, values)[Math.trunc((1 / eta) * values.length)];
  const verdicts = new Map<number, Verdict>();
  if (threshold === undefined) return verdicts;
  for (const { runId, judged, value: atBand, objective } of field) {
    if (!judged) continue;
    const value = strict ? atBand : objective;
    verdicts.set(runId, {
      stop: isBetter(goal, threshold, value),
      rule: "hyperband",
      band,
      value,
      threshold,
      rank: rankOf(goal, value, values),
      of: values.length,
    });
  }
  return verdicts;
}
