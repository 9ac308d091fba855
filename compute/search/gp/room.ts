import { toNumber, type Value } from "@/core/value";
import { ABSENT, type Axes, type AxisKind } from "./kernel";

/** What is asked of a dimension of the search space here; see the search's own Dimension for the words. */
export interface SpaceAxis {
  readonly kind: "real" | "ordinal" | "category";
  readonly size: number;
  readonly conditions: readonly unknown[];
  toValue(coordinate: number): Value;
  ofDraw(unit: number): number;
}

/** And of the space: coordinates are NaN where a dimension does not exist, and `snap` works in place. */
export interface Space {
  readonly dimensions: readonly SpaceAxis[];
  snap(x: Float64Array): Float64Array;
  neighbours(x: Float64Array, dimension: number): Float64Array[];
  readonly allowsAt: ((x: Float64Array) => boolean) | null;
}

/** A space as the kernel and the optimiser of the acquisition see it: coordinates with ABSENT where the space says NaN. */
export interface Room {
  readonly axes: Axes;
  /** Dimensions along which a slope leads somewhere: reals, and ordinals of so many values that steps between them are small. */
  readonly smooth: readonly boolean[];
  /** Those with neighbours to try one by one. */
  readonly discrete: readonly number[];
  /** In place: each coordinate to its nearest value, ABSENT where it then does not exist. */
  snap(x: Float64Array): Float64Array;
  neighbours(x: Float64Array, d: number): Float64Array[];
  /** Whether the constraints hold there; null where there are none. */
  readonly allows: ((x: Float64Array) => boolean) | null;
  /** A coordinate of dimension d from a uniform draw. */
  draw(d: number, unit: number): number;
  /** The space's coordinates as the kernel's, and back; in place. */
  fromSpace(x: Float64Array): Float64Array;
  toSpace(x: Float64Array): Float64Array;
}

/** With fewer values than this an ordinal is searched value by value. */
const SMOOTH_FROM = 12;

export function openRoom(space: Space): Room {
  const { dimensions } = space;
  const places = dimensions.map(placesOf);
  const isSmooth = ({ kind, size }: SpaceAxis, d: number): boolean =>
    kind === "real" || ((kind === "ordinal" || places[d] !== null) && size >= SMOOTH_FROM);
  const fromSpace = (x: Float64Array): Float64Array => {
    for (let d = 0; d < x.length; d++) {
      const at = x[d] as number;
      x[d] = Number.isNaN(at) ? ABSENT : (places[d]?.[at] ?? at);
    }
    return x;
  };
  const toSpace = (x: Float64Array): Float64Array => {
    for (let d = 0; d < x.length; d++) {
      const at = x[d] as number;
      const list = places[d];
      x[d] = at < 0 ? Number.NaN : list ? nearest(list, at) : at;
    }
    return x;
  };
  return {
    axes: {
      count: dimensions.length,
      kinds: dimensions.map((each, d) => toAxisKind(each, places[d] !== null)),
    },
    smooth: dimensions.map(isSmooth),
    discrete: dimensions.flatMap((dimension, d) => (dimension.kind === "real" ? [] : [d])),
    snap: (x) => fromSpace(space.snap(toSpace(x))),
    neighbours: (x, d) => space.neighbours(toSpace(x.slice()), d).map(fromSpace),
    allows: space.allowsAt && ((x) => space.allowsAt?.(toSpace(x.slice())) ?? true),
    fromSpace,
    toSpace,
    draw(d, unit) {
      const at = dimensions[d]?.ofDraw(unit) ?? 0;
      return places[d]?.[at] ?? at;
    },
  };
}

const toAxisKind = ({ kind, conditions }: SpaceAxis, isOrdered: boolean): AxisKind =>
  kind === "category" && !isOrdered ? "category" : conditions.length > 0 ? "conditional" : "number";

/**
 * `values: [0.1, 0.01, 0.001]` and `[16, 32, 64, 128]` are numbers, and what is true of one of them is nearly true of the next:
 * they lie on [0, 1] by rank, which suits lists in even steps and in powers alike. Null for a true category, and where two
 * values are one number.
 */
function placesOf({ kind, size, toValue }: SpaceAxis): Float64Array | null {
  if (kind !== "category" || size < 3) return null;
  const numbers = Array.from({ length: size }, (_, index) => toNumber(toValue(index)) ?? Number.NaN);
  if (!numbers.every(Number.isFinite) || new Set(numbers).size < size) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  return Float64Array.from(numbers, (number) => sorted.indexOf(number) / (size - 1));
}

function nearest(list: Float64Array, at: number): number {
  let best = 0;
  for (let i = 1; i < list.length; i++)
    if (Math.abs((list[i] as number) - at) < Math.abs((list[best] as number) - at)) best = i;
  return best;
}
