import { exp, log } from "@/math/elementary";
import { betaCdf, betaPpf, normalCdf, normalPpf } from "@/math/special";
import type { LeafParameter, Parameters, Quantum } from "./parameter";
import { isSameValue, toFloat, toInteger, toNumber, type Value } from "./value";

/**
 * Each parameter's own CDF, both ways: a number u in (0, 1) becomes a value by the inverse CDF, a value its u by the CDF.
 * The formulas are those of W&B's engine (`sweeps/params.py`), so that a sweep means the same here; test/core/space.test.ts
 * compares with its results. Where we differ, on purpose: results of q-distributions stay inside the bounds, rounding
 * never leaves them by a last digit, and a sigma, a or b of 0 is its limit instead of NaN.
 */
export function fromUnit(parameter: LeafParameter, u: number): Value {
  switch (parameter.kind) {
    case "constant":
      return parameter.value;
    case "categorical":
      return parameter.values[toCategory(parameter, u)] ?? null;
    case "int_uniform":
      return toInteger(BigInt(toDiscrete(u, parameter.min, parameter.max)));
    default: {
      const { low, high } = boundsOf(parameter);
      const real = clamp(inverseCdf(parameter, u), low, high);
      return "quantum" in parameter ? quantize(real, parameter) : toFloat(real);
    }
  }
}

/** `toUnit` of `fromUnit`, the place of the nearest value, for whole numbers and multiples: no value is made. */
export function snapUnit(parameter: Quantized | IntUniform, u: number): number {
  if (parameter.kind === "int_uniform") {
    const { min, max } = parameter;
    return clamp((toDiscrete(u, min, max) - min + 0.5) / (max - min + 1), 0, 1);
  }
  const { low, high } = boundsOf(parameter);
  const { first, last, number } = multiplesOf(parameter);
  const real = clamp(inverseCdf(parameter, u), low, high);
  const nearest = number(clamp(roundHalfEven(real / parameter.quantum.q), first, last));
  return Number.isNaN(nearest) ? 0 : clamp(cdf(parameter, nearest), 0, 1);
}

/**
 * Where a value lies in the unit interval: the middle of its share for a category or an integer, its CDF for a real or
 * quantized one (0 or 1 when it lies outside the bounds). Undefined when the parameter could never have this value's type,
 * or the category is none of its own. A constant is 0: it takes no part in the search.
 */
export function toUnit(parameter: LeafParameter, value: Value): number | undefined {
  switch (parameter.kind) {
    case "constant":
      return isSameValue(parameter.value, value) ? 0 : undefined;
    case "categorical": {
      const index = parameter.values.findIndex((known) => isSameValue(known, value));
      if (index < 0) return undefined;
      const [from, to] = shareOf(parameter, index);
      return (from + to) / 2;
    }
    case "int_uniform": {
      const number = toNumber(value);
      if (number === undefined || !Number.isInteger(number)) return undefined;
      return clamp((number - parameter.min + 0.5) / (parameter.max - parameter.min + 1), 0, 1);
    }
    default: {
      const number = toNumber(value);
      return number === undefined || Number.isNaN(number) ? undefined : clamp(cdf(parameter, number), 0, 1);
    }
  }
}

/** Parameters of q-distributions whose bounds hold no multiple of q: W&B's value, outside them, is all there is. */
export function listUnreachable(parameters: Parameters, path: readonly string[] = []): string[][] {
  return [...parameters].flatMap(([name, parameter]) => {
    const here = [...path, name];
    if (parameter.kind === "group") return listUnreachable(parameter.parameters, here);
    if (!("quantum" in parameter)) return [];
    const { low, high } = boundsOf(parameter);
    const [first, last] = multiplesWithin(parameter.quantum, low, high);
    return first > last ? [here] : [];
  });
}

/** Whether a number could be this parameter's, up to the rounding of its own exp; for q-distributions also between two values. */
export function isWithin(parameter: Continuous, x: number): boolean {
  const { low, high } = boundsOf(parameter);
  if (x >= low - 1e-12 * Math.abs(low) && x <= high + 1e-12 * Math.abs(high)) return true;
  if (!("quantum" in parameter)) return false;
  const { first, last } = multiplesOf(parameter);
  return x >= first * parameter.quantum.q && x <= last * parameter.quantum.q;
}

/** The values of a q-distribution: those of the whole numbers first .. last, which may be infinite. */
export interface Multiples {
  readonly first: number;
  readonly last: number;
  multiple(k: number): Value;
  /** The same as a plain number. */
  number(k: number): number;
}

/** A search asks for them thousands of times a proposal. */
export function multiplesOf(parameter: Quantized): Multiples {
  const known = multiples.get(parameter);
  if (known !== undefined) return known;
  const found = findMultiples(parameter);
  multiples.set(parameter, found);
  return found;
}

const multiples = new WeakMap<Quantized, Multiples>();

function findMultiples(parameter: Quantized): Multiples {
  const { q, integer } = parameter.quantum;
  const { low, high } = boundsOf(parameter);
  const [first, last] = multiplesWithin(parameter.quantum, low, high);
  if (first > last) {
    const outside = (k: number): Value => (integer ? wholeOf(k * q) : toFloat(k * q));
    return {
      first: roundHalfEven(low / q),
      last: roundHalfEven(high / q),
      multiple: outside,
      number: (k) => k * q,
    };
  }
  return {
    first,
    last,
    // 7 * 0.1 is 0.7000000000000001: the last multiple of a range up to 0.7 is 0.7
    multiple: (k) => (integer ? wholeOf(k * q) : toFloat(clamp(k * q, low, high))),
    number: (k) => (integer ? k * q : clamp(k * q, low, high)),
  };
}

export type Continuous = Exclude<LeafParameter, { kind: "constant" | "categorical" | "int_uniform" }>;
type IntUniform = Extract<LeafParameter, { kind: "int_uniform" }>;
export type Quantized = Extract<LeafParameter, { quantum: Quantum }>;

function inverseCdf(parameter: Continuous, u: number): number {
  switch (parameter.kind) {
    case "uniform":
    case "q_uniform":
      return between(u, parameter.min, parameter.max);
    case "log_uniform":
    case "q_log_uniform":
      return exp(between(u, parameter.min, parameter.max));
    case "log_uniform_values":
    case "q_log_uniform_values": {
      const { low, high } = logsOf(parameter);
      return exp(between(u, low, high));
    }
    case "inv_log_uniform":
      return exp(-between(1 - u, parameter.min, parameter.max));
    case "inv_log_uniform_values": {
      const { low, high } = logsOf(parameter);
      return exp(-between(1 - u, -high, -low));
    }
    case "normal":
    case "q_normal":
      return fromNormal(parameter, u);
    case "log_normal":
    case "q_log_normal":
      return exp(fromNormal(parameter, u));
    case "beta":
    case "q_beta":
      return betaPpf(u, parameter.a, parameter.b);
  }
}

function cdf(parameter: Continuous, x: number): number {
  switch (parameter.kind) {
    case "uniform":
    case "q_uniform":
      return share(x, parameter.min, parameter.max);
    case "log_uniform":
    case "q_log_uniform":
      return share(logOf(x), parameter.min, parameter.max);
    case "log_uniform_values":
    case "q_log_uniform_values":
    case "inv_log_uniform_values": {
      const { low, high } = logsOf(parameter);
      return share(logOf(x), low, high);
    }
    case "inv_log_uniform":
      return share(logOf(x), -parameter.max, -parameter.min);
    case "normal":
    case "q_normal":
      return toNormal(parameter, x);
    case "log_normal":
    case "q_log_normal":
      return toNormal(parameter, logOf(x));
    case "beta":
    case "q_beta":
      return betaCdf(clamp(x, 0, 1), parameter.a, parameter.b);
  }
}

const logs = new WeakMap<object, Bounds>();

/** Logarithms of the bounds, as often asked for as multiples. */
function logsOf(parameter: { readonly min: number; readonly max: number }): Bounds {
  const known = logs.get(parameter);
  if (known !== undefined) return known;
  const found = { low: log(parameter.min), high: log(parameter.max) };
  logs.set(parameter, found);
  return found;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The least and the greatest value. */
function boundsOf(parameter: Continuous): Bounds {
  switch (parameter.kind) {
    case "log_uniform":
    case "q_log_uniform":
      return { low: exp(parameter.min), high: exp(parameter.max) };
    case "inv_log_uniform":
      return { low: exp(-parameter.max), high: exp(-parameter.min) };
    case "normal":
    case "q_normal":
      return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    case "log_normal":
    case "q_log_normal":
      return { low: 0, high: Number.POSITIVE_INFINITY };
    case "beta":
    case "q_beta":
      return { low: 0, high: 1 };
    default:
      return { low: parameter.min, high: parameter.max };
  }
}

/** u * width + min, SciPy's order of operations; the width of bounds beyond 1e308 would overflow. */
function between(u: number, min: number, max: number): number {
  const width = max - min;
  return Number.isFinite(width) ? u * width + min : min * (1 - u) + max * u;
}

const share = (x: number, min: number, max: number): number =>
  Number.isFinite(max - min) ? (x - min) / (max - min) : (x / 2 - min / 2) / (max / 2 - min / 2);
const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const logOf = (x: number): number => (x > 0 ? log(x) : Number.NEGATIVE_INFINITY);

const fromNormal = ({ mu, sigma }: { mu: number; sigma: number }, u: number): number =>
  sigma === 0 ? mu : normalPpf(u) * sigma + mu;
const toNormal = ({ mu, sigma }: { mu: number; sigma: number }, x: number): number =>
  sigma === 0 ? Number(x >= mu) : normalCdf((x - mu) / sigma);

/** SciPy's `randint.ppf`: the least integer whose CDF reaches u, corrected where rounding overshot by one. */
function toDiscrete(u: number, min: number, max: number): number {
  const count = max - min + 1;
  const above = clamp(Math.ceil(u * count + min) - 1, min, max);
  const below = Math.max(above - 1, min);
  return (below - min + 1) / count >= u ? below : above;
}

interface Choices {
  readonly values: readonly Value[];
  readonly probabilities?: readonly number[];
}

function toCategory({ values, probabilities }: Choices, u: number): number {
  if (!probabilities) return toDiscrete(u, 0, values.length - 1);
  let cumulative = 0;
  let lastPossible = 0;
  for (const [index, probability] of probabilities.entries()) {
    cumulative += probability;
    if (u < cumulative) return index;
    if (probability > 0) lastPossible = index;
  }
  return lastPossible; // the sum may fall short of 1 by rounding
}

/** The part of the unit interval that gives this category. */
function shareOf({ values, probabilities }: Choices, index: number): [number, number] {
  if (!probabilities) return [index / values.length, (index + 1) / values.length];
  const from = probabilities.slice(0, index).reduce((sum, probability) => sum + probability, 0);
  return [from, Math.min(1, from + (probabilities[index] ?? 0))];
}

/** The nearest multiple of q (halves to the even one, as NumPy rounds), moved inside the bounds where one lies there. */
function quantize(real: number, parameter: Quantized): Value {
  const { first, last, multiple } = multiplesOf(parameter);
  return multiple(clamp(roundHalfEven(real / parameter.quantum.q), first, last));
}

/** The first and last k with k q inside the bounds; for fractions up to a rounding error, since 0.3 / 0.1 is below 3. */
function multiplesWithin({ q, integer }: Quantum, low: number, high: number): [number, number] {
  const slack = (quotient: number): number => (integer ? 0 : 1e-12 * Math.max(1, Math.abs(quotient)));
  const first = low / q;
  const last = high / q;
  return [
    Number.isFinite(first) ? Math.ceil(first - slack(first)) : first,
    Number.isFinite(last) ? Math.floor(last + slack(last)) : last,
  ];
}

const wholeOf = (value: number): Value =>
  Number.isFinite(value) ? toInteger(BigInt(value)) : toFloat(value);

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Number.isFinite(x) ? (rest < 0.5 ? floor : floor + 1) : x;
  return floor % 2 === 0 ? floor : floor + 1;
}
