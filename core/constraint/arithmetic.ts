import { Float, toFloat, toInteger, type Value } from "@/core/value";
import { exp, log } from "@/math/elementary";
import type { ArithmeticOp } from "./types";

/**
 * Python's arithmetic on our values: integers are exact however large, a float stays a float, `/` always gives one, `//`
 * and `%` round down. Undefined is what Python raises an error for: division by zero, a root of a negative number, an overflow,
 * a text. The result of a constraint must not change with the version of Node, so logarithms and powers come from
 * math/elementary (within some units in the last place of Python's; a fractional power of x within |y ln x| of them); all else is exact
 * to the bit by IEEE 754.
 */
export function calculate(op: ArithmeticOp, left: Value, right: Value): Value | undefined {
  const a = toNumeric(left);
  const b = toNumeric(right);
  if (a === undefined || b === undefined) return undefined;
  if (isInteger(a) && isInteger(b)) return onIntegers(op, a, b);
  const x = toReal(a);
  const y = toReal(b);
  return x === undefined || y === undefined ? undefined : onFloats(op, x, y);
}

export function negate(value: Value): Value | undefined {
  const number = toNumeric(value);
  if (number === undefined) return undefined;
  if (number instanceof Float) return toFloat(-number.value);
  return typeof number === "bigint" ? toInteger(-number) : 0 - number;
}

/** Whole plain numbers and bigints are integers; Floats and fractions are floats. */
export type Numeric = number | bigint | Float;

/** The number in a value, booleans being 0 and 1 as in Python. */
export function toNumeric(value: Value): Numeric | undefined {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" || typeof value === "bigint" || value instanceof Float ? value : undefined;
}

export const isInteger = (number: Numeric): number is number | bigint =>
  typeof number === "bigint" || Number.isInteger(number);

/** As a float; undefined for an integer beyond all floats. */
export function toReal(number: Numeric): number | undefined {
  if (number instanceof Float) return number.value;
  const real = Number(number);
  return typeof number === "bigint" && !Number.isFinite(real) ? undefined : real;
}

/** No integer of a constraint needs more; 2 ** (2 ** 30) would fill the memory. */
const MAX_BITS = 4_096;

function onIntegers(op: ArithmeticOp, a: number | bigint, b: number | bigint): Value | undefined {
  if (op === "/") return b === 0 ? undefined : divide(a, b);
  if (op === "**") return raise(a, b);
  if ((op === "//" || op === "%") && b === 0) return undefined;
  // the sum of their sizes bounds all that is in between, so the common case needs no bigints
  if (typeof a === "number" && typeof b === "number") {
    const quick = quickly(op, a, b);
    if (Number.isSafeInteger(quick)) return quick + 0;
  }
  return slowly(op, BigInt(a), BigInt(b));
}

/** Exact where the result is a safe integer; NaN where it might not be. */
function quickly(op: ArithmeticOp, a: number, b: number): number {
  if (op === "+") return a + b;
  if (op === "-") return a - b;
  if (op === "*") return a * b;
  const rest = a % b;
  const modulo = rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  if (op === "%") return modulo;
  return Number.isSafeInteger(a - modulo) ? (a - modulo) / b : Number.NaN;
}

function slowly(op: ArithmeticOp, a: bigint, b: bigint): Value | undefined {
  if (op === "+") return bounded(a + b);
  if (op === "-") return bounded(a - b);
  if (op === "*") return bounded(a * b);
  const rest = a % b;
  const modulo = rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
  return op === "%" ? toInteger(modulo) : toInteger((a - modulo) / b);
}

const bounded = (result: bigint): Value | undefined =>
  bitsOf(result) > MAX_BITS ? undefined : toInteger(result);
const bitsOf = (n: bigint): number => (n < 0n ? -n : n).toString(16).length * 4;

/** The float nearest to the exact quotient, as in Python: 2 ** 60 + 1 is not rounded before it is divided. */
function divide(a: number | bigint, b: number | bigint): Value | undefined {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return toFloat(Number(a) / Number(b));
  const quotient = divideLarge(BigInt(a), BigInt(b));
  return Number.isFinite(quotient) ? toFloat(quotient) : undefined;
}

/** 66 bits of the quotient and one that says whether anything is left: Number() then rounds once, half to even. */
function divideLarge(a: bigint, b: bigint): number {
  const [top, bottom] = [a < 0n ? -a : a, b < 0n ? -b : b];
  const shift = 66 + bottom.toString(2).length - top.toString(2).length;
  const dividend = shift > 0 ? top << BigInt(shift) : top;
  const divisor = shift < 0 ? bottom << BigInt(-shift) : bottom;
  const digits = (dividend / divisor) * 2n + BigInt(dividend % divisor !== 0n);
  const half = Math.trunc((shift + 1) / 2); // in two steps: 2 ** -1100 alone is 0
  const size = Number(digits) * 2 ** -half * 2 ** (half - shift - 1);
  return a < 0n === b < 0n ? size : -size;
}

function raise(base: number | bigint, exponent: number | bigint): Value | undefined {
  if (exponent < 0) {
    const x = toReal(base);
    const y = toReal(exponent);
    return x === undefined || y === undefined ? undefined : onFloats("**", x, y);
  }
  const size = base < 0 ? -base : base;
  if (size <= 1) return size === 0 && exponent > 0 ? 0 : base < 0 && BigInt(exponent) % 2n === 1n ? -1 : 1;
  if (exponent > MAX_BITS || bitsOf(BigInt(base)) * Number(exponent) > 4 * MAX_BITS) return undefined;
  return bounded(BigInt(base) ** BigInt(exponent));
}

function onFloats(op: ArithmeticOp, x: number, y: number): Value | undefined {
  switch (op) {
    case "+":
      return toFloat(x + y);
    case "-":
      return toFloat(x - y);
    case "*":
      return toFloat(x * y);
    case "/":
      return y === 0 ? undefined : toFloat(x / y);
    case "%":
      return y === 0 ? undefined : toFloat(modulo(x, y));
    case "//":
      return y === 0 ? undefined : toFloat(floorDivide(x, y));
    case "**":
      return power(x, y);
  }
}

/** The remainder with the sign of the divisor, as CPython's float_rem has it. */
function modulo(x: number, y: number): number {
  const rest = x % y;
  if (rest === 0) return y < 0 ? -0 : 0;
  return rest < 0 !== y < 0 ? rest + y : rest;
}

/** CPython's float_floor_div, step by step: the order of its roundings shows in the last digit. */
function floorDivide(x: number, y: number): number {
  const rest = x % y;
  const exact = (x - rest) / y;
  const quotient = rest !== 0 && rest < 0 !== y < 0 ? exact - 1 : exact;
  if (quotient === 0) return x / y < 0 ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** Whole exponents up to this are multiplied out, which keeps 10.0 ** 3 and 2.0 ** 100 exact. */
const MAX_MULTIPLIED = 1_024;

function power(x: number, y: number): Value | undefined {
  if (y === 0 || x === 1) return toFloat(1);
  if (Number.isNaN(x) || Number.isNaN(y)) return toFloat(Number.NaN);
  if (x === 0 && y < 0) return undefined;
  if (x < 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isInteger(y)) return undefined;
  if (x === 0 || !Number.isFinite(x) || !Number.isFinite(y)) return toFloat(x === -1 ? 1 : x ** y); // the cases that ECMAScript fixes
  const result = finitePower(x, y);
  return Number.isFinite(result) ? toFloat(result) : undefined;
}

function finitePower(x: number, y: number): number {
  if (y === 0.5) return Math.sqrt(x);
  if (Number.isInteger(y) && Math.abs(y) <= MAX_MULTIPLIED) {
    const product = multiplied(x, Math.abs(y));
    if (y > 0) return product;
    // 1e-200 ** -1 is finite where 1e200 ** 2 is not, so the reciprocal is taken once, at the end
    if (product !== 0 && Number.isFinite(product)) return 1 / product;
  }
  const size = exp(y * log(Math.abs(x)));
  return x < 0 && Math.abs(y % 2) === 1 ? -size : size;
}

function multiplied(x: number, times: number): number {
  let result = 1;
  let square = x;
  for (let rest = times; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    if (rest > 1) square *= square;
  }
  return result;
}
