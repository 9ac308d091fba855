import { openPermutation } from "@/math/permutation";
import type { Domain, Values } from "./domain";
import { type Found, openNumbers, toPoints } from "./numbers";
import type { Points } from "./point";

/** The k-th of endless draws from a space, a pure function of k; with `through` it is that of all numbers up to there. */
export type Draw = (k: bigint) => Values & { readonly through?: bigint };

/**
 * Draws without replacement from a finite space, as points by number. Where all configurations are alike likely
 * (`even`) that is a keyed permutation of them. Otherwise as many draws come first as there are configurations, so that
 * the likely ones stand in front; then all of them in a random order, so that none is missing. A space of up to
 * LISTED configurations is gone through once, when it is opened, and repeats are left out of the list. In a larger one
 * they stay, with the hash of the first: whoever hands out points leaves out a hash that was had.
 *
 * @param draw gives only what the constraints allow
 */
export function openDraws(domain: Domain, draw: Draw, seed: string, repeats: number, even: boolean): Points {
  const times = BigInt(repeats);
  const { listed } = domain;
  const own = (k: bigint): Found => toFound(draw(k));
  if (listed === null || listed.size > COUNTABLE) return toPoints(null, null, own, times);
  const { size, exact } = listed;
  const count = exact ? size : null;
  const order = size === 0n ? undefined : openPermutation(size, seed);
  const shuffled = openNumbers(listed, order, (place) => toFound(listed.at(place)));
  if (even) return toPoints(size, count, shuffled, times);
  const drawn = (k: bigint): Found => {
    const first = k < size ? 0n : size;
    const found = k < size ? own(k) : shuffled(k - size);
    if (found.through === undefined) return found;
    return { ...found, through: first + (found.through < size ? found.through : size - 1n) };
  };
  if (size > LISTED) return toPoints(2n * size, count, drawn, times);
  const firsts = listFirsts(drawn, Number(size));
  const listedDraw = (k: bigint): Found => ({ ...drawn(BigInt(firsts[Number(k)] ?? 0)), through: undefined });
  return toPoints(size, count, listedDraw, times);
}

/** 25 ms to go through. */
const LISTED = 4096n;
/** No sweep will come to the end of a space larger than this, and a permutation of one larger than 2^256 is refused. */
const COUNTABLE = 2n ** 100n;

/** Numbers of the draws that show a configuration for the first time. */
function listFirsts(drawn: (k: bigint) => Found, size: number): Uint32Array {
  const firsts = new Uint32Array(size);
  const had = new Set<string>();
  for (let k = 0; had.size < size && k < 2 * size; k++) {
    const hash = Buffer.from(drawn(BigInt(k)).hash).toString("hex");
    if (had.has(hash)) continue;
    firsts[had.size] = k;
    had.add(hash);
  }
  return firsts;
}

const toFound = ({ params, hash, through }: ReturnType<Draw>): Found => ({
  params,
  hash: Buffer.from(hash, "hex"),
  through,
});
