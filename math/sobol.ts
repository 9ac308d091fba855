import { drawWords, openStream } from "./random";
import { SOBOL_DIRECTIONS } from "./sobol-directions";

/**
 * Scrambled Sobol points: any 2^m points from a multiple of 2^m on fill the unit cube far more evenly than random ones (one
 * in each of 2^m slices of every coordinate, and the like for pairs), and are random all the same. Point `index` is a pure
 * function of (seed, index), so nothing is stored.
 *
 * The scrambling is Owen's nested uniform scrambling, by a hash in which each bit depends on the bits above it only: Laine
 * and Karras (2011) with Vegdahl's constants (2021), as in Burley, "Practical hash-based Owen scrambling", JCGT 9 (2020).
 * Keys come from math/random.ts. Integer arithmetic only: the same points everywhere.
 *
 * Beyond the table's 256 dimensions the same directions serve again for the next 256, with the points in an order of their
 * own (the index is scrambled in the same nested way, which keeps every run of 2^m points together) and other keys. Each
 * block of 256 is then as even as the first; between blocks the coordinates are as random.
 */
export interface Sobol {
  readonly dimensions: number;
  /** Writes the point with this number (0 <= index < 2^32) into `out`; each coordinate is inside (0, 1). */
  at(index: number, out: Float64Array): Float64Array;
}

const BITS = 32;
const TWO_TO_32 = 0x100000000;

export function openSobol(dimensions: number, seed: string, label: readonly string[] = []): Sobol {
  if (!(Number.isSafeInteger(dimensions) && dimensions >= 0))
    throw new RangeError(`the number of dimensions must be a whole number of at least 0, not ${dimensions}`);
  const stream = openStream(seed, ["sobol", ...label]);
  const words = new Uint32Array(4);
  const keys = new Uint32Array(dimensions);
  const orders = new Uint32Array(Math.ceil(dimensions / SOBOL_DIMENSIONS));
  for (let d = 0; d < dimensions; d++) {
    drawWords(stream, BigInt(d), words);
    keys[d] = words[0] as number;
    if (d % SOBOL_DIMENSIONS === 0) orders[d / SOBOL_DIMENSIONS] = words[1] as number;
  }
  return {
    dimensions,
    at(index, out) {
      if (!(Number.isInteger(index) && index >= 0 && index < TWO_TO_32))
        throw new RangeError(`a Sobol point's number lies within 0 .. 2^32 - 1, not ${index}`);
      for (let d = 0; d < dimensions; d++) {
        const block = Math.floor(d / SOBOL_DIMENSIONS);
        const place = block === 0 ? index : scramble(index, orders[block] as number);
        const word = scramble(sobolWord(d % SOBOL_DIMENSIONS, place), keys[d] as number);
        out[d] = (word + 0.5) / TWO_TO_32;
      }
      return out;
    },
  };
}

/** The coordinate before scrambling, as 32 bits after the point. The published order is that of index ^ (index >> 1). */
export function sobolWord(dimension: number, index: number): number {
  const first = dimension * BITS;
  let word = 0;
  for (let bit = 0, rest = index >>> 0; rest !== 0; bit++, rest >>>= 1)
    if (rest & 1) word ^= DIRECTIONS[first + bit] as number;
  return word >>> 0;
}

const DIRECTIONS = readDirections();
export const SOBOL_DIMENSIONS = DIRECTIONS.length / BITS;

/** Bratley and Fox, "Algorithm 659", ACM Trans. Math. Softw. 14 (1988): v_i from the v of as many places before as the degree. */
function readDirections(): Uint32Array {
  const rows = SOBOL_DIRECTIONS.trim()
    .split(",")
    .map((row) => row.trim().split(" ").map(Number));
  const out = new Uint32Array((rows.length + 1) * BITS);
  for (let i = 0; i < BITS; i++) out[i] = 2 ** (BITS - 1 - i);
  for (const [row, [polynomial = 0, ...numbers]] of rows.entries()) {
    const v = out.subarray((row + 1) * BITS, (row + 2) * BITS);
    const degree = numbers.length;
    for (let i = 0; i < BITS; i++) {
      if (i < degree) {
        v[i] = (numbers[i] as number) << (BITS - 1 - i);
        continue;
      }
      const before = v[i - degree] as number;
      let word = before ^ (before >>> degree);
      for (let k = 1; k < degree; k++) if ((polynomial >>> (degree - k)) & 1) word ^= v[i - k] as number;
      v[i] = word;
    }
  }
  return out;
}

/** Each bit is flipped or not by a hash of the key and the bits above it. */
function scramble(word: number, key: number): number {
  let x = reverseBits(word);
  x ^= Math.imul(x, 0x3d20adea);
  x = (x + key) | 0;
  x = Math.imul(x, (key >>> 16) | 1);
  x ^= Math.imul(x, 0x05526c56);
  x ^= Math.imul(x, 0x53a22864);
  return reverseBits(x);
}

function reverseBits(word: number): number {
  let x = word;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}
