import { exp, log, log1p } from "@/math/elementary";
import { fitYeoJohnson, median, moments, robustDeviation, yeoJohnson, yeoJohnsonInverse } from "@/math/stats";

/**
 * From a metric's values to targets that look like a sample of a Gaussian process, and back: higher is better, mean 0,
 * variance 1.
 *
 * | symbol | meaning                                                                                  |
 * | ------ | ---------------------------------------------------------------------------------------- |
 * | v      | a value as the program logged it                                                         |
 * | g      | ± v / unit, so that more is better                                                       |
 * | f, r   | where the bad tail begins: 6 robust deviations r below the median                        |
 * | h      | g, and below f: f - r ln(1 + (f - g) / r): a loss of 1e10 counts as some 25 deviations     |
 * | z      | (h - mean) / deviation                                                                   |
 * | y      | Yeo-Johnson of z with the λ under which it is most normal, standardised once more        |
 */
export interface Warp {
  toTarget(value: number): number;
  /** The value whose target this is; beyond the range of the transformation the last value that it reaches. */
  toValue(target: number): number;
}

export function fitWarp(values: readonly number[], goal: "minimize" | "maximize"): Warp {
  // Differences of the largest numbers overflow. A power of two costs no digit, and small values do not vanish beside one of 1e308.
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const unit = (goal === "maximize" ? 1 : -1) * (largest > 1e300 ? 2 ** 20 : 1);
  const good = Float64Array.from(values, (value) => value / unit);
  const tail = openTail(good);
  const drawn = good.map(tail.draw);
  const size = drawn.reduce((most, each) => Math.max(most, Math.abs(each)), 0) || 1;
  const held = drawn.map((each) => each / size);
  const { mean, variance } = moments(held);
  // equal values but for rounding are a constant
  const deviation = Math.sqrt(variance) > 1e-13 * Math.abs(mean) ? Math.sqrt(variance) : 1;
  const standard = held.map((h) => (h - mean) / deviation);
  const lambda = values.length > 2 ? fitYeoJohnson(standard) : 1;
  const warped = moments(standard.map((z) => yeoJohnson(z, lambda)));
  const spread = warped.variance > 0 ? Math.sqrt(warped.variance) : 1;
  return {
    toTarget: (value) =>
      (yeoJohnson((tail.draw(value / unit) / size - mean) / deviation, lambda) - warped.mean) / spread,
    toValue: (target) =>
      unit *
      tail.release(
        size * (mean + deviation * yeoJohnsonInverse(within(warped.mean + spread * target, lambda), lambda)),
      ),
  };
}

const TAIL_FROM = 6;

interface Tail {
  draw(g: number): number;
  release(h: number): number;
}

function openTail(good: Float64Array): Tail {
  // Where more than half of the values are one, the others tell how far apart values are.
  const middle = median(good);
  const r = robustDeviation(good) || robustDeviation(good.filter((g) => g !== middle)) || 0;
  if (!(r > 0)) return { draw: (g) => g, release: (h) => h };
  const f = median(good) - TAIL_FROM * r;
  return {
    draw: (g) => (g < f ? f - r * logBeyond(f - g, r) : g),
    release: (h) => (h < f ? f - toBeyond((f - h) / r, r) : h),
  };
}

/** ln(1 + way / r), where the quotient overflows, too: values of 1e-8, and one of 1e305. */
const logBeyond = (way: number, r: number): number =>
  way / r < Number.MAX_VALUE ? log1p(way / r) : log(way) - log(r);
/** Its inverse. */
const toBeyond = (steps: number, r: number): number =>
  steps < MOST_STEPS ? r * (exp(steps) - 1) : exp(steps + log(r));
/** Their exponential is a number. */
const MOST_STEPS = 709;

/** Yeo-Johnson's t ends at -1/λ above for λ < 0, at -1/(λ - 2) below for λ > 2. */
function within(t: number, lambda: number): number {
  if (lambda < 0) return Math.min(t, (-1 / lambda) * (1 - 1e-9));
  if (lambda > 2) return Math.max(t, (-1 / (lambda - 2)) * (1 - 1e-9));
  return t;
}
