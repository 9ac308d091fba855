import { isList, toFloat, toInteger, type Value } from "@/core/value";
import { exp, log } from "@/math/elementary";
import { isInteger, negate, toNumeric, toReal } from "./arithmetic";
import { compare } from "./compare";
import type { FunctionName } from "./types";

/** Python's functions of these names (those of `math` among them); undefined where they raise an error. */
export function callFunction(name: FunctionName, values: readonly Value[]): Value | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  switch (name) {
    case "min":
      return extremum("<", values);
    case "max":
      return extremum(">", values);
    case "abs":
      return compare("<", first, 0) ? negate(first) : absolute(first);
    case "log":
      return real(first, (x) => (x <= 0 ? undefined : log(x)));
    case "exp":
      return real(first, (x) => {
        const result = exp(x);
        return result === Number.POSITIVE_INFINITY && x !== result ? undefined : result;
      });
    case "sqrt":
      // exact to the bit: IEEE 754 asks for it, and every processor has it
      return real(first, (x) => (x < 0 ? undefined : Math.sqrt(x)));
    case "floor":
      return whole(first, Math.floor);
    case "ceil":
      return whole(first, Math.ceil);
  }
}

/** Of several values, or of the items of one list. */
function extremum(op: "<" | ">", values: readonly Value[]): Value | undefined {
  const [only] = values;
  const items = values.length === 1 && only !== undefined && isList(only) ? only : values;
  let best = items[0];
  if (best === undefined || (values.length === 1 && items === values)) return undefined;
  for (const item of items.slice(1)) {
    const better = compare(op, item, best);
    if (better === undefined) return undefined;
    if (better) best = item;
  }
  return best;
}

/** Minus zero becomes zero, true becomes 1. */
function absolute(value: Value): Value | undefined {
  const number = toNumeric(value);
  if (number === undefined) return undefined;
  return isInteger(number) ? number : toFloat(Math.abs(toReal(number) ?? 0));
}

function real(value: Value, of: (x: number) => number | undefined): Value | undefined {
  const number = toNumeric(value);
  const x = number === undefined ? undefined : toReal(number);
  const result = x === undefined ? undefined : of(x);
  return result === undefined ? undefined : toFloat(result);
}

function whole(value: Value, round: (x: number) => number): Value | undefined {
  const number = toNumeric(value);
  if (number === undefined || isInteger(number)) return number;
  const rounded = round(toReal(number) ?? 0);
  return Number.isFinite(rounded) ? toInteger(BigInt(rounded)) : undefined;
}
