import { openStream, philox4x32, type Stream } from "./random";

/**
 * A random order of 0 .. size - 1 without a list of it: the position k holds `permute(k)`, for any size.
 *
 * A Feistel network over the smallest even number of bits that hold `size`, with Philox as its round function, is a
 * bijection on those bits; an image of `size` or beyond is sent through again until one falls inside ("cycle walking",
 * Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). The domain is less than four times `size`, so
 * that takes under four rounds of the network on average. Integer arithmetic only: the same order everywhere.
 */
export type Permutation = (position: bigint) => bigint;

/** Luby and Rackoff need 4 rounds for a pseudo-random permutation; more because tiny halves mix little in each. */
const ROUNDS = 8;
const WORD_MASK = 0xffffffffn;

export function openPermutation(size: bigint, seed: string): Permutation {
  if (size <= 0n) throw new RangeError(`a permutation needs a positive size, not ${size}`);
  const halfBits = Math.max(1, Math.ceil((size - 1n).toString(2).length / 2));
  if (halfBits > 128) throw new RangeError(`a permutation of ${size} is larger than 2^256`);
  const stream = openStream(seed, ["permutation"]);
  const half = BigInt(halfBits);
  const mask = (1n << half) - 1n;
  const onePass = halfBits <= 26 ? passOfNumbers(stream, halfBits) : passOfBigints(stream, half, mask);
  return (position) => {
    if (position < 0n || position >= size)
      throw new RangeError(`${position} is not within 0 .. ${size - 1n}`);
    let image = onePass(position);
    while (image >= size) image = onePass(image);
    return image;
  };
}

/** Halves of up to 26 bits fit a double together: four times as fast as bigints. */
function passOfNumbers({ key, lane }: Stream, halfBits: number): Permutation {
  const out = new Uint32Array(4);
  const mask = 2 ** halfBits - 1;
  return (position) => {
    const whole = Number(position);
    let left = Math.floor(whole / (mask + 1));
    let right = whole % (mask + 1);
    for (let round = 0; round < ROUNDS; round++) {
      philox4x32(right, round, lane[0], lane[1], key[0], key[1], out);
      const mixed = (left ^ (out[0] ?? 0)) & mask;
      left = right;
      right = mixed;
    }
    return BigInt(left * (mask + 1) + right);
  };
}

/** Halves of up to 128 bits: the round function takes and gives them as two 64-bit counters. */
function passOfBigints({ key, lane }: Stream, half: bigint, mask: bigint): Permutation {
  const out = new Uint32Array(4);
  const word = (value: bigint, index: bigint): number => Number((value >> (32n * index)) & WORD_MASK);
  return (position) => {
    let left = position >> half;
    let right = position & mask;
    for (let round = 0; round < ROUNDS; round++) {
      // Two applications absorb all 128 bits of the half: the first block's words go on into the second.
      philox4x32(word(right, 0n), word(right, 1n), round, lane[0], key[0], key[1], out);
      philox4x32(
        (word(right, 2n) ^ (out[0] ?? 0)) >>> 0,
        (word(right, 3n) ^ (out[1] ?? 0)) >>> 0,
        out[2] ?? 0,
        ((out[3] ?? 0) ^ lane[1]) >>> 0,
        key[0],
        key[1],
        out,
      );
      const mixed =
        BigInt(out[0] ?? 0) |
        (BigInt(out[1] ?? 0) << 32n) |
        (BigInt(out[2] ?? 0) << 64n) |
        (BigInt(out[3] ?? 0) << 96n);
      const next = (left ^ mixed) & mask;
      left = right;
      right = next;
    }
    return (left << half) | right;
  };
}
