import { compareCodePoints, Float, isList, isValueMap, type Value } from "@/core/value";
import { type Numeric, toNumeric } from "./arithmetic";
import type { ComparisonOp } from "./types";

/** Python's comparisons. Undefined where Python raises an error: a text is neither below nor above a number. */
export function compare(op: ComparisonOp, left: Value, right: Value): boolean | undefined {
  switch (op) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right);
    case "in":
      return contains(right, left);
    case "not in": {
      const found = contains(right, left);
      return found === undefined ? undefined : !found;
    }
    default:
      return inOrder(op, left, right);
  }
}

/** 1, 1.0 and true are equal, 1 and "1" are not; an integer and a float are compared exactly, however large. */
export function equal(left: Value, right: Value): boolean {
  const a = toNumeric(left);
  const b = toNumeric(right);
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are compared by value
  if (a !== undefined && b !== undefined) return plain(a) == plain(b);
  if (isList(left) && isList(right))
    return left.length === right.length && left.every((item, i) => equal(item, right[i] ?? null));
  if (isValueMap(left) && isValueMap(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && equal(left[key] ?? null, right[key] ?? null))
    );
  }
  return left === right;
}

function inOrder(op: "<" | "<=" | ">" | ">=", left: Value, right: Value): boolean | undefined {
  if (typeof left === "string" && typeof right === "string")
    return ordered(op, compareCodePoints(left, right), 0);
  const a = toNumeric(left);
  const b = toNumeric(right);
  return a === undefined || b === undefined ? undefined : ordered(op, plain(a), plain(b));
}

/** JavaScript compares a bigint and a number by their exact values. */
function ordered(op: "<" | "<=" | ">" | ">=", a: number | bigint, b: number | bigint): boolean {
  if (op === "<") return a < b;
  if (op === "<=") return a <= b;
  return op === ">" ? a > b : a >= b;
}

function contains(whole: Value, part: Value): boolean | undefined {
  if (isList(whole)) return whole.some((item) => equal(item, part));
  if (typeof whole === "string") return typeof part === "string" ? whole.includes(part) : undefined;
  if (isValueMap(whole)) return typeof part === "string" && Object.hasOwn(whole, part);
  return undefined;
}

const plain = (number: Numeric): number | bigint => (number instanceof Float ? number.value : number);

/** Python's bool(): nothing, zero and whatever is empty are false. */
export function isTrue(value: Value): boolean {
  const number = toNumeric(value);
  if (number !== undefined) return plain(number) !== 0 && plain(number) !== 0n;
  if (value === null || value === "") return false;
  if (isList(value)) return value.length > 0;
  return !isValueMap(value) || Object.keys(value).length > 0;
}
