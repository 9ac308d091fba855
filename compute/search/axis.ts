import { AppError } from "@/core/errors";
import { holds, type Leaf } from "@/core/leaves";
import type { Condition, LeafParameter, QuantizedRanged } from "@/core/parameter";
import { fromUnit, multiplesOf } from "@/core/space";
import { toFloat, toIdentity, toInteger, toNumber, type Value } from "@/core/value";

/** The values of one grid parameter, in order, without equals; never a list when it would be long. */
export interface Axis {
  readonly size: bigint;
  /** For 0 <= index < size. */
  valueAt(index: bigint): Value;
  /** Where the values begin to, or cease to, meet a condition. Indexes, sorted, without 0 and size. */
  changesOf(test: Condition["test"]): bigint[];
}

/** A range of up to this many values is written out, which drops equals; longer ones are computed. */
const LIST_LIMIT = 4096n;

/** The axis of a parameter that a grid can enumerate; GRID_CONTINUOUS names one that it can't. */
export function openAxis({ path, parameter }: Leaf): Axis {
  switch (parameter.kind) {
    case "constant":
      return listAxis([parameter.value]);
    case "categorical":
      if (!parameter.probabilities) return listAxis(parameter.values);
      break;
    case "int_uniform": {
      const min = BigInt(parameter.min);
      return computedAxis(BigInt(parameter.max) - min + 1n, (index) => toInteger(min + index));
    }
    case "q_uniform":
      return openRange(parameter);
  }
  const name = path.join(".");
  const kind = parameter.kind === "categorical" ? "categorical with probabilities" : parameter.kind;
  throw new AppError(
    "GRID_CONTINUOUS",
    `parameter ${name} is ${kind}, which a grid can't enumerate: give it values, int_uniform, q_uniform or one value, ` +
      "or use method random",
    { details: { parameter: path, kind: parameter.kind } },
  );
}

/**
 * All values that draws of a parameter can give, both ends included; undefined where there is no end of them. Unlike a
 * grid's axis it knows every distribution, and it leaves out values of probability 0.
 */
export function openSupport(parameter: LeafParameter): Axis | undefined {
  switch (parameter.kind) {
    case "constant":
      return listAxis([parameter.value]);
    case "categorical": {
      const { values, probabilities } = parameter;
      return listAxis(probabilities ? values.filter((_, i) => (probabilities[i] ?? 0) > 0) : values);
    }
    case "int_uniform": {
      const min = BigInt(parameter.min);
      return computedAxis(BigInt(parameter.max) - min + 1n, (index) => toInteger(min + index));
    }
  }
  if (isDegenerate(parameter)) return listAxis([fromUnit(parameter, 0.5)]);
  if (!("quantum" in parameter)) return undefined;
  const { first, last, multiple } = multiplesOf(parameter);
  // multiples beyond 2^53 fall together, so they can't be counted by their numbers
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return undefined;
  return computedAxis(BigInt(last) - BigInt(first) + 1n, (index) => multiple(first + Number(index)));
}

const isDegenerate = (parameter: LeafParameter): boolean =>
  ("min" in parameter && parameter.min === parameter.max) ||
  ("sigma" in parameter && parameter.sigma === 0) ||
  ("a" in parameter && (parameter.a === 0) !== (parameter.b === 0));

/**
 * NumPy's `arange(min, max, q)`, as W&B has it: ceil((max - min) / q) values, so max itself is left out, and the i-th is
 * min + i * ((min + q) - min): the step as it comes out of the first addition. Integers when all three are.
 */
function openRange({ min, max, integerBounds = true, quantum: { q, integer } }: QuantizedRanged): Axis {
  const count = Math.ceil((max - min) / q);
  const size = Number.isFinite(count) && count > 1 ? BigInt(count) : 1n;
  const whole = integer && integerBounds && Number.isInteger(min) && Number.isInteger(max);
  const step = min + q - min;
  const valueAt = (index: bigint): Value =>
    whole ? toInteger(BigInt(min) + index * BigInt(q)) : toFloat(min + Number(index) * step);
  if (size > LIST_LIMIT) return computedAxis(size, valueAt);
  return listAxis(Array.from({ length: Number(size) }, (_, index) => valueAt(BigInt(index))));
}

/** Equal values are one: at the place of the first, with the spelling of the last, as W&B's look-up table keeps it. */
function listAxis(given: readonly Value[]): Axis {
  const values = [...new Map(given.map((value) => [toIdentity(value), value])).values()];
  return {
    size: BigInt(values.length),
    valueAt: (index) => values[Number(index)] ?? null,
    changesOf(test) {
      const met = values.map((value) => holds(test, value));
      return met.flatMap((now, index) => (index > 0 && now !== met[index - 1] ? [BigInt(index)] : []));
    },
  };
}

/** Rising numbers. Where a condition changes is found by bisection. */
function computedAxis(size: bigint, valueAt: (index: bigint) => Value): Axis {
  /** The first index whose value is not below the number, or above it. */
  const firstWhere = (passes: (value: number) => boolean): bigint => {
    let low = 0n;
    let high = size;
    while (low < high) {
      const middle = (low + high) / 2n;
      if (passes(toNumber(valueAt(middle)) ?? 0)) high = middle;
      else low = middle + 1n;
    }
    return low;
  };
  return {
    size,
    valueAt,
    changesOf(test) {
      const ranges =
        test.kind === "range"
          ? [[test.min, test.max] as const]
          : test.values.flatMap((value) => {
              const number = toNumber(value);
              return number === undefined ? [] : [[number, number] as const];
            });
      const changes = ranges.flatMap(([min, max]) => [
        firstWhere((value) => value >= min),
        firstWhere((value) => value > max),
      ]);
      return [...new Set(changes)].filter((at) => at > 0n && at < size).sort((a, b) => (a < b ? -1 : 1));
    },
  };
}
