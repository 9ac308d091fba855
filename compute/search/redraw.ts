import type { Constraint } from "@/core/constraint";
import { drawUnit, openStream } from "@/math/random";
import type { Domain, Values } from "./domain";
import { nothingLeft } from "./nothing-left";

/** Between the attempts for one number: no sweep has as many configurations. */
const APART = 2n ** 40n;
/** 20 times as many as a sweep is refused after: what one draw in 100,000 is allowed is found with a chance of 1 - 2e-9. */
const MOST_ATTEMPTS = 2_000_000;

/**
 * The k-th configuration of a sequence, drawn again until the constraints allow it: attempt by attempt from streams of each dimension's
 * own, of which no two numbers share a draw. It depends on the seed and k alone.
 *
 * @param stream tells sequences of one seed apart; absent for random search's own
 */
export function openRedraw(
  domain: Pick<Domain, "dimensions" | "sampleAllowed">,
  constraints: readonly Constraint[],
  seed: string,
  stream?: string,
) {
  const streams = domain.dimensions.map(({ path }) => openStream(seed, stream ? [stream, ...path] : path));
  const random = (dimension: number, k: bigint, attempt: number): number => {
    const own = streams[dimension];
    return own ? drawUnit(own, BigInt.asUintN(64, k + BigInt(attempt) * APART)) : 0.5;
  };
  /**
   * @param first what the first attempt takes in place of a draw
   * @throws AppError CONSTRAINTS_LEAVE_NOTHING
   */
  return (k: bigint, first?: (dimension: number) => number): Values => {
    const values = domain.sampleAllowed(
      (dimension, attempt) => (first && attempt === 0 ? first(dimension) : random(dimension, k, attempt)),
      MOST_ATTEMPTS,
    );
    if (values !== undefined) return values;
    throw nothingLeft(constraints, `none of ${MOST_ATTEMPTS} draws for configuration ${k}`);
  };
}
