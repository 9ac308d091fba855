import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { EarlyTerminate, Patience, Wilcoxon } from "@/core/sweep-config";
import { ashaPlace } from "./asha";
import { funnelPlace, isCatchingUp } from "./funnel";
import { hyperbandPlace } from "./hyperband";
import { percentilePlace } from "./percentile";
import type { Crowd } from "./ranks";

/**
 * Rules that compare a run with all others at a band know of these two things alone: how many there are, which says at which
 * place the threshold stands, and the value at that place. So whoever judges asks for a count and one or two values in order, and
 * never for the whole field: the database by an index (db/queries/rung-order.ts), a replay by a sorted list (sorted-values.ts).
 */
export type FieldRule = Exclude<EarlyTerminate, Wilcoxon | Patience>;

/** Which of a rung's two numbers a rule compares: the value that reached the band, or the best so far. */
export function measureOf(rule: FieldRule): "value" | "best" {
  return rule.type === "hyperband" || (rule.type === "asha" && rule.strict) ? "value" : "best";
}

/** Is the threshold looked for among all at the band, the judged run with them, or among the others alone? */
export const countsItself = (rule: FieldRule): boolean => rule.type === "hyperband" || rule.type === "asha";

/**
 * Where the threshold stands among those compared, from 0, the best: a run that is worse has to stop. Between two places it lies on a
 * line. Null: nobody is stopped.
 */
export function placeOf(rule: FieldRule, band: number, crowd: Crowd): number | null {
  switch (rule.type) {
    case "hyperband":
      return hyperbandPlace(rule, crowd);
    case "asha":
      return ashaPlace(rule, crowd);
    case "funnel":
      return funnelPlace(rule, band, crowd);
    default:
      return percentilePlace(rule, crowd);
  }
}

/** The value at a place between two neighbours. */
export function valueBetween(place: number, low: number, high: number): number {
  const above = place - Math.floor(place);
  return low === high ? low : low * (1 - above) + high * above;
}

/**
 * What the rule says of a run, once the threshold is known.
 * @param better how many of the others are
 * @param before what it is compared by as it was after half as many values, where that is known; the funnel asks
 */
export function verdictOf(
  rule: FieldRule,
  goal: Goal,
  band: number,
  { others, gone }: Crowd,
  {
    value,
    threshold,
    better,
    before = null,
  }: { value: number; threshold: number | null; better: number; before?: number | null },
): Verdict {
  const isBehind = threshold !== null && isBetter(goal, threshold, value);
  const isForgiven = isBehind && rule.type === "funnel" && isCatchingUp(goal, { value, before, threshold });
  return {
    stop: isBehind && !isForgiven,
    rule: rule.type,
    band,
    value,
    threshold,
    rank: better + 1,
    of: others + 1 + (rule.type === "funnel" ? gone : 0),
  };
}
