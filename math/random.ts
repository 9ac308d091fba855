/**
 * Draws that are pure functions of (seed, label, counter): nothing is stored, any draw can be repeated anywhere.
 *
 * The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
 * a keyed bijection of 128-bit counters that passes BigCrush. It is integer arithmetic only, so its draws are the
 * same bytes on every machine and in every version of Node; test/math/random.test.ts holds its published answers.
 */

/** A stream of its own for each seed and label. Two words of Philox key, two of its counter. */
export interface Stream {
  readonly key: readonly [number, number];
  readonly lane: readonly [number, number];
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Golden ratio and sqrt(3) - 1, the paper's key schedule. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const WORD_MASK = 0xffffffffn;

/** Writes four random words into `out`. All arguments are unsigned 32-bit words. */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper word of a 32 x 32 bit product, by 16-bit halves: a double holds only 53 bits of it. No sum here reaches 2^32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + (middle >>> 16) + ((aLow * bHigh + (middle & 0xffff)) >>> 16);
}

/** The stream that belongs to a seed (any text) and a label such as a parameter's path. */
export function openStream(seed: string, label: readonly string[]): Stream {
  // Lengths first: ("a", ["bc"]) and ("ab", ["c"]) must not meet.
  const parts = [seed, ...label];
  const text = parts.map((part) => `${part.length}:${part}`).join("");
  const [a, b, c, d] = digest(text);
  return { key: [a, b], lane: [c, d] };
}

/** 128 bits of a text: Philox as a compression function in the manner of Davies and Meyer, 8 bytes at a time. */
function digest(text: string): [number, number, number, number] {
  const state: [number, number, number, number] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]; // digits of pi
  const out = new Uint32Array(4);
  for (let i = 0; i <= text.length; i += 4) {
    const unit = (offset: number): number => (i + offset < text.length ? text.charCodeAt(i + offset) + 1 : 0);
    const k0 = (unit(0) | (unit(1) << 16)) >>> 0;
    const k1 = (unit(2) | (unit(3) << 16)) >>> 0;
    philox4x32(state[0], state[1], state[2], state[3], k0, k1, out);
    for (let word = 0; word < 4; word++) state[word] = ((state[word] ?? 0) ^ (out[word] ?? 0)) >>> 0;
  }
  return state;
}

const scratch = new Uint32Array(4);

/** The draw with this number, in the open interval (0, 1): odd multiples of 2^-53, so an inverse CDF never meets 0 or 1. */
export function drawUnit(stream: Stream, counter: bigint): number {
  drawWords(stream, counter, scratch);
  const high = (scratch[0] ?? 0) >>> 6;
  const low = (scratch[1] ?? 0) >>> 6;
  return (high * 0x4000000 + low + 0.5) / 0x10000000000000;
}

/** Four random words for a counter below 2^64. */
export function drawWords({ key, lane }: Stream, counter: bigint, out: Uint32Array): void {
  const low = Number(counter & WORD_MASK);
  const high = Number((counter >> 32n) & WORD_MASK);
  philox4x32(low, high, lane[0], lane[1], key[0], key[1], out);
}
