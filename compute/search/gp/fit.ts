import { cholesky, inverseFromCholesky } from "@/math/cholesky";
import { log } from "@/math/elementary";
import { minimize } from "@/math/lbfgs";
import { solveLower, solveLowerTransposed } from "@/math/triangular";
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
 * | α       | K⁻¹ y                                                            | n         |
 * | W       | α αᵀ - K⁻¹                                                       | n x n     |
 * | R, S    | runs beyond the first of each point; squared differences from their points' means |  |
 * | f       | ½ yᵀα + Σ ln L_ii + ½ R ln s + ½ S / s + penalties               |           |
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
}

/** f and its slope at θ; Infinity where K is not positive definite to working precision. */
export function openLikelihood(data: Data): (theta: Float64Array, gradient: Float64Array) => number {
  const { axes, X, count, y, runs, extraRuns, scatter } = data;
  const D = axes.count;
  const pairs = (count * (count - 1)) / 2;
  const distances = pairDistances(axes, X, count, count);
  const k = new Float64Array(pairs);
  const slope = new Float64Array(pairs);
  const L = new Float64Array(count * count);
  const inverse = new Float64Array(count * count);
  const alpha = new Float64Array(count);

  return (theta, gradient) => {
    const { w, a, s } = toHyper(theta, D);
    k.fill(0);
    for (let d = 0; d < D; d++) addScaled(k, w[d] as number, distances, d * pairs, pairs);
    matern(k, pairs, slope);
    for (let i = 0, pair = 0; i < count; i++) {
      for (let j = 0; j < i; j++, pair++) L[i * count + j] = a * (k[pair] as number);
      L[i * count + i] = a + s / (runs[i] as number);
    }
    if (!cholesky(L, count, { maxJitter: 0 }).ok) {
      gradient.fill(0);
      return Number.POSITIVE_INFINITY;
    }

    solveLower(L, count, count, y, alpha);
    let f = 0.5 * extraRuns * log(s) + (0.5 * scatter) / s;
    for (let i = 0; i < count; i++)
      f += 0.5 * (alpha[i] as number) * (alpha[i] as number) + log(L[i * count + i] as number);
    solveLowerTransposed(L, count, count, alpha, alpha);
    inverseFromCholesky(L, count, count, inverse);

    let traceSignal = 0;
    let traceNoise = 0;
    for (let i = 0, pair = 0; i < count; i++) {
      const ai = alpha[i] as number;
      const row = i * count;
      for (let j = 0; j < i; j++, pair++) {
        const W = ai * (alpha[j] as number) - (inverse[row + j] as number);
        traceSignal += 2 * W * (k[pair] as number);
        slope[pair] = W * (slope[pair] as number);
      }
      const W = ai * ai - (inverse[row + i] as number);
      traceSignal += W;
      traceNoise += W / (runs[i] as number);
    }
    for (let d = 0; d < D; d++)
      gradient[d] = -a * (w[d] as number) * sumOf(slope, distances, d * pairs, pairs);
    gradient[D] = -0.5 * a * traceSignal;
    gradient[D + 1] = -0.5 * s * traceNoise + 0.5 * extraRuns - (0.5 * scatter) / s;
    return f + penalty(theta, D, gradient);
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

/** The best θ that any of the starts leads to. */
export function mostLikely(data: Data, starts: readonly Float64Array[], maxIterations: number): Float64Array {
  const D = data.axes.count;
  const likelihood = openLikelihood(data);
  const lower = lowest(D);
  const upper = highest(D);
  let best = Float64Array.from(starts[0] ?? []);
  let least = Number.POSITIVE_INFINITY;
  for (const start of starts) {
    const inside = start.map((t, i) => Math.min(Math.max(t, lower[i] as number), upper[i] as number));
    const { x, value } = minimize(likelihood, inside, { lower, upper, maxIterations });
    if (!(value < least)) continue;
    best = Float64Array.from(x);
    least = value;
  }
  return best;
}
