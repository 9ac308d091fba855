import { openPermutation } from "@/math/permutation";
import type { Domain, Values } from "./domain";
import type { Points } from "./point";

/** The k-th of endless draws from a space, a pure function of k. */
export type Draw = (k: bigint) => Values;

/**
 * Draws without replacement from a finite space, as points by number. Where all configurations are alike likely
 * (`even`) that is a keyed permutation of them. Otherwise as many draws come first as there are configurations, so that
 * the likely ones stand in front; then all of them in a random order, so that none is missing. A space of up to
 * LISTED configurations is gone through once, when it is opened, and repeats are left out of the list. In a larger one
 * they stay, with the hash of the first: whoever hands out points leaves out a hash that was had.
 */
export function openDraws(domain: Domain, draw: Draw, seed: string, repeats: number, even: boolean): Points {
  const times = BigInt(repeats);
  const { size } = domain;
  if (size === null || size > COUNTABLE) return toPoints(null, draw, times);
  const toPlace = size === 0n ? undefined : openPermutation(size, seed);
  const shuffled: Draw = (k) => domain.at(toPlace?.(k) ?? 0n);
  if (even) return toPoints(size, shuffled, times);
  const drawn: Draw = (k) => (k < size ? draw(k) : shuffled(k - size));
  if (size > LISTED) return { ...toPoints(2n * size, drawn, times), count: size * times };
  const firsts = listFirsts(drawn, Number(size));
  return toPoints(size, (k) => drawn(BigInt(firsts[Number(k)] ?? 0)), times);
}

/** 25 ms to go through. */
const LISTED = 4096n;
/** No sweep will come to the end of a space larger than this, and a permutation of one larger than 2^256 is refused. */
const COUNTABLE = 2n ** 100n;

/** Numbers of the draws that show a configuration for the first time. */
function listFirsts(drawn: Draw, size: number): Uint32Array {
  const firsts = new Uint32Array(size);
  const had = new Set<string>();
  for (let k = 0; had.size < size && k < 2 * size; k++) {
    const { hash } = drawn(BigInt(k));
    if (had.has(hash)) continue;
    firsts[had.size] = k;
    had.add(hash);
  }
  return firsts;
}

function toPoints(configurations: bigint | null, draw: Draw, times: bigint): Points {
  const size = configurations === null ? null : configurations * times;
  return {
    size,
    count: size,
    at(index) {
      if (index < 0n || (size !== null && index >= size))
        throw new RangeError(`point ${index} is not within 0 .. ${size === null ? "" : size - 1n}`);
      const { params, hash } = draw(index / times);
      return { params, hash: Buffer.from(hash, "hex"), repeat: Number(index % times) };
    },
  };
}
