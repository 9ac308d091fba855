import { listLeaves, nestValues } from "@/core/leaves";
import type { SweepConfig } from "@/core/sweep-config";
import { openPermutation } from "@/math/permutation";
import { openAxis } from "./axis";
import { openCombinations } from "./combinations";
import { nothingLeft } from "./nothing-left";
import { openNumbers, toPoints } from "./numbers";
import { hashText, type Points, toCanonicalText, toLabel } from "./point";

type GridConfig = Pick<SweepConfig, "parameters" | "gridOrder" | "repeats" | "constraints">;

/**
 * Every combination once. Names sorted, the last varies fastest; a parameter that `when` or a constraint ties to others stands
 * with them, at the place of the first of them. Point k comes from k by mixed radix: nothing is listed, so a grid of 10^18
 * points costs as much as one of ten. With `grid_order: random` the k-th is that of a permutation keyed by the seed.
 *
 * @throws AppError CONSTRAINTS_LEAVE_NOTHING
 */
export function openGrid(
  { parameters, gridOrder, repeats, constraints = [] }: GridConfig,
  seed: string,
): Points {
  const leaves = listLeaves(parameters);
  const combinations = openCombinations(leaves, leaves.map(openAxis), constraints);
  if (constraints.length > 0 && combinations.seek(0n) === undefined)
    throw nothingLeft(constraints, "no point of the grid");
  const order = gridOrder === "random" ? openPermutation(combinations.size, seed) : undefined;
  const labels = leaves.map(toLabel);
  const find = openNumbers(combinations, order, (place) => {
    const values = combinations.at(place);
    return { params: nestValues(leaves, values), hash: hashText(toCanonicalText(labels, values)) };
  });
  const { size, exact } = combinations;
  return toPoints(size, exact ? size : null, find, BigInt(repeats));
}
