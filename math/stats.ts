import { expm1, log, log1p } from "./elementary";
import { normalPpf } from "./special";

/**
 * Summaries of a list of numbers, and transformations that make one look normal. Values are expected to be finite; an empty
 * list has NaN for every summary.
 */

/** The value below which a part `q` of the list lies, between neighbours in a straight line (type 7, as NumPy and R do). */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}

export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0 || !(q >= 0 && q <= 1)) return Number.NaN;
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low === high ? low : low * (1 - (place - below)) + high * (place - below);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** 1 / the third quartile of the standard normal: makes the median deviation estimate a standard deviation. */
const MAD_TO_DEVIATION = 1.482602218505602;

/** A standard deviation that half of the values may not disturb: the median distance from the median, scaled. */
export function robustDeviation(values: ArrayLike<number>): number {
  const middle = median(values);
  return MAD_TO_DEVIATION * median(Float64Array.from(values, (value) => Math.abs(value - middle)));
}

export interface Moments {
  readonly mean: number;
  /** Divided by the number of values, as for a whole population; 0 for a single one. */
  readonly variance: number;
}

/** Welford's method: no cancellation, however far the values lie from 0. */
export function moments(values: ArrayLike<number>): Moments {
  if (values.length === 0) return { mean: Number.NaN, variance: Number.NaN };
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const away = (values[i] as number) - mean;
    mean += away / (i + 1);
    squares += away * ((values[i] as number) - mean);
  }
  return { mean, variance: squares / values.length };
}

/** Ranks from 1; equal values share the mean of their places. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  order.sort((i, j) => (values[i] as number) - (values[j] as number) || i - j);
  const out = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] as number];
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === value) to++;
    for (let k = from; k < to; k++) out[order[k] as number] = (from + 1 + to) / 2;
    from = to;
  }
  return out;
}

/** What a normal sample of this size would show at each rank (Blom's (r - 3/8) / (n + 1/4)). */
export function normalScores(values: ArrayLike<number>): Float64Array {
  return ranks(values).map((rank) => normalPpf((rank - 0.375) / (values.length + 0.25)));
}

/** Yeo and Johnson, "A new family of power transformations", Biometrika 87 (2000): increasing, smooth, 0 stays 0. */
export function yeoJohnson(y: number, lambda: number): number {
  return y >= 0 ? power(log1p(y), lambda) : -power(log1p(-y), 2 - lambda);
}

/** The y with yeoJohnson(y, lambda) = t; NaN or infinite beyond the range of the transformation. */
export function yeoJohnsonInverse(t: number, lambda: number): number {
  return t >= 0 ? unpower(t, lambda) : -unpower(-t, 2 - lambda);
}

/** Nearer to 0 the limit is exact to the last digit, and products of two small numbers may vanish. */
const NO_EXPONENT = 1e-20;

/** ((1 + y)^exponent - 1) / exponent, from log(1 + y); the limit for an exponent of 0 is the logarithm. */
function power(logarithm: number, exponent: number): number {
  return Math.abs(exponent) < NO_EXPONENT ? logarithm : expm1(exponent * logarithm) / exponent;
}

function unpower(t: number, exponent: number): number {
  return expm1(Math.abs(exponent) < NO_EXPONENT ? t : log1p(exponent * t) / exponent);
}

export interface Range {
  readonly lower: number;
  readonly upper: number;
}

const GRID_STEPS = 24;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The lambda under which the values look most like a normal sample (profile likelihood). Best given roughly standardized
 * values; 1, which changes nothing, when they do not vary. A grid first, because the likelihood may have two hills, then
 * golden section to 1e-6 around the best.
 */
export function fitYeoJohnson(
  values: ArrayLike<number>,
  { lower, upper }: Range = { lower: -2, upper: 4 },
): number {
  const logs = Float64Array.from(values, (y) => (y >= 0 ? log1p(y) : -log1p(-y)));
  const { variance } = moments(logs);
  if (!(variance > 0)) return 1;
  const likelihood = likelihoodOf(logs);
  const width = (upper - lower) / GRID_STEPS;
  let best = lower;
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k <= GRID_STEPS; k++) {
    const found = likelihood(lower + k * width);
    if (found > most) {
      most = found;
      best = lower + k * width;
    }
  }
  return climb(likelihood, Math.max(lower, best - width), Math.min(upper, best + width));
}

/** log likelihood of lambda up to a constant, from the signed logs of 1 + |y|: -n/2 log var + (lambda - 1) sum of logs. */
function likelihoodOf(logs: Float64Array): (lambda: number) => number {
  const total = logs.reduce((sum, value) => sum + value, 0);
  const transformed = new Float64Array(logs.length);
  return (lambda) => {
    for (let i = 0; i < logs.length; i++) {
      const value = logs[i] as number;
      transformed[i] = value >= 0 ? power(value, lambda) : -power(-value, 2 - lambda);
    }
    const found = -0.5 * logs.length * log(moments(transformed).variance) + (lambda - 1) * total;
    return Number.isFinite(found) ? found : Number.NEGATIVE_INFINITY;
  };
}

/** The top of a single hill between two bounds. */
function climb(height: (x: number) => number, from: number, to: number): number {
  let left = to - GOLDEN * (to - from);
  let right = from + GOLDEN * (to - from);
  let leftHeight = height(left);
  let rightHeight = height(right);
  while (to - from > 1e-6) {
    if (leftHeight >= rightHeight) {
      to = right;
      right = left;
      rightHeight = leftHeight;
      left = to - GOLDEN * (to - from);
      leftHeight = height(left);
    } else {
      from = left;
      left = right;
      leftHeight = rightHeight;
      right = from + GOLDEN * (to - from);
      rightHeight = height(right);
    }
  }
  return (from + to) / 2;
}
