import { type Goal, isBetter } from "@/core/sweep";
import { exp } from "@/math/elementary";
import { fitWarp } from "./gp/warp";
import type { Prediction } from "./method";

/** The acquisitions that are logarithms of an expected improvement in targets, whatever chances they are multiplied by. */
const IMPROVEMENTS = /^log-q?ei\b/;

/**
 * What a proposal is expected to gain on the best place that its model knew, in the metric's own unit: its expected
 * improvement (times the chance that it is allowed and does not fail), which the model has in targets of variance 1, as a step
 * beyond the best result. Exact where targets are proportional to values; where they are bent, by their bend at the best.
 * @param results that the model had seen
 * @returns null where it was not chosen by an expected improvement: a design, several metrics, nothing known that is allowed
 */
export function toGain(predicted: Prediction | null, results: readonly number[], goal: Goal): number | null {
  if (predicted === null || !IMPROVEMENTS.test(predicted.by) || results.length === 0) return null;
  const { toTarget, toValue } = fitWarp(results, goal);
  const best = toTarget(results.reduce((known, value) => (isBetter(goal, value, known) ? value : known)));
  const gain = Math.abs(toValue(best + exp(predicted.acquisition)) - toValue(best));
  return Number.isFinite(gain) ? gain : null;
}
