import type { Constraint } from "@/core/constraint";
import { parametersIn } from "@/core/constraint/mentions";
import type { Leaf } from "@/core/leaves";
import { drawUnit, openStream } from "@/math/random";
import type { Combinations } from "./combinations";
import type { Dimension } from "./dimension";
import { nothingLeft } from "./nothing-left";

/**
 * By leaf: whether constraints ask about it, or about one that exists by it, be that one a constant. Of these the dimensions
 * are drawn anew in each attempt; all others keep their first draw.
 */
export function leavesAsked(leaves: readonly Leaf[], constraints: readonly Constraint[]): boolean[] {
  const asked = new Set(
    constraints.flatMap(({ test }) => parametersIn(test).map((path) => JSON.stringify(path))),
  );
  const isAsked: boolean[] = leaves.map(() => false);
  const add = (leaf: number): void => {
    if (isAsked[leaf]) return;
    isAsked[leaf] = true;
    for (const { on } of leaves[leaf]?.conditions ?? []) add(on);
  };
  for (const [leaf, { path }] of leaves.entries()) if (asked.has(JSON.stringify(path))) add(leaf);
  return isAsked;
}

/** Draws before a space without an end counts as one that has nothing allowed. */
const MOST_DRAWS = 100_000;

/** What is asked of a domain. */
interface Space {
  readonly dimensions: readonly Dimension[];
  readonly listed: Pick<Combinations, "seek"> | null;
  sampleAllowed(unit: (dimension: number, attempt: number) => number, most: number): object | undefined;
}

/** @throws AppError CONSTRAINTS_LEAVE_NOTHING */
export function refuseNothing(
  { dimensions, listed, sampleAllowed }: Space,
  constraints: readonly Constraint[],
): void {
  if (listed) {
    if (listed.seek(0n) === undefined) throw nothingLeft(constraints, "no configuration");
    return;
  }
  const streams = dimensions.map(({ path }) => openStream("constraints", path));
  const unit = (dimension: number, attempt: number): number => {
    const stream = streams[dimension];
    return stream ? drawUnit(stream, BigInt(attempt)) : 0.5;
  };
  if (sampleAllowed(unit, MOST_DRAWS) === undefined)
    throw nothingLeft(constraints, `none of ${MOST_DRAWS} random configurations`);
}
