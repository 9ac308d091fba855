import type { Verdict } from "@/core/stopping";
import type { Goal } from "@/core/sweep";
import type { EarlyTerminate, Patience, Wilcoxon } from "@/core/sweep-config";
import { judgeAsha } from "./asha";
import { judgeHyperband } from "./hyperband";
import { judgePercentile } from "./percentile";
import type { FieldRun } from "./ranks";

/** A rule that compares a run with all others that have come to the same band. */
export type FieldRule = Exclude<EarlyTerminate, Wilcoxon | Patience>;

/**
 * What a rule says when runs have come to a band. Hyperband looks again at all that stand there; the others look at those that came.
 * @param field all runs that have ever reached the band
 * @param newcomers those of them that reached it just now, as the last band so far
 */
export function judgeField(
  rule: FieldRule,
  goal: Goal,
  band: number,
  field: readonly FieldRun[],
  newcomers: ReadonlySet<number>,
): Map<number, Verdict> {
  if (rule.type === "hyperband") return judgeHyperband(rule, goal, band, field);
  const judged = field.filter((run) => run.judged && newcomers.has(run.runId));
  return new Map(
    judged.map(({ runId }) => [
      runId,
      rule.type === "asha"
        ? judgeAsha(rule, goal, band, field, runId)
        : judgePercentile(rule, goal, band, field, runId),
    ]),
  );
}
