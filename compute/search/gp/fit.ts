import { cholesky, inverseFromCholesky } from "@/math/cholesky";
import { log } from "@/math/elementary";
import { type Minimum, minimize } from "@/math/lbfgs";
import { solveLower, solveLowerTransposed, toTiles } from "@/math/triangular";
import { keep, kernels, markKept, releaseKept } from "@/math/wasm/kernels";
import { highest, lowest, penalty, toHyper } from "./hyper";
import { type Axes, matern, pairDistances } from "./kernel";

/**
 * The hyperparameters that explain the data best: the maximum of likelihood times belief, by L-BFGS on θ.
 *
 * | symbol  | meaning                                                          | shape     |
 * | ------- | ---------------------------------------------------------------- | --------- |
 * | n, D    | points; dimensions                                               |           |
 * | X       | points (see kernel.ts)                                           | D x n     |
 * | y       | targets, the mean of a point's runs; their own mean about 0      | n         |
 * | c       | runs of a point                                                  | n         |
 * | K       | a k(q) + diag(s / c)                                             | n x n     |
 * | β       | level, the mean far from all points: 1ᵀK⁻¹y / (1ᵀK⁻¹1 + 1 / v)    |           |
 * | α       | K⁻¹ (y - β)                                                      | n         |
 * | W       | α αᵀ - K⁻¹                                                       | n x n     |
 * | R, S    | runs beyond the first of each point; squared differences from their points' means |  |
 * | f       | ½ (y - β)ᵀα + ½ β² / v + Σ ln L_ii + ½ R ln s + ½ S / s + penalties |        |
 *
 * ∂f/∂θ = -½ tr(W ∂K/∂θ) + ... R and S make f the likelihood of single runs, though K has one row a point: runs of
 * one point tell the noise apart from the signal.
 */
export interface Data {
  readonly axes: Axes;
  /** A column of `count` a dimension. */
  readonly X: Float64Array;
  readonly count: number;
  readonly y: Float64Array;
  readonly runs: Float64Array;
  readonly extraRuns: number;
  readonly scatter: number;
  /** How dear noise is; as dear as a search wants it when absent. */
  readonly noisy?: number;
  /** v, how far from 0 the level may lie; it is 0 when absent. */
  readonly levelVariance?: number;
}

/** f and its slope at θ; Infinity where K is not positive definite to working precision. */
export function openLikelihood(data: Data): (theta: Float64Array, gradient: Float64Array) => number {
  const { axes, X, count, y, runs, extraRuns, scatter, noisy, levelVariance = 0 } = data;
  const D = axes.count;
  const pairs = (count * (count - 1)) / 2;
  const { k, slope, weigh, lean } = openPairs(pairDistances(axes, X, count, count), pairs, D);
  const L = new Float64Array(count * count);
  const inverse = new Float64Array(count * count);
  const alpha = new Float64Array(count);
  const ones = new Float64Array(count);

  return (theta, gradient) => {
    const { w, a, s } = toHyper(theta, D);
    weigh(w);
    const q = k();
    for (let i = 0, pair = 0; i < count; i++) {
      for (let j = 0; j < i; j++, pair++) L[i * count + j] = a * (q[pair] as number);
      L[i * count + i] = a + s / (runs[i] as number);
    }
    if (!cholesky(L, count, { maxJitter: 0 }).ok) {
      gradient.fill(0);
      return Number.POSITIVE_INFINITY;
    }

    solveLower(L, count, count, y, alpha);
    let f = 0.5 * extraRuns * log(s) + (0.5 * scatter) / s;
    if (levelVariance > 0) {
      // The level is where f is least: it has no slope of its own.
      solveLower(L, count, count, ones.fill(1), ones);
      const level = levelOf(ones, alpha, count, levelVariance);
      for (let i = 0; i < count; i++) alpha[i] = (alpha[i] as number) - level * (ones[i] as number);
      f += (0.5 * level * level) / levelVariance;
    }
    for (let i = 0; i < count; i++)
      f += 0.5 * (alpha[i] as number) * (alpha[i] as number) + log(L[i * count + i] as number);
    solveLowerTransposed(L, count, count, alpha, alpha);
    inverseFromCholesky(L, count, count, inverse);

    const [signal, steep] = [k(), slope()];
    let traceSignal = 0;
    let traceNoise = 0;
    for (let i = 0, pair = 0; i < count; i++) {
      const ai = alpha[i] as number;
      const row = i * count;
      for (let j = 0; j < i; j++, pair++) {
        const W = ai * (alpha[j] as number) - (inverse[row + j] as number);
        traceSignal += 2 * W * (signal[pair] as number);
        steep[pair] = W * (steep[pair] as number);
      }
      const W = ai * ai - (inverse[row + i] as number);
      traceSignal += W;
      traceNoise += W / (runs[i] as number);
    }
    for (let d = 0; d < D; d++) gradient[d] = -a * (w[d] as number) * lean(d);
    gradient[D] = -0.5 * a * traceSignal;
    gradient[D + 1] = -0.5 * s * traceNoise + 0.5 * extraRuns - (0.5 * scatter) / s;
    return f + penalty(theta, D, gradient, noisy);
  };
}

/** The most likely level, from L⁻¹ 1 and L⁻¹ y. */
export function levelOf(ones: Float64Array, t: Float64Array, count: number, variance: number): number {
  let above = 0;
  let below = 1 / variance;
  for (let i = 0; i < count; i++) {
    above += (ones[i] as number) * (t[i] as number);
    below += (ones[i] as number) * (ones[i] as number);
  }
  return above / below;
}

/** What one likelihood keeps of all pairs: their distances, and under the weights last asked k(q) and k'(q). */
interface Pairs {
  /** Arrays over memory that may grow beneath them: asked for anew after every other call. */
  k(): Float64Array;
  slope(): Float64Array;
  weigh(w: Float64Array): void;
  /** Σ slope δ_d over all pairs. */
  lean(d: number): number;
}

/** In the kernels' memory where they have room: it is for whoever opened the likelihood to release. */
function openPairs(distances: Float64Array, pairs: number, D: number): Pairs {
  // Kernels take two or four at a time.
  const size = toTiles(pairs);
  const kept = kernels && keep((D + 2) * size);
  if (kernels === null || kept === null) {
    const k = new Float64Array(pairs);
    const slope = new Float64Array(pairs);
    return {
      k: () => k,
      slope: () => slope,
      weigh(w) {
        k.fill(0);
        for (let d = 0; d < D; d++) addScaled(k, w[d] as number, distances, d * pairs, pairs);
        matern(k, pairs, slope);
      },
      lean: (d) => sumOf(slope, distances, d * pairs, pairs),
    };
  }
  const own = kernels;
  const data = kept();
  const start = data.byteOffset;
  const [K, S] = [start + 8 * D * size, start + 8 * (D + 1) * size];
  data.fill(0);
  for (let d = 0; d < D; d++) data.set(distances.subarray(d * pairs, (d + 1) * pairs), d * size);
  return {
    k: () => kept().subarray(D * size, D * size + pairs),
    slope: () => kept().subarray((D + 1) * size, (D + 1) * size + pairs),
    weigh(w) {
      kept().fill(0, D * size, (D + 1) * size);
      for (let d = 0; d < D; d++) own.addScaled(K, start + 8 * d * size, size, w[d] as number);
      own.matern(K, size, 1, S);
    },
    lean: (d) => own.sumProducts(S, start + 8 * d * size, pairs),
  };
}

function addScaled(sum: Float64Array, scale: number, from: Float64Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) sum[i] = (sum[i] as number) + scale * (from[at + i] as number);
}

/** Σ a_i b_(at + i), as four sums that need not wait for each other. */
function sumOf(a: Float64Array, b: Float64Array, at: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += (a[i] as number) * (b[at + i] as number);
    s1 += (a[i + 1] as number) * (b[at + i + 1] as number);
    s2 += (a[i + 2] as number) * (b[at + i + 2] as number);
    s3 += (a[i + 3] as number) * (b[at + i + 3] as number);
  }
  for (; i < length; i++) s0 += (a[i] as number) * (b[at + i] as number);
  return s0 + s1 + (s2 + s3);
}

/** An iteration that gains less than this part of f ends the climb: a hundredth of a nat tells no two explanations apart. */
const TOLERANCE = 1e-4;
/** After so many iterations only the start that has come furthest is climbed on from. */
const SCOUTED = 12;

/** The best θ that the starts lead to, as far as their first steps show. */
export function mostLikely(data: Data, starts: readonly Float64Array[], maxIterations: number): Float64Array {
  const mark = markKept();
  try {
    return climbFrom(data, starts, maxIterations);
  } finally {
    releaseKept(mark);
  }
}

function climbFrom(data: Data, starts: readonly Float64Array[], maxIterations: number): Float64Array {
  const D = data.axes.count;
  const likelihood = openLikelihood(data);
  const bounds = { lower: lowest(D), upper: highest(D), valueTolerance: TOLERANCE };
  const climb = (from: ArrayLike<number>, iterations: number): Minimum =>
    minimize(likelihood, from, { ...bounds, maxIterations: iterations });
  const [first, ...others] = starts.map((start) =>
    climb(start, starts.length > 1 ? Math.min(SCOUTED, maxIterations) : maxIterations),
  );
  if (first === undefined) throw new RangeError("a fit begins somewhere");
  const ahead = others.reduce((best, each) => (each.value < best.value ? each : best), first);
  const left = maxIterations - ahead.iterations;
  return Float64Array.from(ahead.converged || left <= 0 ? ahead.x : climb(ahead.x, left).x);
}
