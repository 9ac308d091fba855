import { normalCdf, normalPpf } from "@/math/special";

/**
 * The margin of Hamano et al. ("CMA-ES with margin: lower-bounding marginal probability for mixed-integer black-box
 * optimization", GECCO 2022): a number of few values, whose distribution has shrunk into one value's cell, would never be
 * drawn otherwise again. Its mean and spread are moved so that each side of the cell keeps a chance of α / 2, and of the
 * one side that there is at an end of the range α. A number whose steps are finer than the digits of its places has cells of no
 * width, or of no end: it is a range there, and stays as it is.
 *
 * @param spread standard deviation of the number's own distribution
 * @param cell where the value's cell ends, infinite at the ends of the range
 */
export function keepMargin(
  mean: number,
  spread: number,
  [low, high]: readonly [number, number],
  alpha: number,
): { readonly mean: number; readonly spread: number } {
  const isEndless = low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY;
  if (isEndless || !(high > low)) return { mean, spread };
  if (low === Number.NEGATIVE_INFINITY) {
    const chance = normalCdf((mean - high) / spread);
    return { mean: chance < alpha ? high + spread * normalPpf(alpha) : mean, spread };
  }
  if (high === Number.POSITIVE_INFINITY) {
    const chance = normalCdf((low - mean) / spread);
    return { mean: chance < alpha ? low - spread * normalPpf(alpha) : mean, spread };
  }
  const below = normalCdf((low - mean) / spread);
  const above = normalCdf((mean - high) / spread);
  if (below >= alpha / 2 && above >= alpha / 2) return { mean, spread };
  const within = 1 - below - above;
  const [least, most] = [Math.max(alpha / 2, below), Math.max(alpha / 2, above)];
  // what was added on one side is taken from all three, as far as they lie above their least
  const excess = (1 - least - most - within) / (least + most + within - 1.5 * alpha);
  const [newBelow, newAbove] = [least + excess * (least - alpha / 2), most + excess * (most - alpha / 2)];
  const [down, up] = [-normalPpf(newBelow), -normalPpf(newAbove)];
  return { mean: (low * up + high * down) / (down + up), spread: (high - low) / (down + up) };
}
