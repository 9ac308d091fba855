import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { Asha } from "@/core/sweep-config";
import { bestFirst, type Contender, rankOf } from "./ranks";

/**
 * Asynchronous successive halving of the stopping kind (Li et al. 2020, "A system for massively parallel hyperparameter
 * tuning"; SuccessiveHalvingPruner of Optuna): of the n that have come to the band so far the best n / eta go on, rounded
 * down, at least one. A run is judged once, when it comes.
 * @param field all runs that have reached the band, the judged one among them
 */
export function judgeAsha(
  { eta, strict }: Pick<Asha, "eta" | "strict">,
  goal: Goal,
  band: number,
  field: readonly Contender[],
  runId: number,
): Verdict {
  const measure = (run: Contender) => (strict ? run.value : run.best);
  const own = field.find((run) => run.runId === runId);
  if (own === undefined) throw new Error(`run ${runId} has not reached band ${band}`);
  const values = field.map(measure);
  const places = Math.max(1, Math.floor(values.length / eta));
  const threshold = bestFirst(goal, values)[places - 1] as number;
  const value = measure(own);
  return {
    stop: isBetter(goal, threshold, value),
    rule: "asha",
    band,
    value,
    threshold,
    rank: rankOf(goal, value, values),
    of: values.length,
  };
}
