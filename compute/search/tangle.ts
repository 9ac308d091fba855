import { AppError } from "@/core/errors";
import { holds, type Leaf } from "@/core/leaves";
import type { Value } from "@/core/value";
import type { Axis } from "./axis";

/**
 * A part of a grid whose parameters depend on each other through conditions and on no others: its combinations
 * multiply with those of the rest. One unconditional parameter is the common case.
 *
 * A tangle counts its combinations without listing them. Leaves are taken in an order in which each stands behind what it
 * depends on. All that the past tells the future is which of the leaves to come can still exist: a bit mask. So the count
 * below a position is a function of (position, mask), and equal ones are counted once. The k-th combination is found
 * by walking down and subtracting counts.
 */
export interface Tangle {
  readonly size: bigint;
  /** Writes the values of combination `index` to their leaves' places; undefined where a parameter does not exist. */
  choose(index: bigint, values: (Value | undefined)[]): void;
}

/** More (position, mask) pairs than this would take seconds; real files have tens. */
const MAX_STATES = 200_000;

export function openTangle(leaves: readonly Leaf[], axes: readonly Axis[], order: readonly number[]): Tangle {
  const [only] = order;
  if (order.length === 1 && only !== undefined) return openSingle(only, axes);
  const steps = order.map((leaf) => toStep(leaf, leaves, axes, order));
  const counts = countBelow(steps, leaves);
  const countAt = (position: number, alive: bigint): bigint => {
    const step = steps[position];
    return step ? (counts[position]?.get(alive & step.future) ?? 0n) : 1n;
  };
  const everything = (1n << BigInt(order.length)) - 1n;
  return {
    size: countAt(0, everything),
    choose(index, values) {
      let rest = index;
      let alive = everything;
      for (const [position, step] of steps.entries()) {
        if ((alive & step.bit) === 0n) {
          values[step.leaf] = undefined;
          alive &= ~step.killsByAbsence;
          continue;
        }
        for (const { start, length, kills } of step.segments) {
          const each = countAt(position + 1, alive & ~kills);
          if (rest >= length * each) {
            rest -= length * each;
            continue;
          }
          values[step.leaf] = step.axis.valueAt(start + rest / each);
          rest %= each;
          alive &= ~kills;
          break;
        }
      }
    },
  };
}

function openSingle(leaf: number, axes: readonly Axis[]): Tangle {
  const axis = axisOf(axes, leaf);
  return {
    size: axis.size,
    choose(index, values) {
      values[leaf] = axis.valueAt(index);
    },
  };
}

function axisOf(axes: readonly Axis[], leaf: number): Axis {
  const axis = axes[leaf];
  if (axis === undefined) throw new RangeError(`leaf ${leaf} has no axis among ${axes.length}`);
  return axis;
}

interface Step {
  readonly leaf: number;
  readonly axis: Axis;
  /** This leaf's own bit in a mask, and those of it and all behind it. */
  readonly bit: bigint;
  readonly future: bigint;
  /** Runs of neighbouring values that meet the same conditions, with the leaves that can't exist beside them. */
  readonly segments: readonly Segment[];
  readonly killsByAbsence: bigint;
}
interface Segment {
  readonly start: bigint;
  readonly length: bigint;
  readonly kills: bigint;
}

function toStep(
  leaf: number,
  leaves: readonly Leaf[],
  axes: readonly Axis[],
  order: readonly number[],
): Step {
  const axis = axisOf(axes, leaf);
  const position = order.indexOf(leaf);
  const asked = order.flatMap((other, place) =>
    (leaves[other]?.conditions ?? [])
      .filter(({ on }) => on === leaf)
      .map(({ test }) => ({ test, bit: 1n << BigInt(place) })),
  );
  const changes = new Set(asked.flatMap(({ test }) => axis.changesOf(test)));
  const starts = [0n, ...[...changes].sort((a, b) => (a < b ? -1 : 1))];
  return {
    leaf,
    axis,
    bit: 1n << BigInt(position),
    future: ((1n << BigInt(order.length)) - 1n) & ~((1n << BigInt(position)) - 1n),
    segments: starts.map((start, i) => {
      const value = axis.valueAt(start);
      const failed = asked.filter(({ test }) => !holds(test, value));
      return {
        start,
        length: (starts[i + 1] ?? axis.size) - start,
        kills: failed.reduce((mask, { bit }) => mask | bit, 0n),
      };
    }),
    killsByAbsence: asked.reduce((mask, { bit }) => mask | bit, 0n),
  };
}

/** For each position the masks that can occur there with the number of combinations from there on. */
function countBelow(steps: readonly Step[], leaves: readonly Leaf[]): Map<bigint, bigint>[] {
  // forward: which masks occur at all
  const counts: Map<bigint, bigint>[] = steps.map(() => new Map());
  let states = 1;
  const first = steps[0];
  if (first) counts[0]?.set(first.future, 0n);
  for (const [position, step] of steps.entries()) {
    const next = steps[position + 1];
    const nextCounts = counts[position + 1];
    if (!next || !nextCounts) break;
    for (const alive of counts[position]?.keys() ?? [])
      for (const kills of killsOf(step, alive)) nextCounts.set(alive & ~kills & next.future, 0n);
    states += nextCounts.size;
    if (states > MAX_STATES) throw tooTangled(steps, leaves);
  }
  // backward: how many combinations lie below each
  for (let position = steps.length - 1; position >= 0; position--) {
    const step = steps[position];
    const next = steps[position + 1];
    const here = counts[position];
    if (!step || !here) continue;
    const below = (alive: bigint): bigint =>
      next ? (counts[position + 1]?.get(alive & next.future) ?? 0n) : 1n;
    for (const alive of here.keys()) {
      const exists = (alive & step.bit) !== 0n;
      const count = exists
        ? step.segments.reduce((sum, { length, kills }) => sum + length * below(alive & ~kills), 0n)
        : below(alive & ~step.killsByAbsence);
      here.set(alive, count);
    }
  }
  return counts;
}

const killsOf = (step: Step, alive: bigint): readonly bigint[] =>
  (alive & step.bit) === 0n ? [step.killsByAbsence] : step.segments.map(({ kills }) => kills);

const tooTangled = (steps: readonly Step[], leaves: readonly Leaf[]): AppError =>
  new AppError(
    "GRID_ENTANGLED",
    `the "when" conditions of ${steps.length} parameters depend on each other in too many ways to count the grid ` +
      `(${leaves[steps[0]?.leaf ?? 0]?.path.join(".")} is one of them): use fewer conditions or method random`,
    { details: { parameters: steps.map(({ leaf }) => leaves[leaf]?.path) } },
  );
