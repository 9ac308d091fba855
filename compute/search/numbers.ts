import type { Permutation } from "@/math/permutation";
import type { Combinations } from "./combinations";
import type { Point, Points } from "./point";

/** What a number holds, repeats aside. */
export interface Found extends Pick<Point, "params" | "hash"> {
  /** The last of the numbers from this one on that hold the same; absent where it is the only one. */
  readonly through?: bigint | undefined;
}

/** Looks along a random order before the next one in the sorted order is taken: most spaces are at least half allowed. */
const LOOKS = 64n;

/**
 * What each number of a finite space holds. Where forbidden combinations could not be left out of the numbering, their numbers
 * hold the next allowed one: so each is still there, and the others repeat its hash.
 *
 * @param order absent means as they are
 * @param toPoint of an allowed place
 */
export function openNumbers(
  { size, exact, seek, allows }: Omit<Combinations, "at">,
  order: Permutation | undefined,
  toPoint: (place: bigint) => Found,
): (number: bigint) => Found {
  if (exact) return (number) => toPoint(order ? order(number) : number);
  if (order === undefined)
    return (number) => {
      const place = seek(number);
      if (place !== undefined) return { ...toPoint(place), through: place };
      // nothing new comes: the first one stands for all the rest
      return { ...toPoint(seek(0n) ?? 0n), through: size - 1n };
    };
  return (number) => {
    for (let looked = number; looked < number + LOOKS && looked < size; looked++) {
      const place = order(looked);
      if (allows(place)) return { ...toPoint(place), through: looked };
    }
    const place = order(number);
    return toPoint(seek(place) ?? seek(0n) ?? place);
  };
}

/**
 * Points by number, the repeats of a configuration standing together.
 *
 * @param size how many numbers there are, null when there is no end of them
 * @param count how many of them differ, null when that is not known
 */
export function toPoints(
  size: bigint | null,
  count: bigint | null,
  find: (number: bigint) => Found,
  times: bigint,
): Points {
  const end = size === null ? null : size * times;
  return {
    size: end,
    count: count === null ? null : count * times,
    at(index) {
      if (index < 0n || (end !== null && index >= end))
        throw new RangeError(`point ${index} is not within 0 .. ${end === null ? "" : end - 1n}`);
      const number = index / times;
      const { params, hash, through } = find(number);
      if (through === undefined || through === number) return { params, hash, repeat: Number(index % times) };
      return { params, hash, repeat: 0, through: through * times };
    },
  };
}
