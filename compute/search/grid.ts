import { type Leaf, listLeaves, nestValues, orderByConditions } from "@/core/leaves";
import type { SweepConfig } from "@/core/sweep-config";
import type { Value } from "@/core/value";
import { openPermutation } from "@/math/permutation";
import { openAxis } from "./axis";
import { hashText, type Points, toCanonicalText, toLabel } from "./point";
import { openTangle, type Tangle } from "./tangle";

type GridConfig = Pick<SweepConfig, "parameters" | "gridOrder" | "repeats">;

/**
 * Every combination once. Names sorted, the last varies fastest; a conditional parameter stands with those that it depends
 * on, at the place of the first of them. Point k comes from k by mixed radix: nothing is listed, so a grid of 10^18 points
 * costs as much as one of ten. With `grid_order: random` the k-th is that of a permutation keyed by the seed.
 */
export function openGrid({ parameters, gridOrder, repeats }: GridConfig, seed: string): Points {
  const leaves = listLeaves(parameters);
  const axes = leaves.map(openAxis);
  const tangles = groupByConditions(leaves).map((order) => openTangle(leaves, axes, order));
  const points = tangles.reduce((product, { size }) => product * size, 1n);
  const size = points * BigInt(repeats);
  const toPlace = gridOrder === "random" ? openPermutation(points, seed) : (position: bigint) => position;
  const labels = leaves.map(toLabel);
  const times = BigInt(repeats);

  const fixed: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
  for (const tangle of tangles) if (tangle.size === 1n) tangle.choose(0n, fixed);
  const varying = tangles.filter((tangle) => tangle.size > 1n).reverse();

  return {
    size,
    at(index) {
      if (index < 0n || index >= size) throw new RangeError(`point ${index} is not within 0 .. ${size - 1n}`);
      const values = fixed.slice();
      chooseAll(varying, toPlace(index / times), values);
      return {
        params: nestValues(leaves, values),
        hash: hashText(toCanonicalText(labels, values)),
        repeat: Number(index % times),
      };
    },
  };
}

/** Mixed radix: the last tangle (the first in this list) is the lowest digit. */
function chooseAll(fastestFirst: readonly Tangle[], place: bigint, values: (Value | undefined)[]): void {
  let rest = place;
  for (const tangle of fastestFirst) {
    tangle.choose(rest % tangle.size, values);
    rest /= tangle.size;
  }
}

/** Leaves that conditions tie together, each group in an order that respects them, groups by their first leaf. */
function groupByConditions(leaves: readonly Leaf[]): number[][] {
  const group = leaves.map((_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    while (group[root] !== undefined && group[root] !== root) root = group[root] ?? root;
    return root;
  };
  leaves.forEach(({ conditions }, index) => {
    for (const { on } of conditions) {
      const [a, b] = [rootOf(index), rootOf(on)];
      group[Math.max(a, b)] = Math.min(a, b);
    }
  });
  const members = new Map<number, number[]>();
  for (const index of orderByConditions(leaves)) {
    const root = rootOf(index);
    const known = members.get(root);
    if (known) known.push(index);
    else members.set(root, [index]);
  }
  return [...members].sort(([a], [b]) => a - b).map(([, order]) => order);
}
