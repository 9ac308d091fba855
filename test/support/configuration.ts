import { holds, listLeaves, nestValues, orderByConditions, valueAt } from "@/core/leaves";
import type { LeafParameter, Parameters } from "@/core/parameter";
import { isWithin, multiplesOf } from "@/core/space";
import { Float, stringifyJson, toNumber, type Value, type ValueMap } from "@/core/value";

/**
 * What is wrong with a configuration of these parameters, in words; an empty list is a right one. It looks at the values
 * alone, by the definition of each distribution, and not at coordinates.
 */
export function faultsOf(parameters: Parameters, params: ValueMap): string[] {
  const leaves = listLeaves(parameters);
  const values: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
  const faults: string[] = [];
  for (const i of orderByConditions(leaves)) {
    const leaf = leaves[i];
    if (leaf === undefined) continue;
    const { path, parameter, conditions } = leaf;
    const value = valueAt(params, path);
    const exists = conditions.every(({ on, test }) => holds(test, values[on]));
    if (exists !== (value !== undefined))
      faults.push(`${path.join(".")} ${exists ? "is missing" : "should not exist"}`);
    else if (value !== undefined && !isOwn(parameter, value))
      faults.push(`${path.join(".")} is ${stringifyJson(value)}, of ${parameter.kind}`);
    values[i] = exists ? value : undefined;
  }
  if (stringifyJson(params) !== stringifyJson(nestValues(leaves, values)))
    faults.push("there is more in it, or in another order");
  return faults;
}

function isOwn(parameter: LeafParameter, value: Value): boolean {
  const text = stringifyJson(value);
  if (parameter.kind === "constant") return text === stringifyJson(parameter.value);
  if (parameter.kind === "categorical")
    return parameter.values.some(
      (own, i) => text === stringifyJson(own) && parameter.probabilities?.[i] !== 0,
    );
  const number = toNumber(value);
  if (number === undefined || !Number.isFinite(number)) return false;
  const isInteger = !(value instanceof Float) && Number.isInteger(number);
  if (parameter.kind === "int_uniform")
    return isInteger && number >= parameter.min && number <= parameter.max;
  if (!("quantum" in parameter)) return !isInteger && isWithin(parameter, number);
  const { first, last, multiple } = multiplesOf(parameter);
  const k = Math.round(number / parameter.quantum.q);
  return k >= first && k <= last && text === stringifyJson(multiple(k));
}
