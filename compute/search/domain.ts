import { type Constraint, openConstraints, openConstraintsOn } from "@/core/constraint";
import { isAppError } from "@/core/errors";
import { holds, type Leaf, listLeaves, nestValues, orderByConditions, valueAt } from "@/core/leaves";
import type { LeafParameter } from "@/core/parameter";
import type { SweepConfig } from "@/core/sweep-config";
import { isSameValue, type Value, type ValueMap } from "@/core/value";
import { leavesAsked, refuseNothing } from "./allowed";
import { openSupport } from "./axis";
import { type Combinations, openCombinations } from "./combinations";
import { type Dimension, openDimension } from "./dimension";
import { hashText, toCanonicalText, toLabel } from "./point";

export type { Dimension } from "./dimension";

/** A configuration in the three forms that are needed of it. */
export interface Values {
  /** As in `Point`. */
  readonly params: ValueMap;
  /** 64 hexadecimal digits; those of a grid's point with the same values. */
  readonly hash: string;
  /** A coordinate for each dimension; NaN where the parameter does not exist. What `encode(params)` gives, to the bit. */
  readonly x: Float64Array;
}

/**
 * A search space, compiled: its varying parameters as dimensions, in name order. Constants, and parameters that have one
 * value only, are no dimensions but stand in `params`; those that can never exist are nowhere.
 */
export interface Domain {
  readonly dimensions: readonly Dimension[];
  /**
   * Different configurations that keep to the constraints; null when infinite, when `when` entangles them too much to count (see
   * GRID_ENTANGLED), or when constraints tie more than a million of them together.
   */
  readonly size: bigint | null;
  /** The same, and where constraints alone hinder the counting, all configurations of which some are forbidden. */
  readonly listed: Listed | null;
  /** Whether independent draws give each configuration of a finite space the same chance. */
  readonly even: boolean;
  /** Undefined when they do not belong to the space: a value missing, out of bounds, or another constant. Surplus is let be. */
  encode(params: ValueMap): Float64Array | undefined;
  /** The same with the canonical parameters and hash. */
  read(params: ValueMap): Values | undefined;
  /** Any numbers: each is moved to the nearest value; what then can't exist is dropped. NaN for one that exists is its middle. */
  decode(x: Float64Array): Values;
  /** `decode` for coordinates alone, in place, without the cost of a hash; returns its argument. Reals stay as they are. */
  snap(x: Float64Array): Float64Array;
  /** @param unit a number in (0, 1) for the dimension with this index; asked once for each that exists, in dependency order */
  sample(unit: (dimension: number) => number): Values;
  /** @param attempt counts the draws in vain: the first whose configuration keeps to the constraints is taken. Undefined after `most`. */
  sampleAllowed(unit: (dimension: number, attempt: number) => number, most: number): Values | undefined;
  /** For 0 <= index < size, each configuration once, in a grid's order. */
  at(index: bigint): Values;
  /** The same configuration with another value of one dimension, nearest ones for ordinals: snapped, not decoded. */
  neighbours(x: Float64Array, dimension: number): Float64Array[];
  /** Whether the constraints hold. */
  allows(params: ValueMap): boolean;
  /** The same of `decode(x)`, without the cost of a hash; null where there are none. */
  readonly allowsAt: ((x: Float64Array) => boolean) | null;
}

export type Listed = Omit<Combinations, "at"> & { at(place: bigint): Values };

export type DomainConfig = Pick<SweepConfig, "parameters" | "constraints">;

/** @throws AppError CONSTRAINTS_LEAVE_NOTHING */
export function openDomain({ parameters, constraints = [] }: DomainConfig): Domain {
  const leaves = listLeaves(parameters);
  const slots = openSlots(leaves);
  const dimensions = slots.flatMap((slot) => slot?.dimension ?? []);
  const order = orderByConditions(leaves).flatMap((leaf) => slots[leaf] ?? []);
  const labels = leaves.map(toLabel);
  const combinations = tryCombinations(leaves, slots, constraints);
  const allowsOn = openConstraintsOn({ constraints }, leaves);
  const middles = dimensions.map(({ kind }) => (kind === "category" ? 0 : 0.5));
  const exists = (leaf: number, values: readonly (Value | undefined)[]): boolean =>
    leaves[leaf]?.conditions.every(({ on, test }) => holds(test, values[on])) ?? false;

  /** Fills in the values in dependency order, each from its place among the dimensions. */
  const fill = (choose: (dimension: Dimension, index: number) => Value): (Value | undefined)[] => {
    const values: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
    for (const { leaf, dimension, index, fixed } of order)
      if (exists(leaf, values)) values[leaf] = dimension ? choose(dimension, index) : fixed;
    return values;
  };
  const toValues = (values: readonly (Value | undefined)[]): Values => ({
    params: nestValues(leaves, values),
    hash: Buffer.from(hashText(toCanonicalText(labels, values))).toString("hex"),
    x: Float64Array.from(dimensions, ({ leaf, toCoordinate }) => {
      const value = values[leaf];
      return value === undefined ? Number.NaN : (toCoordinate(value) ?? Number.NaN);
    }),
  });
  const placeOf = (x: Float64Array, index: number): number => {
    const place = x[index] ?? Number.NaN;
    return Number.isNaN(place) ? (middles[index] ?? 0) : place;
  };
  const readLeaves = (params: ValueMap): (Value | undefined)[] | undefined => {
    const values: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
    for (const { leaf, dimension, fixed } of order) {
      if (!exists(leaf, values)) continue;
      const value = valueAt(params, leaves[leaf]?.path ?? []);
      if (value === undefined) return undefined;
      const isOwn = dimension
        ? dimension.toCoordinate(value) !== undefined
        : isSameValue(value, fixed ?? null);
      if (!isOwn) return undefined;
      values[leaf] = value;
    }
    return values;
  };
  const read = (params: ValueMap): Values | undefined => {
    const values = readLeaves(params);
    return values && toValues(values);
  };

  const watched = new Set(leaves.flatMap(({ conditions }) => conditions.map(({ on }) => on)));
  const snap = (x: Float64Array): Float64Array => {
    const values: (Value | undefined)[] = watched.size > 0 ? new Array(leaves.length).fill(undefined) : [];
    for (const { leaf, dimension, index, fixed } of order) {
      const isThere = exists(leaf, values);
      if (dimension) x[index] = isThere ? dimension.snap(placeOf(x, index)) : Number.NaN;
      if (isThere && watched.has(leaf)) values[leaf] = dimension ? dimension.toValue(x[index] ?? 0) : fixed;
    }
    return x;
  };

  const size = combinations?.exact ? combinations.size : null;
  const isAsked = leavesAsked(leaves, constraints);
  const isRedrawn = dimensions.map(({ leaf }) => isAsked[leaf] ?? false);

  const domain: Domain = {
    dimensions,
    size,
    listed: combinations ? { ...combinations, at: (place) => toValues(combinations.at(place)) } : null,
    even: dimensions.every(({ even, conditions }) => even && conditions.length === 0),
    encode: (params) => read(params)?.x,
    read,
    decode: (x) => toValues(fill(({ toValue }, index) => toValue(placeOf(x, index)))),
    snap,
    sample: (unit) => toValues(fill(({ toValue, ofDraw }, index) => toValue(ofDraw(unit(index))))),
    sampleAllowed(unit, most) {
      for (let attempt = 0; attempt < most; attempt++) {
        const values = fill(({ toValue, ofDraw }, index) =>
          toValue(ofDraw(unit(index, isRedrawn[index] ? attempt : 0))),
        );
        if (allowsOn(values)) return toValues(values);
      }
      return undefined;
    },
    at(index) {
      if (combinations === undefined || size === null || index < 0n || index >= size)
        throw new RangeError(`configuration ${index} is not within 0 .. ${size ?? "(no end)"}`);
      return toValues(combinations.at(index));
    },
    neighbours(x, dimension) {
      const places = dimensions[dimension]?.neighbours(x[dimension] ?? Number.NaN) ?? [];
      return places.map((place) => {
        const beside = x.slice();
        beside[dimension] = place;
        return snap(beside);
      });
    },
    allows: openConstraints({ constraints }),
    allowsAt:
      constraints.length === 0
        ? null
        : (x) => allowsOn(fill(({ toValue }, index) => toValue(placeOf(x, index)))),
  };
  if (constraints.length > 0) refuseNothing(domain, constraints);
  return domain;
}

/** What stands at a leaf: a dimension with its index, or the one value that it has. */
interface Slot {
  readonly leaf: number;
  readonly dimension: Dimension | undefined;
  /** Among the dimensions. */
  readonly index: number;
  readonly fixed: Value | undefined;
}

/** By leaf; undefined for one that can never exist, since what it looks at is fixed otherwise. */
function openSlots(leaves: readonly Leaf[]): (Slot | undefined)[] {
  const axes = leaves.map(({ parameter }) => openSupport(parameter));
  const isFixed = axes.map((axis) => axis?.size === 1n);
  const fixed = axes.map((axis, leaf) => (isFixed[leaf] ? axis?.valueAt(0n) : undefined));
  const alive: boolean[] = [];
  for (const leaf of orderByConditions(leaves))
    alive[leaf] = (leaves[leaf]?.conditions ?? []).every(
      ({ on, test }) => alive[on] && (!isFixed[on] || holds(test, fixed[on])),
    );
  const varying = leaves.flatMap((_, leaf) => (alive[leaf] && !isFixed[leaf] ? [leaf] : []));
  const indexes = new Map(varying.map((leaf, index) => [leaf, index]));
  return leaves.map((each, leaf) => {
    if (!alive[leaf]) return undefined;
    const index = indexes.get(leaf);
    if (index === undefined) return { leaf, dimension: undefined, index: -1, fixed: fixed[leaf] };
    const conditions = each.conditions.flatMap(({ on, test }) => {
      const looked = indexes.get(on);
      return looked === undefined ? [] : [{ on: looked, test }];
    });
    return { leaf, dimension: openDimension(each, leaf, conditions, axes[leaf]), index, fixed: undefined };
  });
}

function tryCombinations(
  leaves: readonly Leaf[],
  slots: readonly (Slot | undefined)[],
  constraints: readonly Constraint[],
): Combinations | undefined {
  const axes = leaves.flatMap(({ parameter }, leaf) => openSupport(slots[leaf] ? parameter : NEVER) ?? []);
  if (axes.length < leaves.length) return undefined;
  try {
    return openCombinations(leaves, axes, constraints);
  } catch (error) {
    if (isAppError(error) && error.code === "GRID_ENTANGLED") return undefined;
    throw error;
  }
}

/** Stands for a parameter that can't exist: one value that nobody will see. */
const NEVER: LeafParameter = { kind: "constant", value: null };
