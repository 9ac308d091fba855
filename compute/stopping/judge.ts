import type { Verdict } from "@/core/stopping";
import type { Goal } from "@/core/sweep";
import type { EarlyTerminate, Hyperband, Patience, Wilcoxon } from "@/core/sweep-config";
import { judgeAsha } from "./asha";
import { judgeFunnel } from "./funnel";
import { judgeHyperband } from "./hyperband";
import { judgePercentile } from "./percentile";
import type { FieldRun } from "./ranks";

/** A rule that compares a run with all others that have come to the same band. */
export type FieldRule = Exclude<EarlyTerminate, Wilcoxon | Patience>;

export interface Field {
  /** All runs that have ever reached the band. */
  readonly field: readonly FieldRun[];
  /** How many were stopped early before they came to it; only funnel asks. */
  readonly gone: number;
}

/**
 * What a rule says when runs have come to a band. Hyperband looks again at all that stand there; the others look at those that came.
 * @param newcomers those of them that reached it just now, as the last band so far
 */
export function judgeField(
  rule: FieldRule,
  goal: Goal,
  band: number,
  { field, gone }: Field,
  newcomers: ReadonlySet<number>,
): Map<number, Verdict> {
  if (rule.type === "hyperband") return judgeHyperband(rule, goal, band, field);
  const judged = field.filter((run) => run.judged && newcomers.has(run.runId));
  return new Map(judged.map(({ runId }) => [runId, judgeOne(rule, goal, band, { field, gone }, runId)]));
}

function judgeOne(
  rule: Exclude<FieldRule, Hyperband>,
  goal: Goal,
  band: number,
  { field, gone }: Field,
  runId: number,
): Verdict {
  switch (rule.type) {
    case "asha":
      return judgeAsha(rule, goal, band, field, runId);
    case "funnel":
      return judgeFunnel(rule, goal, band, { field, gone }, runId);
    default:
      return judgePercentile(rule, goal, band, field, runId);
  }
}
