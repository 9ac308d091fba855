import { appendRow } from "@/math/cholesky";
import { type KeptFactor, solveLower, solveLowerMany, solveLowerTransposed } from "@/math/triangular";
import type { Hyper } from "./hyper";
import { type Axes, crossDistances, matern } from "./kernel";

/**
 * What the model believes at any point, given what was seen; it grows a row at a time.
 *
 * | symbol | meaning                                                                  | shape          |
 * | ------ | ------------------------------------------------------------------------ | -------------- |
 * | n, p   | points with a target; points under way, behind them                      |                |
 * | X      | points (see kernel.ts)                                                   | D x capacity   |
 * | L      | Cholesky factor of a k(q) + diag(noise) over all n + p                   | stride capacity |
 * | t      | L⁻¹ y                                                                    | n              |
 * | α      | L⁻ᵀ t, the first n rows of L                                             | n              |
 * | v(x)   | L⁻¹ k(x)                                                                 | n + p          |
 *
 * mean(x) = Σ_(i<n) v_i t_i = k(x)ᵀα; variance(x) = a - |v|². Points under way shrink the variance and leave the mean. A fantasy of
 * their targets is a vector z of p independent normals, since L⁻¹ y of such targets is just (t, z): its mean is
 * mean(x) + Σ_j v_(n+j) z_j. So all fantasies share one factor and one v.
 */
export interface Model {
  readonly axes: Axes;
  readonly hyper: Hyper;
  readonly capacity: number;
  readonly X: Float64Array;
  readonly L: Float64Array;
  /** n + p. */
  rows: number;
  /** n. */
  targets: number;
  readonly t: Float64Array;
  readonly alpha: Float64Array;
  /** Of each row, as it went into the matrix. */
  readonly noise: Float64Array;
}

export function openModel(axes: Axes, hyper: Hyper, capacity: number): Model {
  return {
    axes,
    hyper,
    capacity,
    X: new Float64Array(axes.count * capacity),
    L: new Float64Array(capacity * capacity),
    rows: 0,
    targets: 0,
    t: new Float64Array(capacity),
    alpha: new Float64Array(capacity),
    noise: new Float64Array(capacity),
  };
}

/**
 * Appends points whose targets have these variances of noise. One that depends on the rows before it to working precision is
 * given a little more noise, 1e-8 of the signal and up, by the same steps whoever appends it. All at once or one by one gives the
 * same bits; BLOCK at a time share what they have in common with the rows before: 500 rows take 15 ms, one by one 26.
 */
export function appendPoints(
  model: Model,
  points: readonly Float64Array[],
  noiseOf: (i: number) => number,
): void {
  for (let from = 0; from < points.length; from += BLOCK) {
    const block = points.slice(from, from + BLOCK);
    const { rows } = model;
    const shared = new Float64Array(rows * block.length);
    for (const [i, x] of block.entries()) covariances(model, x, shared.subarray(i * rows, (i + 1) * rows));
    whiten(model, shared, block.length);
    for (const [i, x] of block.entries()) {
      const k = new Float64Array(rows + i);
      k.set(shared.subarray(i * rows, (i + 1) * rows));
      covariances(model, x, k, rows);
      append(model, x, noiseOf(from + i), k, rows);
    }
  }
}

const BLOCK = 64;

/** @param solved of k: so many are elements of the factor already */
function append(model: Model, x: Float64Array, noise: number, k: Float64Array, solved: number): void {
  const { axes, hyper, X, L, capacity, rows } = model;
  if (rows >= capacity) throw new RangeError(`a model for ${capacity} points holds ${rows} already`);
  for (let d = 0; d < axes.count; d++) X[d * capacity + rows] = x[d] as number;
  let extra = 0;
  while (!appendRow(L, rows, capacity, k, hyper.a + noise + extra, solved) && extra < hyper.a)
    extra = Math.max(10 * extra, 1e-8 * hyper.a);
  model.noise[rows] = noise + extra;
  model.rows = rows + 1;
}

/** a k(q) with each row of the model from a first one on; what `out` has before that stays. */
export function covariances(model: Model, x: Float64Array, out: Float64Array, first = 0): void {
  const { axes, hyper, X, capacity, rows } = model;
  const own = first === 0 ? out : out.subarray(first);
  const count = rows - first;
  crossDistances(axes, hyper.w, first === 0 ? X : X.subarray(first), capacity, count, x, own);
  matern(own, count, null);
  for (let i = 0; i < count; i++) own[i] = hyper.a * (own[i] as number);
}

/** The first rows get their targets; those behind are under way. */
export function setTargets(model: Model, y: Float64Array): void {
  const { L, capacity, t, alpha } = model;
  model.targets = y.length;
  solveLower(L, y.length, capacity, y, t);
  solveLowerTransposed(L, y.length, capacity, t, alpha);
}

/** Forgets the rows from this one on. */
export function truncate(model: Model, rows: number): void {
  model.rows = rows;
}

function meanFrom(model: Model, k: Float64Array): number {
  const { alpha, targets } = model;
  let mean = 0;
  for (let i = 0; i < targets; i++) mean += (k[i] as number) * (alpha[i] as number);
  return mean;
}

/** Turns k(x) into v(x), for each of `count` rows of `k`, `rows` apart. */
export function whiten(model: Model, k: Float64Array, count: number): void {
  const { L, capacity, rows } = model;
  if (count === 1) solveLower(L, rows, capacity, k, k);
  else solveLowerMany(L, rows, capacity, k, count);
}

/** The variance of the function itself (a new run's has the noise on top), never below 1e-12 of the signal's. */
export function varianceFrom(model: Model, v: Float64Array, at: number): number {
  const { hyper, rows } = model;
  let rest = hyper.a;
  for (let i = 0; i < rows; i++) rest -= (v[at + i] as number) * (v[at + i] as number);
  return Math.max(rest, 1e-12 * hyper.a);
}

export interface Belief {
  readonly mean: number;
  readonly sd: number;
}

/** mean(x) alone: n multiplications, where the spread takes n² of them. */
export function expectMean(model: Model, x: Float64Array): number {
  const k = new Float64Array(model.rows);
  covariances(model, x, k);
  return meanFrom(model, k);
}

export function predict(model: Model, x: Float64Array): Belief {
  const k = new Float64Array(model.rows);
  covariances(model, x, k);
  const mean = meanFrom(model, k);
  whiten(model, k, 1);
  return { mean, sd: Math.sqrt(varianceFrom(model, k, 0)) };
}

/**
 * Posterior means at the model's own rows, those under way included, under each of M fantasies of what is under way (M x p normals
 * `Z`); fills each one's α in `A`, M x (n + p). No kernel is needed: K α is y, and the part of it that is not noise is y - noise α.
 *
 * @returns M x (n + p)
 */
export function rowMeans(
  model: Model,
  Z: Float64Array,
  M: number,
  factor: Pick<KeptFactor, "solveTransposed">,
  A: Float64Array,
): Float64Array {
  const { L, capacity, rows, targets, t, noise } = model;
  const p = rows - targets;
  /** L (t, 0): what all fantasies have in common. */
  const common = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let y = 0;
    for (let j = 0; j <= i && j < targets; j++) y += (L[i * capacity + j] as number) * (t[j] as number);
    common[i] = y;
  }
  const means = new Float64Array(M * rows);
  for (let m = 0; m < M; m++) {
    const alpha = A.subarray(m * rows, (m + 1) * rows);
    for (let i = 0; i < targets; i++) alpha[i] = t[i] as number;
    for (let j = 0; j < p; j++) alpha[targets + j] = Z[m * p + j] as number;
    factor.solveTransposed(alpha);
    for (let i = 0; i < rows; i++) {
      let y = common[i] as number;
      for (let j = targets; j <= i; j++)
        y += (L[i * capacity + j] as number) * (Z[m * p + j - targets] as number);
      means[m * rows + i] = y - (noise[i] as number) * (alpha[i] as number);
    }
  }
  return means;
}

/** The same with those under way believed to come to their means. */
export function believedMeans(model: Model): Float64Array {
  const { rows, targets, L, capacity } = model;
  // One system is not worth a factor of its own among the kernels.
  const factor = { solveTransposed: (x: Float64Array) => solveLowerTransposed(L, rows, capacity, x, x) };
  return rowMeans(model, new Float64Array(rows - targets), 1, factor, new Float64Array(rows));
}
