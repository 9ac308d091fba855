import { listLeaves, nestValues } from "@/core/leaves";
import type { SweepConfig } from "@/core/sweep-config";
import { openPermutation } from "@/math/permutation";
import { openAxis } from "./axis";
import { openCombinations } from "./combinations";
import { hashText, type Points, toCanonicalText, toLabel } from "./point";

type GridConfig = Pick<SweepConfig, "parameters" | "gridOrder" | "repeats">;

/**
 * Every combination once. Names sorted, the last varies fastest; a conditional parameter stands with those that it depends
 * on, at the place of the first of them. Point k comes from k by mixed radix: nothing is listed, so a grid of 10^18 points
 * costs as much as one of ten. With `grid_order: random` the k-th is that of a permutation keyed by the seed.
 */
export function openGrid({ parameters, gridOrder, repeats }: GridConfig, seed: string): Points {
  const leaves = listLeaves(parameters);
  const combinations = openCombinations(leaves, leaves.map(openAxis));
  const times = BigInt(repeats);
  const size = combinations.size * times;
  const toPlace =
    gridOrder === "random" ? openPermutation(combinations.size, seed) : (position: bigint) => position;
  const labels = leaves.map(toLabel);
  return {
    size,
    count: size,
    at(index) {
      if (index < 0n || index >= size) throw new RangeError(`point ${index} is not within 0 .. ${size - 1n}`);
      const values = combinations.at(toPlace(index / times));
      return {
        params: nestValues(leaves, values),
        hash: hashText(toCanonicalText(labels, values)),
        repeat: Number(index % times),
      };
    },
  };
}
