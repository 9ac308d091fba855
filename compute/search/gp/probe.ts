import { type KeptFactor, keepFactor } from "@/math/triangular";
import { crossDistances, crossSlope, matern } from "./kernel";
import { openLentProbe } from "./lent-probe";
import { covariances, type Model, rowMeans, varianceFrom, whiten } from "./posterior";

/**
 * Reads a model at many points, or at one with slopes: what all acquisition functions are made of.
 *
 * | symbol  | meaning                                                                     | shape       |
 * | ------- | --------------------------------------------------------------------------- | ----------- |
 * | n, p    | rows with a target, rows under way (see posterior.ts)                       |             |
 * | M       | fantasies: possible outcomes of all that is under way; 1 where nothing is    |             |
 * | Z       | their independent normals; 0 for the one that believes the mean              | M x p       |
 * | A       | L⁻ᵀ (t, z_m): each fantasy's α                                              | M x (n + p) |
 * | b_m     | the best posterior mean at any row, were the fantasy true                   | M           |
 * | μ_m, σ  | mean(x) + Σ_j v_(n+j) z_mj, and the spread, which is the same in all of them  |             |
 */
export interface Probe {
  readonly fantasies: number;
  /** b_m */
  readonly best: Float64Array;
  /** Means of `count` points (rows of D coordinates), M each, and their spreads. */
  many(points: Float64Array, count: number, means: Float64Array, sds: Float64Array): void;
  /** The same at one point; `mean` and the result hold until the next call. */
  at(x: Float64Array): number;
  readonly mean: Float64Array;
  /** Adds to `gradient` the slope in x of a function whose slopes in each μ_m and in σ are these, at the point last asked. */
  addSlope(byMean: Float64Array, bySd: number, gradient: Float64Array): void;
}

/**
 * What it keeps in the kernels' memory is for whoever opened it to release (see math/wasm/kernels.ts).
 *
 * @param counts whether a row's mean may be the incumbent; all may when left out, and at least one must
 */
export function openProbe(
  model: Model,
  Z: Float64Array,
  M: number,
  counts: (row: number) => boolean = () => true,
): Probe {
  const { rows, targets, axes, hyper, capacity, X, t } = model;
  const D = axes.count;
  const p = rows - targets;
  const factor = keepFactor(model.L, rows, capacity);
  const { A, best } = openFantasies(model, Z, M, counts, factor);
  const mean = new Float64Array(M);
  const lent = factor.lent && openLentProbe(model, Z, M, A, factor.lent, mean);
  const x = new Float64Array(D);
  const k = new Float64Array(rows);
  const slopes = new Float64Array(rows);
  const v = new Float64Array(rows);
  const c = new Float64Array(rows);
  let sd = 0;
  let block = new Float64Array(0);

  const readMeans = (white: Float64Array, from: number, out: Float64Array, outFrom: number): void => {
    let base = 0;
    for (let i = 0; i < targets; i++) base += (white[from + i] as number) * (t[i] as number);
    for (let m = 0; m < M; m++) {
      let sum = base;
      for (let j = 0; j < p; j++) sum += (white[from + targets + j] as number) * (Z[m * p + j] as number);
      out[outFrom + m] = sum;
    }
  };

  return {
    fantasies: M,
    best,
    mean,
    many(points, count, means, sds) {
      if (lent?.many(points, count, means, sds)) return;
      if (block.length < count * rows) block = new Float64Array(count * rows);
      for (let i = 0; i < count; i++)
        covariances(model, points.subarray(i * D, (i + 1) * D), block.subarray(i * rows, (i + 1) * rows));
      whiten(model, block, count);
      for (let i = 0; i < count; i++) {
        sds[i] = Math.sqrt(varianceFrom(model, block, i * rows));
        readMeans(block, i * rows, means, i * M);
      }
    },
    at(point) {
      if (lent) return lent.at(point);
      x.set(point);
      crossDistances(axes, hyper.w, X, capacity, rows, x, k);
      matern(k, rows, slopes);
      for (let i = 0; i < rows; i++) v[i] = hyper.a * (k[i] as number);
      factor.solve(v);
      sd = Math.sqrt(varianceFrom(model, v, 0));
      readMeans(v, 0, mean, 0);
      return sd;
    },
    addSlope(byMean, bySd, gradient) {
      if (lent) return lent.addSlope(byMean, bySd, gradient);
      c.fill(0);
      for (let m = 0; m < M; m++) {
        const weight = byMean[m] as number;
        const row = m * rows;
        for (let i = 0; i < rows; i++) c[i] = (c[i] as number) + weight * (A[row + i] as number);
      }
      // ∂ σ / ∂ k = - K⁻¹k / σ
      k.set(v);
      factor.solveTransposed(k);
      for (let i = 0; i < rows; i++)
        c[i] = ((c[i] as number) - (bySd / sd) * (k[i] as number)) * hyper.a * (slopes[i] as number);
      for (let d = 0; d < D; d++)
        gradient[d] = (gradient[d] as number) + crossSlope(axes, hyper.w, X, capacity, rows, x, d, c);
    },
  };
}

/** Each fantasy's α, and the best mean at any row under it. */
function openFantasies(
  model: Model,
  Z: Float64Array,
  M: number,
  counts: (row: number) => boolean,
  factor: KeptFactor,
): { A: Float64Array; best: Float64Array } {
  const { rows } = model;
  const A = new Float64Array(M * rows);
  const means = rowMeans(model, Z, M, factor, A);
  const best = new Float64Array(M).fill(Number.NEGATIVE_INFINITY);
  for (let m = 0; m < M; m++)
    for (let i = 0; i < rows; i++)
      if (counts(i)) best[m] = Math.max(best[m] as number, means[m * rows + i] as number);
  return { A, best };
}
