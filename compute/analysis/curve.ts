import type { MarginalPoint, ParameterImportance } from "@/core/importance";
import type { LeafParameter } from "@/core/parameter";
import { toPythonText } from "@/core/python";
import { fromUnit } from "@/core/space";
import type { Goal } from "@/core/sweep";
import { toNumber } from "@/core/value";

/** What stands on a curve at a place: a number, or a category's text; undefined for a code that the parameter does not have. */
export function toPointValue(parameter: LeafParameter, place: number): number | string | undefined {
  const value = parameter.kind === "categorical" ? parameter.values[place] : fromUnit(parameter, place);
  if (value === undefined) return undefined;
  const number = parameter.kind === "categorical" ? undefined : toNumber(value);
  return number ?? toPythonText(value);
}

/** Of a curve of numbers: which end is better, where the way there is one way for nine tenths of it. */
export function directionOf(
  parameter: LeafParameter,
  marginal: readonly MarginalPoint[],
  goal: Goal,
): ParameterImportance["direction"] {
  if (parameter.kind === "categorical" || marginal.length < 2) return "mixed";
  let [up, down] = [0, 0];
  for (let i = 1; i < marginal.length; i++) {
    const step = (marginal[i]?.mean ?? 0) - (marginal[i - 1]?.mean ?? 0);
    if (step > 0) up += step;
    else down -= step;
  }
  if (Math.max(up, down) < 0.9 * (up + down) || up === down) return "mixed";
  return up > down === (goal === "maximize") ? "higher" : "lower";
}
