import { openPermutation } from "@/math/permutation";
import { openSobol } from "@/math/sobol";
import type { Domain, Values } from "./domain";

/** Points that need no model, in an order of their own: `next` gives the first that is free. */
export interface Sequence {
  next(isFree: (values: Values) => boolean): Values | undefined;
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
/** An endless space may have a finite branch that is had by now: nobody looks for the way out for ever. */
const MOST_SKIPPED = 100_000;

function openSequence(at: (k: number) => Values, size: number | null): Sequence {
  /** None before it is free. */
  let cursor = 0;
  return {
    next(isFree) {
      for (let skipped = 0; size !== null || skipped < MOST_SKIPPED; skipped++) {
        if (size !== null && cursor >= size) return undefined;
        const values = at(cursor);
        if (isFree(values)) return values;
        cursor++;
      }
      return undefined;
    },
    rewind() {
      cursor = 0;
    },
  };
}
