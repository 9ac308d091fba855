import { openStream, philox4x32 } from "@/math/random";

/**
 * The next draw, and the next: a counter of its own over math/random's generator, for loops that need thousands of numbers.
 * Equal seeds and labels give equal rows of draws.
 */
export interface Dice {
  /** Uniform in (0, 1). */
  unit(): number;
  /** Uniform among 0 .. sides - 1. */
  roll(sides: number): number;
  /**
   * About a standard normal: the sum of four uniforms, scaled. Within 3.5, and cheap; good for steps of a search, where the
   * shape of the tails does not matter.
   */
  step(): number;
}

export function openDice(seed: string, label: readonly string[]): Dice {
  const { key, lane } = openStream(seed, label);
  const words = new Uint32Array(4);
  let counter = 0;
  let at = 4;
  const word = (): number => {
    if (at === 4) {
      philox4x32(counter++, 0, lane[0], lane[1], key[0], key[1], words);
      at = 0;
    }
    return words[at++] as number;
  };
  // 32 bits each are enough here
  const unit = (): number => (word() + 0.5) / 0x100000000;
  return {
    unit,
    roll: (sides) => Math.floor(unit() * sides),
    step: () => (unit() + unit() + unit() + unit() - 2) * SQRT_3,
  };
}

/** Four uniforms have a variance of 4 / 12. */
const SQRT_3 = Math.sqrt(3);
