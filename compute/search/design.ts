import { openPermutation } from "@/math/permutation";
import { openSobol } from "@/math/sobol";
import type { Domain, Values } from "./domain";

/** Points that need no model, in an order of their own. */
export interface Sequence {
  /** The first that is free. @param had how many are not, at most: where far more than that are not, none is. */
  next(isFree: (values: Values) => boolean, had: number): Values | undefined;
  /** Something before the last one given may be free again. */
  rewind(): void;
}

/** The centre of the space, where most people would begin, then scrambled Sobol points. */
export function openDesign(domain: Domain, seed: string): Sequence {
  const D = domain.dimensions.length;
  const sobol = openSobol(D, seed, ["design"]);
  const units = new Float64Array(D);
  return openSequence((k) => {
    if (k === 0) return domain.decode(new Float64Array(D).fill(Number.NaN));
    sobol.at(k - 1, units);
    return domain.sample((dimension) => units[dimension] ?? 0.5);
  }, null);
}

/** Every configuration of a finite space in a random order; random ones of an endless space. */
export function openRest(domain: Domain, seed: string): Sequence {
  const { size } = domain;
  if (size !== null && size <= COUNTABLE) {
    const place = size > 0n ? openPermutation(size, seed) : () => 0n;
    return openSequence((k) => domain.at(place(BigInt(k))), Number(size));
  }
  const sobol = openSobol(domain.dimensions.length, seed, ["rest"]);
  const units = new Float64Array(domain.dimensions.length);
  return openSequence((k) => {
    sobol.at(k, units);
    return domain.sample((dimension) => units[dimension] ?? 0.5);
  }, null);
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
