import { type Constraint, type Expression, openConstraintsOn } from "@/core/constraint";
import { conjunctsOf } from "@/core/constraint/conjuncts";
import { parametersIn } from "@/core/constraint/mentions";
import { type Leaf, orderByConditions } from "@/core/leaves";
import type { Value } from "@/core/value";
import type { Axis } from "./axis";
import { type Digit, openDigit, openSieve, type Test } from "./sieve";
import { openTangle, type Tangle } from "./tangle";

/** Every assignment of values to leaves that conditions and constraints allow, by number. */
export interface Combinations {
  readonly size: bigint;
  /** Whether each number has a combination of its own. Otherwise some are forbidden: see `seek`. */
  readonly exact: boolean;
  /** `values[i]` is that of `leaves[i]`, undefined where the parameter does not exist. For 0 <= place < size, if allowed. */
  at(place: bigint): (Value | undefined)[];
  /** The first allowed number from this one on; undefined when there is none. */
  seek(place: bigint): bigint | undefined;
  /** Whether this very number is allowed. */
  allows(place: bigint): boolean;
}

/**
 * Leaves in name order are the digits, the last the lowest; those that conditions or constraints tie together are one
 * digit, at the place of the first of them.
 */
export function openCombinations(
  leaves: readonly Leaf[],
  axes: readonly Axis[],
  constraints: readonly Constraint[] = [],
): Combinations {
  const groups = groupByConditions(leaves);
  const tangles = groups.map((order) => openTangle(leaves, axes, order));
  const digits =
    constraints.length === 0 ? tangles.map(openDigit) : openDigits(leaves, groups, tangles, constraints);
  const fixed: (Value | undefined)[] = new Array(leaves.length).fill(undefined);
  for (const digit of digits) if (digit.exact && digit.size === 1n) digit.choose(0n, fixed);
  const varying = digits.filter(({ exact, size }) => !exact || size !== 1n);
  const fastestFirst = [...varying].reverse();
  const exact = digits.every((digit) => digit.exact);
  const size = digits.reduce((product, digit) => product * digit.size, 1n);
  return {
    size,
    exact,
    at(place) {
      const values = fixed.slice();
      chooseAll(fastestFirst, place, values);
      return values;
    },
    seek(place) {
      if (exact || place >= size) return place < size ? place : undefined;
      return seekAll(varying, place, leaves.length);
    },
    allows(place) {
      if (exact) return true;
      const scratch = fixed.slice();
      let rest = place;
      return fastestFirst.every((digit) => {
        const index = rest % digit.size;
        rest /= digit.size;
        return digit.allows(index, scratch);
      });
    },
  };
}

/** Mixed radix: the last digit (the first in this list) is the lowest. */
function chooseAll(fastestFirst: readonly Digit[], place: bigint, values: (Value | undefined)[]): void {
  let rest = place;
  for (const digit of fastestFirst) {
    digit.choose(rest % digit.size, values);
    rest /= digit.size;
  }
}

/** The highest digit that is forbidden moves on, and with it those below begin anew. */
function seekAll(digits: readonly Digit[], place: bigint, leaves: number): bigint | undefined {
  const scratch: (Value | undefined)[] = new Array(leaves).fill(undefined);
  const indexes = new Array<bigint>(digits.length).fill(0n);
  let rest = place;
  for (let position = digits.length - 1; position >= 0; position--) {
    const { size } = digits[position] ?? { size: 1n };
    indexes[position] = rest % size;
    rest /= size;
  }
  for (let position = 0; position < digits.length; ) {
    const index = indexes[position] ?? 0n;
    const next = digits[position]?.next(index, scratch);
    if (next !== undefined) {
      indexes[position] = next;
      if (next !== index) indexes.fill(0n, position + 1);
      position++;
      continue;
    }
    if (position === 0) return undefined;
    position--;
    indexes[position] = (indexes[position] ?? 0n) + 1n;
    indexes.fill(0n, position + 1);
  }
  return indexes.reduce((sum, index, position) => sum * (digits[position]?.size ?? 1n) + index, 0n);
}

/** One for each tangle that no constraint asks about, and one for those that constraints tie together. */
function openDigits(
  leaves: readonly Leaf[],
  groups: readonly (readonly number[])[],
  tangles: readonly Tangle[],
  constraints: readonly Constraint[],
): Digit[] {
  const tangleOf = new Map(groups.flatMap((order, tangle) => order.map((leaf) => [leaf, tangle] as const)));
  const asked = constraints.flatMap((constraint) =>
    partsOf(constraint, leaves).flatMap(({ on, test }) => {
      const tied = [...new Set(on.map((leaf) => tangleOf.get(leaf) ?? 0))];
      return tied.length === 0 ? [] : [{ constraint, on: tied, test }];
    }),
  );
  const rootOf = joined(
    tangles.length,
    asked.map(({ on }) => on),
  );
  return tangles.flatMap((tangle, root) => {
    if (rootOf(root) !== root) return [];
    const members = tangles.flatMap((_, member) => (rootOf(member) === root ? [member] : []));
    const own = asked.filter(({ on }) => rootOf(on[0] ?? 0) === root);
    if (own.length === 0) return [openDigit(tangle)];
    const tests = members.map((member): Test[] =>
      own.filter(({ on }) => Math.max(...on) === member).map(({ test }) => test),
    );
    return [
      openSieve(
        members.flatMap((member) => tangles[member] ?? []),
        tests,
        [...new Set(own.map(({ constraint }) => constraint))],
        leaves.length,
      ),
    ];
  });
}

/**
 * What a constraint asks, in parts that are each asked as soon as their leaves are known. It holds where one of its parameters does not
 * exist, which no part can tell of another's: then it stays whole.
 */
function partsOf({ source, test }: Constraint, leaves: readonly Leaf[]): { on: number[]; test: Test }[] {
  const indexes = new Map(leaves.map(({ path }, index) => [JSON.stringify(path), index]));
  const leavesIn = (part: Expression): number[] =>
    parametersIn(part).flatMap((path) => indexes.get(JSON.stringify(path)) ?? []);
  const parts = conjunctsOf(test);
  const isWhole =
    parts.some((part) => leavesIn(part).length === 0) ||
    leavesIn(test).some((leaf) => (leaves[leaf]?.conditions.length ?? 0) > 0);
  return (isWhole ? [test] : parts).map((part) => ({
    on: leavesIn(part),
    test: openConstraintsOn({ constraints: [{ source, test: part }] }, leaves),
  }));
}

/** Which set each of `count` belongs to once these are joined: named by its least member. */
function joined(count: number, sets: readonly (readonly number[])[]): (member: number) => number {
  const parent = Array.from({ length: count }, (_, index) => index);
  const rootOf = (member: number): number => {
    let root = member;
    while (parent[root] !== undefined && parent[root] !== root) root = parent[root] ?? root;
    return root;
  };
  for (const set of sets)
    for (const member of set) {
      const [a, b] = [rootOf(member), rootOf(set[0] ?? member)];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  return rootOf;
}

/** Leaves that conditions tie together, each group in an order that respects them, groups by their first leaf. */
function groupByConditions(leaves: readonly Leaf[]): number[][] {
  const rootOf = joined(
    leaves.length,
    leaves.map(({ conditions }, index) => [index, ...conditions.map(({ on }) => on)]),
  );
  const members = new Map<number, number[]>();
  for (const index of orderByConditions(leaves)) {
    const root = rootOf(index);
    const known = members.get(root);
    if (known) known.push(index);
    else members.set(root, [index]);
  }
  return [...members].sort(([a], [b]) => a - b).map(([, order]) => order);
}
