import type { Constraint } from "@/core/constraint";
import { openPermutation } from "@/math/permutation";
import { openSobol } from "@/math/sobol";
import type { Domain, Values } from "./domain";
import { openRedraw } from "./redraw";

/** Points that need no model, in an order of their own. */
export interface Sequence {
  /** The first that is free. @param had how many are not, at most: where far more than that are not, none is. */
  next(isFree: (values: Values) => boolean, had: number): Values | undefined;
  /** Something before the last one given may be free again. */
  rewind(): void;
}

/** The centre of the space, where most people would begin, then scrambled Sobol points. */
export function openDesign(domain: Domain, constraints: readonly Constraint[], seed: string): Sequence {
  const middle = new Float64Array(domain.dimensions.length).fill(Number.NaN);
  const spread = openSpread(domain, constraints, seed, "design");
  return openSequence((k) => (k === 0 ? domain.decode(middle) : spread(k - 1)), null);
}

/** Every configuration of a finite space in a random order; random ones of an endless space. */
export function openRest(domain: Domain, constraints: readonly Constraint[], seed: string): Sequence {
  const { size } = domain;
  if (size !== null && size <= COUNTABLE) {
    const place = size > 0n ? openPermutation(size, seed) : () => 0n;
    return openSequence((k) => domain.at(place(BigInt(k))), Number(size));
  }
  return openSequence(openSpread(domain, constraints, seed, "rest"), null);
}

/**
 * Scrambled Sobol points; where the constraints forbid one, random ones in its place. Each number has a configuration that is
 * allowed, so that a space of which a thousandth is allowed is not taken for one that was gone through.
 *
 * @throws AppError CONSTRAINTS_LEAVE_NOTHING from the function returned
 */
function openSpread(domain: Domain, constraints: readonly Constraint[], seed: string, stream: string) {
  const sobol = openSobol(domain.dimensions.length, seed, [stream]);
  const redraw = openRedraw(domain, constraints, seed, stream);
  const units = new Float64Array(domain.dimensions.length);
  return (k: number): Values => {
    sobol.at(k, units);
    return redraw(BigInt(k), (dimension) => units[dimension] ?? 0.5);
  };
}

/** Counters are plain numbers: nobody comes to the end of a larger space. */
const COUNTABLE = 2n ** 40n;
/** An endless space may be finite in effect (a q_normal whose sigma is far below its q), or a branch of it is: 70 ms to find out. */
const SKIPPED = 1000;

function openSequence(at: (k: number) => Values, size: number | null): Sequence {
  /** None before it is free. */
  let cursor = 0;
  return {
    next(isFree, had) {
      for (const end = size ?? had + SKIPPED; cursor < end; cursor++) {
        const values = at(cursor);
        if (isFree(values)) return values;
      }
      return undefined;
    },
    rewind() {
      cursor = 0;
    },
  };
}
