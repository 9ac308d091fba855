import type { Leaf } from "@/core/leaves";
import type { Categorical, Condition, LeafParameter } from "@/core/parameter";
import { type Continuous, fromUnit, isWithin, multiplesOf, snapUnit, toUnit } from "@/core/space";
import { toIdentity, toInteger, toNumber, type Value } from "@/core/value";
import type { Axis } from "./axis";

/**
 * One varying parameter as a coordinate of the search. A `real` or `ordinal` lies in the unit interval by its own CDF, so
 * that equal steps are equally likely; an ordinal takes some places of it only. A `category` is the number of its value:
 * 0, 1, 2, ... without an order.
 */
export interface Dimension {
  readonly kind: "real" | "ordinal" | "category";
  /** Dotted path. */
  readonly name: string;
  readonly path: readonly string[];
  readonly parameter: LeafParameter;
  /** Index among the leaves of the configuration. */
  readonly leaf: number;
  /** How many different values it has; Infinity for reals, and for `q_normal` and the like. */
  readonly size: number;
  /** All must hold for it to exist. Those on constants are left out: they hold. */
  readonly conditions: readonly { readonly on: number; readonly test: Condition["test"] }[];
  /** Whether each value is as likely as another in a random draw (a `q_uniform`'s ends count as its other values do). */
  readonly even: boolean;
  /** The value whose place is nearest. */
  toValue(coordinate: number): Value;
  /** Undefined when it is none of the parameter's own. A number between two multiples of q keeps its place between them. */
  toCoordinate(value: Value): number | undefined;
  /** The same coordinate for a real, the nearest value's place for the others. */
  snap(coordinate: number): number;
  /** Where a uniform draw in (0, 1) leads: the same for numbers, the category whose share holds it for categories. */
  ofDraw(unit: number): number;
  /** Places of the values next to this one: two for an ordinal, all others for a category, none for a real. */
  neighbours(coordinate: number): number[];
}

type Common = Pick<Dimension, "name" | "path" | "parameter" | "leaf" | "conditions">;

/** @param axis all values, where there is an end of them */
export function openDimension(
  { path, parameter }: Leaf,
  leaf: number,
  conditions: Dimension["conditions"],
  axis: Axis | undefined,
): Dimension {
  const common = { name: path.join("."), path, parameter, leaf, conditions };
  if (parameter.kind === "categorical" && axis) return openCategory(common, parameter, axis);
  return openNumeric(common, axis);
}

function openCategory(common: Common, { values, probabilities }: Categorical, axis: Axis): Dimension {
  const size = Number(axis.size);
  const known = Array.from({ length: size }, (_, index) => axis.valueAt(BigInt(index)));
  const indexes = new Map(known.map((value, index) => [toIdentity(value), index]));
  const shares: number[] = new Array(size).fill(0);
  for (const [i, value] of values.entries()) {
    const index = indexes.get(toIdentity(value));
    if (index !== undefined) shares[index] = (shares[index] ?? 0) + (probabilities?.[i] ?? 1 / values.length);
  }
  const snap = (coordinate: number): number => clamp(Math.round(coordinate), 0, size - 1);
  return {
    ...common,
    kind: "category",
    size,
    even: probabilities === undefined && size === values.length,
    toValue: (coordinate) => known[snap(coordinate)] ?? null,
    toCoordinate: (value) => indexes.get(toIdentity(value)),
    snap,
    ofDraw(unit) {
      let rest = unit;
      for (let index = 0; index < size; index++) {
        const share = shares[index] ?? 0;
        if (rest < share) return index;
        rest -= share;
      }
      return size - 1; // the sum may fall short of 1 by rounding
    },
    neighbours: (coordinate) => known.flatMap((_, index) => (index === snap(coordinate) ? [] : [index])),
  };
}

/** A draw is never nearer to 0 or 1 than this; beyond it an unbounded distribution's value would be infinite. */
const LEAST_DRAW = 2 ** -53;

function openNumeric(common: Common, axis: Axis | undefined): Dimension {
  const { parameter } = common;
  const ordinal = parameter.kind === "int_uniform" || "quantum" in parameter ? parameter : undefined;
  const margin = "min" in parameter ? 0 : LEAST_DRAW;
  const toValue = (coordinate: number): Value => fromUnit(parameter, clamp(coordinate, margin, 1 - margin));
  const toCoordinate = (value: Value): number | undefined => {
    const number = toNumber(value);
    if (number === undefined || !isInside(parameter, number)) return undefined;
    return toUnit(parameter, value);
  };
  const place = (value: Value): number => toUnit(parameter, value) ?? 0;
  return {
    ...common,
    kind: ordinal ? "ordinal" : "real",
    size: axis === undefined ? Number.POSITIVE_INFINITY : Number(axis.size),
    even: parameter.kind === "int_uniform" || parameter.kind === "q_uniform",
    toValue,
    toCoordinate,
    snap: ordinal
      ? (coordinate) => snapUnit(ordinal, clamp(coordinate, margin, 1 - margin))
      : (coordinate) => clamp(coordinate, margin, 1 - margin),
    ofDraw: (unit) => unit,
    neighbours: (coordinate) => besides(parameter, toValue(coordinate)).map(place),
  };
}

function isInside(parameter: LeafParameter, number: number): boolean {
  if (parameter.kind === "int_uniform") return number >= parameter.min && number <= parameter.max;
  return isWithin(parameter as Continuous, number);
}

/** The values right below and above, as far as they exist. */
function besides(parameter: LeafParameter, value: Value): Value[] {
  const number = toNumber(value) ?? 0;
  if (parameter.kind === "int_uniform")
    return [number - 1, number + 1]
      .filter((beside) => isInside(parameter, beside))
      .map((beside) => toInteger(BigInt(beside)));
  if (!("quantum" in parameter)) return [];
  const { first, last, multiple } = multiplesOf(parameter);
  const k = Math.round(number / parameter.quantum.q);
  return [k - 1, k + 1].filter((beside) => beside >= first && beside <= last).map(multiple);
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
