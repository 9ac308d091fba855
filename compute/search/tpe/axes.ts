import type { Dimension } from "../dimension";
import type { Domain } from "../domain";
import { openRoom } from "../gp/room";

/**
 * The dimensions of a domain as densities see them: ranges, and lists of so few values that each has a probability of its
 * own. A point's coordinate in a list is the number of its value, in a range that of the domain; ABSENT where the parameter does not exist.
 */
export interface Axes {
  readonly list: readonly Axis[];
  /** From the domain's coordinates, and back. What they give is shared, and not to be written to. */
  read(x: Float64Array): Float64Array;
  write(at: Float64Array): Float64Array;
}

export type Axis = Range | Listed;
export interface Range {
  readonly kind: "range";
}
export interface Listed {
  readonly kind: "ordinal" | "category";
  /** How likely each value is in a random draw. */
  readonly shares: Float64Array;
  /** Of an ordinal: where its values lie in [0, 1], by value; not always rising (`values: [32, 8, 16]`). */
  readonly places: Float64Array;
}

/** Below every coordinate. */
export const ABSENT = -1;

/** An ordinal of more values is a range: its steps are finer than a kernel is wide. */
const MOST_LISTED = 64;

export function openAxes(domain: Domain): Axes {
  const { dimensions } = domain;
  const room = openRoom(domain);
  const list = dimensions.map((dimension, d): Axis => {
    if (dimension.kind === "category") {
      const shares = sharesOf(dimension);
      const placeOf = (index: number): number =>
        room.fromSpace(Float64Array.from(dimensions, () => index))[d] as number;
      const kind = room.axes.kinds[d] === "category" ? "category" : "ordinal";
      return { kind, shares, places: shares.map((_, index) => placeOf(index)) };
    }
    return dimension.kind === "ordinal" && dimension.size <= MOST_LISTED
      ? openOrdinal(dimension)
      : { kind: "range" };
  });
  /** Coordinates of a run are read once, and at each proposal needed. */
  const known = new WeakMap<Float64Array, Float64Array>();
  const isPlaced = dimensions.map(({ kind }, d) => kind === "ordinal" && list[d]?.kind === "ordinal");
  return {
    list,
    read(x) {
      const before = known.get(x);
      if (before) return before;
      const read = x.map((at, d) => {
        const axis = list[d];
        if (Number.isNaN(at)) return ABSENT;
        return isPlaced[d] && axis?.kind === "ordinal" ? nearest(axis.places, at) : at;
      });
      known.set(x, read);
      return read;
    },
    write: (x) =>
      x.map((at, d) => {
        const axis = list[d];
        if (at === ABSENT) return Number.NaN;
        return isPlaced[d] && axis?.kind === "ordinal" ? (axis.places[at] as number) : at;
      }),
  };
}

function sharesOf({ size, parameter, toCoordinate }: Dimension): Float64Array {
  const shares = new Float64Array(size);
  if (parameter.kind !== "categorical") return shares.fill(1 / size);
  const { values, probabilities } = parameter;
  for (const [i, value] of values.entries()) {
    const index = toCoordinate(value);
    if (index !== undefined)
      shares[index] = (shares[index] as number) + (probabilities?.[i] ?? 1 / values.length);
  }
  return shares;
}

/** Each value is drawn from halfway to the one before to halfway to the next. */
function openOrdinal({ snap, neighbours }: Dimension): Listed {
  const places = [snap(0)];
  for (;;) {
    const last = places.at(-1) as number;
    const next = neighbours(last).find((place) => place > last);
    if (next === undefined) break;
    places.push(next);
  }
  const border = (k: number): number =>
    k === 0 ? 0 : k === places.length ? 1 : ((places[k - 1] as number) + (places[k] as number)) / 2;
  return {
    kind: "ordinal",
    places: Float64Array.from(places),
    shares: Float64Array.from(places, (_, k) => border(k + 1) - border(k)),
  };
}

function nearest(places: Float64Array, at: number): number {
  let best = 0;
  for (let k = 1; k < places.length; k++)
    if (Math.abs((places[k] as number) - at) < Math.abs((places[best] as number) - at)) best = k;
  return best;
}
