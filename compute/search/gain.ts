import { type Goal, isBetter } from "@/core/sweep";
import { exp } from "@/math/elementary";
import { fitWarp } from "./gp/warp";
import type { Prediction } from "./method";

/** The acquisitions that are logarithms of an expected improvement in targets, whatever chances they are multiplied by. */
const IMPROVEMENTS = /^log-q?ei\b/;

/** A run's value of the metric, and whether it may be the best: it keeps to the constraints on metrics. */
export interface Result {
  readonly value: number;
  readonly isAllowed: boolean;
}

/**
 * What a proposal is expected to gain on the best place that its model knew, in the metric's own unit: its expected
 * improvement (times the chance that it is allowed and does not fail), which the model has in targets of variance 1, as a step
 * beyond the best allowed result. Exact where targets are proportional to values; where they are bent, by their bend at the best.
 * @param results that the model had seen
 * @returns null where it was not chosen by an expected improvement (a design, several metrics), and where nothing known is
 *   allowed: then there is nothing that it would improve on
 */
export function toGain(predicted: Prediction | null, results: readonly Result[], goal: Goal): number | null {
  if (predicted === null || !IMPROVEMENTS.test(predicted.by)) return null;
  const best = bestOf(results, goal);
  if (best === undefined) return null;
  // Targets are those of all results, as the model has them: what is not allowed has a value, too.
  const { toTarget, toValue } = fitWarp(
    results.map(({ value }) => value),
    goal,
  );
  const target = toTarget(best);
  const gain = Math.abs(toValue(target + exp(predicted.acquisition)) - toValue(target));
  return Number.isFinite(gain) ? gain : null;
}

const bestOf = (results: readonly Result[], goal: Goal): number | undefined =>
  results.reduce<number | undefined>(
    (known, { value, isAllowed }) =>
      isAllowed && (known === undefined || isBetter(goal, value, known)) ? value : known,
    undefined,
  );
