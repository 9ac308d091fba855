import type { Constraint } from "@/core/constraint";
import { parametersIn } from "@/core/constraint/mentions";
import { drawUnit, openStream } from "@/math/random";
import type { Combinations } from "./combinations";
import type { Dimension } from "./dimension";
import { nothingLeft } from "./nothing-left";

/**
 * By dimension: whether constraints ask about it, or about one that exists by it. These are drawn anew in each attempt; all
 * others keep their first draw.
 */
export function dimensionsAsked(
  dimensions: readonly Dimension[],
  constraints: readonly Constraint[],
): boolean[] {
  const asked = new Set(
    constraints.flatMap(({ test }) => parametersIn(test).map((path) => JSON.stringify(path))),
  );
  const isAsked = dimensions.map(({ path }) => asked.has(JSON.stringify(path)));
  const add = (index: number): void => {
    for (const { on } of dimensions[index]?.conditions ?? []) {
      if (isAsked[on]) continue;
      isAsked[on] = true;
      add(on);
    }
  };
  for (const [index, own] of [...isAsked].entries()) if (own) add(index);
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
