import { log } from "./elementary";
import { type Block, isLent, subtractProduct } from "./linalg";
import {
  forward,
  halfOf,
  lendLower,
  solveLower,
  solveLowerTransposed,
  solveRows,
  toTiles,
} from "./triangular";
import { lend } from "./wasm/kernels";

/**
 * The Cholesky factor L of a symmetric positive definite matrix, A = L L', and what a Gaussian process needs of it.
 *
 * Matrices are flat, row by row, rows `stride` apart, so that a factor can grow in a buffer that is larger than it is. Each
 * element of L is the same chain of roundings whether it came from cholesky() or from appendRow(): a factor that grew is
 * bit for bit the factor of the whole, and a search that was restored goes on exactly as one that never stopped.
 */

export interface CholeskyOptions {
  /** Distance between rows; n when left out. */
  readonly stride?: number;
  /** The most that may be added to the diagonal, relative to its mean. 0 forbids any. */
  readonly maxJitter?: number;
}

export type Factored =
  /** `jitter` is what was added to each diagonal element, in the matrix's own unit; 0 in the usual case. */
  | { readonly ok: true; readonly jitter: number }
  /** The row that depends on those before it (or holds a NaN) even with the most jitter allowed. */
  | { readonly ok: false; readonly row: number };

/** Relative to the mean of the diagonal; each is tried when the one before was too little. */
const LADDER = [0, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4] as const;
/** A pivot below this part of its diagonal element is rounding, not information. */
const LEAST_PIVOT = 8 * Number.EPSILON;
/** From here on a part is cut in half; below, plain loops. */
const SMALL = 16;

/** From this size on a matrix goes into the kernels' memory and back: n² copies for n³ / 6 products. */
const LENT_FROM = 24;

/**
 * Replaces the lower triangle of `a` (the only part that is read) by its factor. The strict upper triangle may be used to keep
 * the input, in case jitter is needed; on failure the lower triangle is the input again.
 */
export function cholesky(a: Float64Array, n: number, options: CholeskyOptions = {}): Factored {
  const { stride = n, maxJitter = 1e-4 } = options;
  if (!(n >= 0 && stride >= n && (n === 0 || a.length >= (n - 1) * stride + n)))
    throw new RangeError(`a ${n} x ${n} matrix with rows ${stride} apart does not fit ${a.length} numbers`);
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (a[i * stride + i] as number) / n;
  const size = toTiles(n);
  const lent = n >= LENT_FROM ? lend(size * (size + SMALL)) : null;
  if (lent === null) return factorWhole(a, n, stride, mean, maxJitter);
  lendLower(a, n, stride, lent, size);
  const result = factorWhole(lent, size, size, mean, maxJitter);
  if (result.ok) for (let i = 0; i < n; i++) a.set(lent.subarray(i * size, i * size + i + 1), i * stride);
  return result;
}

/** @param mean of the diagonal: what jitter is relative to */
function factorWhole(a: Float64Array, n: number, stride: number, mean: number, maxJitter: number): Factored {
  const diagonal = new Float64Array(n);
  for (let i = 0; i < n; i++) diagonal[i] = a[i * stride + i] as number;
  mirrorUp(a, n, stride);
  let row = -1;
  for (const step of LADDER) {
    if (step > maxJitter) break;
    const jitter = step * mean;
    for (let i = 0; i < n; i++) a[i * stride + i] = (diagonal[i] as number) + jitter;
    row = factor({ data: a, start: 0, stride }, n, 0, diagonal);
    if (row < 0) return { ok: true, jitter };
    const isHopeless = !Number.isFinite(a[row * stride + row] as number);
    mirrorDown(a, n, stride, diagonal);
    if (isHopeless) break;
  }
  return { ok: false, row };
}

/**
 * Adds row n to the factor of the n x n matrix before it: `k` holds the n covariances with the rows so far, `kappa` the own
 * variance (with the jitter that cholesky() reported). False, and row n is of no use, when it depends on those before it.
 *
 * @param solved so many numbers of `k` are elements of the new row already: solveLowerMany serves many rows at once
 */
export function appendRow(
  l: Float64Array,
  n: number,
  stride: number,
  k: Float64Array,
  kappa: number,
  solved = 0,
): boolean {
  if (!(stride > n && l.length >= n * stride + n + 1))
    throw new RangeError(`row ${n} with rows ${stride} apart does not fit ${l.length} numbers`);
  const start = n * stride;
  for (let i = 0; i < n; i++) l[start + i] = k[i] as number;
  forward(l, 0, stride, l, start, n, solved);
  let pivot = kappa;
  for (let i = 0; i < n; i++) pivot -= (l[start + i] as number) * (l[start + i] as number);
  if (!(pivot > LEAST_PIVOT * kappa) || pivot === Number.POSITIVE_INFINITY) return false;
  l[start + n] = Math.sqrt(pivot);
  return true;
}

/** x with L L' x = b. */
export function solveCholesky(
  l: Float64Array,
  n: number,
  stride: number,
  b: Float64Array,
  out: Float64Array = new Float64Array(n),
): Float64Array {
  solveLower(l, n, stride, b, out);
  return solveLowerTransposed(l, n, stride, out, out);
}

/** log of the determinant of L L'. */
export function logDetFromCholesky(l: Float64Array, n: number, stride: number = n): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += log(l[i * stride + i] as number);
  return 2 * sum;
}

/** The whole symmetric inverse of L L', n x n without gaps. */
export function inverseFromCholesky(
  l: Float64Array,
  n: number,
  stride: number = n,
  out: Float64Array = new Float64Array(n * n),
): Float64Array {
  // Row r of U is the r-th column of inverse(L); both factors of inverse(A) = U U' are then read along rows.
  const size = toTiles(n);
  const data = (n >= LENT_FROM ? lend(3 * size * size) : null) ?? new Float64Array(3 * size * size);
  const [u, product] = [size * size, 2 * size * size];
  lendLower(l, n, stride, data, size);
  data.fill(0, u, 3 * size * size);
  for (let i = 0; i < size; i++) data[u + i * size + i] = 1;
  invertRows({ data, start: 0, stride: size }, size, { data, start: u, stride: size });
  for (let i = 0; i < size; i += STRIP) {
    const rows = Math.min(STRIP, size - i);
    // rows i.. of U are zero before column i
    const strip = { data, start: u + i * size + i, stride: size };
    for (let j = 0; j <= i; j += STRIP) {
      const columns = Math.min(STRIP, size - j);
      const other = { data, start: u + j * size + i, stride: size };
      const target = { data, start: product + i * size + j, stride: size };
      subtractProduct(target, strip, other, rows, columns, size - i);
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = -(data[product + i * size + j] as number);
      out[i * n + j] = value;
      out[j * n + i] = value;
    }
  }
  return out;
}

/** Rows of a block of the inverse that are computed together; within such a block zeros are multiplied, too. */
const STRIP = 32;

/** Turns the identity in `x` into the transposed inverse of L, leaving out the half that stays zero. */
function invertRows(l: Block, n: number, x: Block): void {
  if (n <= SMALL) {
    solveRows(l, n, x, n);
    return;
  }
  const half = halfOf(n);
  const q = { ...l, start: l.start + half * l.stride };
  const right = { ...x, start: x.start + half };
  const r = { ...q, start: q.start + half };
  invertRows(l, half, x);
  subtractProduct(right, x, q, half, n - half, half);
  solveRows(r, n - half, right, half);
  invertRows(r, n - half, { ...x, start: x.start + half * x.stride + half });
}

/** A = [P . ; Q R]: factor P, solve Q, take Q Q' from R, factor R. Gives the row of a pivot that failed, or -1. */
function factor(a: Block, n: number, firstRow: number, diagonal: Float64Array): number {
  if (n <= SMALL) return factorSmall(a, n, firstRow, diagonal);
  const half = halfOf(n);
  const rest = n - half;
  const q = { ...a, start: a.start + half * a.stride };
  const r = { ...q, start: q.start + half };
  const failed = factor(a, half, firstRow, diagonal);
  if (failed >= 0) return failed;
  solveRows(a, half, q, rest);
  subtractSquare(r, q, rest, half);
  return factor(r, rest, firstRow + half, diagonal);
}

/** The lower triangle of C -= A A'. */
function subtractSquare(c: Block, a: Block, n: number, depth: number): void {
  if (n <= SMALL) {
    if (isLent(c.data)) subtractSmallSquare(c, a, n, depth);
    else
      for (let i = 0; i < n; i++) {
        const row = { ...a, start: a.start + i * a.stride };
        subtractProduct({ ...c, start: c.start + i * c.stride }, row, a, 1, i + 1, depth);
      }
    return;
  }
  const half = halfOf(n);
  const lower = { ...a, start: a.start + half * a.stride };
  const q = { ...c, start: c.start + half * c.stride };
  subtractSquare(c, a, half, depth);
  subtractProduct(q, lower, a, n - half, half, depth);
  subtractSquare({ ...q, start: q.start + half }, lower, n - half, depth);
}

/** On a copy whose upper half is of no use: the kernels are seven times as fast, but know rectangles only. */
function subtractSmallSquare(c: Block, a: Block, n: number, depth: number): void {
  const { data } = c;
  const copy = { data, start: data.length - n * n, stride: n };
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) data[copy.start + i * n + j] = data[c.start + i * c.stride + j] as number;
  subtractProduct(copy, a, a, n, n, depth);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) data[c.start + i * c.stride + j] = data[copy.start + i * n + j] as number;
}

function factorSmall(
  { data, start, stride }: Block,
  n: number,
  firstRow: number,
  diagonal: Float64Array,
): number {
  for (let i = 0; i < n; i++) {
    const p = start + i * stride;
    for (let j = 0; j < i; j++) {
      const q = start + j * stride;
      let sum = data[p + j] as number;
      for (let k = 0; k < j; k++) sum -= (data[p + k] as number) * (data[q + k] as number);
      data[p + j] = sum / (data[q + j] as number);
    }
    let pivot = data[p + i] as number;
    for (let k = 0; k < i; k++) pivot -= (data[p + k] as number) * (data[p + k] as number);
    data[p + i] = pivot;
    if (!(pivot > LEAST_PIVOT * (diagonal[firstRow + i] as number)) || pivot === Number.POSITIVE_INFINITY)
      return firstRow + i;
    data[p + i] = Math.sqrt(pivot);
  }
  return -1;
}

const TILE = 32;

/** Copies the strict lower triangle into the upper, in tiles: a column of a large matrix is a new cache line a row. */
function mirrorUp(a: Float64Array, n: number, stride: number): void {
  for (let top = 0; top < n; top += TILE) {
    for (let left = 0; left <= top; left += TILE) {
      for (let i = top; i < Math.min(top + TILE, n); i++) {
        const end = Math.min(left + TILE, i);
        for (let j = left; j < end; j++) a[j * stride + i] = a[i * stride + j] as number;
      }
    }
  }
}

function mirrorDown(a: Float64Array, n: number, stride: number, diagonal: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) a[i * stride + j] = a[j * stride + i] as number;
    a[i * stride + i] = diagonal[i] as number;
  }
}
