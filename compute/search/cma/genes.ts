import type { Domain, Values } from "../domain";
import { openAxes } from "../tpe/axes";

/**
 * A domain as an evolution strategy sees it: numbers that a normal distribution moves over the unit interval, and categories
 * that are drawn each by its own probabilities. A genome has one entry a dimension: a place on the line, which for a
 * parameter of few values may lie anywhere in its value's cell and beyond 0 and 1, or the number of a category's value. Entries of parameters that do
 * not exist in a configuration are there too, and mean nothing.
 */
export interface Genes {
  /** Dimensions that are numbers, and those that are categories. */
  readonly numbers: readonly number[];
  readonly categories: readonly number[];
  /** By category how likely each value is in a random draw. */
  readonly shares: readonly Float64Array[];
  decode(genome: Float64Array): Values;
  /** The genome of a configuration: the middle of its cells, the middle of the space where a parameter does not exist. */
  encode(x: Float64Array): Float64Array;
  /** Whether the i-th number is a range, whose genes may not leave 0 .. 1. */
  isRange(i: number): boolean;
  /** Where the cell that holds this place ends; infinite at the ends of the range. Of the i-th number, no range. */
  cellOf(i: number, place: number): readonly [number, number];
}

export function openGenes(domain: Domain): Genes {
  const { dimensions } = domain;
  const { list } = openAxes(domain);
  const isCategory = list.map(({ kind }) => kind === "category");
  const numbers = [...list.keys()].filter((d) => !isCategory[d]);
  const categories = [...list.keys()].filter((d) => isCategory[d]);
  /** Of a list of numbers that is written as values: their places, and which value each is. */
  const lists = dimensions.map(({ kind }, d) => {
    const axis = list[d];
    if (kind !== "category" || axis?.kind !== "ordinal") return null;
    const order = [...axis.places.keys()].sort(
      (a, b) => (axis.places[a] as number) - (axis.places[b] as number),
    );
    return { order, places: axis.places };
  });
  return {
    numbers,
    categories,
    shares: categories.map((d) => {
      const axis = list[d];
      return axis?.kind === "category" ? axis.shares : new Float64Array(0);
    }),
    decode: (genome) =>
      domain.decode(
        genome.map((place, d) => {
          const own = lists[d];
          if (own) return own.order[nearestRank(place, own.order.length)] as number;
          return isCategory[d] ? place : Math.min(Math.max(place, 0), 1);
        }),
      ),
    encode: (x) =>
      x.map((at, d) => {
        if (Number.isNaN(at)) return isCategory[d] ? 0 : 0.5;
        return lists[d]?.places[at] ?? at;
      }),
    isRange: (i) => dimensions[numbers[i] as number]?.kind === "real",
    cellOf(i, place) {
      const d = numbers[i] as number;
      const own = lists[d];
      if (own) {
        const last = own.order.length - 1;
        const rank = nearestRank(place, own.order.length);
        return [
          rank === 0 ? Number.NEGATIVE_INFINITY : (rank - 0.5) / last,
          rank === last ? Number.POSITIVE_INFINITY : (rank + 0.5) / last,
        ];
      }
      const dimension = dimensions[d] as Domain["dimensions"][number];
      const at = dimension.snap(place);
      let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (const beside of dimension.neighbours(at)) {
        if (beside < at) low = Math.max(low, (beside + at) / 2);
        if (beside > at) high = Math.min(high, (beside + at) / 2);
      }
      return [low, high];
    },
  };
}

const nearestRank = (place: number, count: number): number =>
  Math.min(Math.max(Math.round(place * (count - 1)), 0), count - 1);
