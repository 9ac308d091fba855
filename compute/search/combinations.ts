import { type Leaf, orderByConditions } from "@/core/leaves";
import type { Value } from "@/core/value";
import type { Axis } from "./axis";
import { openTangle, type Tangle } from "./tangle";

/** Every assignment of values to leaves that conditions allow, once, by number. */
export interface Combinations {
  readonly size: bigint;
  /** `values[i]` is that of `leaves[i]`, undefined where the parameter does not exist. For 0 <= place < size. */
  at(place: bigint): (Value | undefined)[];
}

/** Leaves in name order are the digits, the last the lowest; those that conditions tie together are one digit. */
export function openCombinations(leaves: readonly Leaf[], axes: readonly Axis[]): Combinations {
  const tangles = groupByConditions(leaves).map((order) => openTangle(leaves, axes, order));
  const fixed: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
  for (const tangle of tangles) if (tangle.size === 1n) tangle.choose(0n, fixed);
  const varying = tangles.filter((tangle) => tangle.size > 1n).reverse();
  return {
    size: tangles.reduce((product, { size }) => product * size, 1n),
    at(place) {
      const values = fixed.slice();
      chooseAll(varying, place, values);
      return values;
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
