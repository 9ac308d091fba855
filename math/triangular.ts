import { addressOf, type Block, isLent, subtractProduct } from "./linalg";
import { kernels, lend } from "./wasm/kernels";

/**
 * Systems with a lower triangular matrix L (n x n, row by row, rows `stride` apart), such as a Cholesky factor. Only the
 * lower triangle is read. A zero on the diagonal gives infinities: factors that cholesky() accepts have none.
 */

/** Below this many columns the plain loop wins over cutting in half. */
const SMALL = 8;

/** x with L x = b. */
export function solveLower(
  l: Float64Array,
  n: number,
  stride: number,
  b: Float64Array,
  out: Float64Array = new Float64Array(n),
): Float64Array {
  if (out !== b) copyHead(b, out, n);
  forward(l, 0, stride, out, 0, n);
  return out;
}

/** x with L' x = b. */
export function solveLowerTransposed(
  l: Float64Array,
  n: number,
  stride: number,
  b: Float64Array,
  out: Float64Array = new Float64Array(n),
): Float64Array {
  if (out !== b) copyHead(b, out, n);
  let j = n;
  for (; j >= 4; j -= 4) {
    for (let row = j - 1; row >= j - 4; row--) {
      const x = (out[row] as number) / (l[row * stride + row] as number);
      out[row] = x;
      for (let k = j - 4; k < row; k++) out[k] = (out[k] as number) - x * (l[row * stride + k] as number);
    }
    const x3 = out[j - 1] as number;
    const x2 = out[j - 2] as number;
    const x1 = out[j - 3] as number;
    const x0 = out[j - 4] as number;
    const p0 = (j - 4) * stride;
    const p1 = p0 + stride;
    const p2 = p1 + stride;
    const p3 = p2 + stride;
    for (let k = 0; k < j - 4; k++) {
      let sum = (out[k] as number) - x3 * (l[p3 + k] as number);
      sum -= x2 * (l[p2 + k] as number);
      sum -= x1 * (l[p1 + k] as number);
      out[k] = sum - x0 * (l[p0 + k] as number);
    }
  }
  for (let row = j - 1; row >= 0; row--) {
    const x = (out[row] as number) / (l[row * stride + row] as number);
    out[row] = x;
    for (let k = 0; k < row; k++) out[k] = (out[k] as number) - x * (l[row * stride + k] as number);
  }
  return out;
}

/**
 * L x = b for `count` right-hand sides at once, each a contiguous row of `rows` (count x n), replaced by its solution. The
 * same bits as solveLower for each, faster: a part of L that is in the cache serves all of them, and the kernels do the products.
 */
export function solveLowerMany(
  l: Float64Array,
  n: number,
  stride: number,
  rows: Float64Array,
  count: number,
  rowStride: number = n,
): void {
  for (let done = 0; done < count; done += CHUNK)
    solveChunk(l, n, stride, rows, done, Math.min(CHUNK, count - done), rowStride);
}

/** Right-hand sides at a time: 1,000 of them at n = 1,000 would be 8 MB, far beyond a second-level cache. */
const CHUNK = 128;
/** Fewer, or of fewer unknowns, are not worth the way into the kernels' memory and back. */
const WORTHWHILE_ROWS = 4;
const WORTHWHILE_UNKNOWNS = 16;

function solveChunk(
  l: Float64Array,
  n: number,
  stride: number,
  rows: Float64Array,
  first: number,
  count: number,
  rowStride: number,
): void {
  const isWorthwhile = count >= WORTHWHILE_ROWS && n >= WORTHWHILE_UNKNOWNS;
  const lent = isWorthwhile ? lend((n + count) * n) : null;
  const start = first * rowStride;
  if (lent === null) {
    solveRows({ data: l, start: 0, stride }, n, { data: rows, start, stride: rowStride }, count);
    return;
  }
  for (let i = 0; i < n; i++) lent.set(l.subarray(i * stride, i * stride + i + 1), i * n);
  const x = n * n;
  for (let i = 0; i < count; i++)
    lent.set(rows.subarray(start + i * rowStride, start + i * rowStride + n), x + i * n);
  solveRows({ data: lent, start: 0, stride: n }, n, { data: lent, start: x, stride: n }, count);
  for (let i = 0; i < count; i++) rows.set(lent.subarray(x + i * n, x + (i + 1) * n), start + i * rowStride);
}

/** The same within larger arrays, cutting L in half until it is small: L = [P 0; Q R] gives x1 from P, then x2 from R. */
export function solveRows(l: Block, n: number, x: Block, count: number): void {
  if (count === 1) {
    forward(l.data, l.start, l.stride, x.data, x.start, n);
    return;
  }
  if (n <= SMALL) {
    let i = 0;
    if (kernels !== null && isLent(l.data) && isLent(x.data)) {
      i = count - (count % 2);
      const to = addressOf(x.data, x.start);
      kernels.solve(addressOf(l.data, l.start), 8 * l.stride, n, to, 8 * x.stride, i);
    }
    for (; i < count; i++) forward(l.data, l.start, l.stride, x.data, x.start + i * x.stride, n);
    return;
  }
  const half = halfOf(n);
  const q = { ...l, start: l.start + half * l.stride };
  const right = { ...x, start: x.start + half };
  solveRows(l, half, x, count);
  subtractProduct(right, x, q, count, n - half, half);
  solveRows({ ...q, start: q.start + half }, n - half, right, count);
}

/** Half of n, on a whole tile of four where it can be. */
export function halfOf(n: number): number {
  return n >= 16 ? (n >> 3) * 4 : n >> 1;
}

/** Forward substitution in place, four unknowns at a time, so that four sums run beside each other. */
function forward(
  l: Float64Array,
  lStart: number,
  stride: number,
  x: Float64Array,
  xStart: number,
  n: number,
): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const p0 = lStart + i * stride;
    const p1 = p0 + stride;
    const p2 = p1 + stride;
    const p3 = p2 + stride;
    let s0 = x[xStart + i] as number;
    let s1 = x[xStart + i + 1] as number;
    let s2 = x[xStart + i + 2] as number;
    let s3 = x[xStart + i + 3] as number;
    for (let k = 0; k < i; k++) {
      const value = x[xStart + k] as number;
      s0 -= value * (l[p0 + k] as number);
      s1 -= value * (l[p1 + k] as number);
      s2 -= value * (l[p2 + k] as number);
      s3 -= value * (l[p3 + k] as number);
    }
    s0 /= l[p0 + i] as number;
    s1 = (s1 - s0 * (l[p1 + i] as number)) / (l[p1 + i + 1] as number);
    s2 = s2 - s0 * (l[p2 + i] as number) - s1 * (l[p2 + i + 1] as number);
    s2 /= l[p2 + i + 2] as number;
    s3 = s3 - s0 * (l[p3 + i] as number) - s1 * (l[p3 + i + 1] as number) - s2 * (l[p3 + i + 2] as number);
    s3 /= l[p3 + i + 3] as number;
    x[xStart + i] = s0;
    x[xStart + i + 1] = s1;
    x[xStart + i + 2] = s2;
    x[xStart + i + 3] = s3;
  }
  for (; i < n; i++) {
    let sum = x[xStart + i] as number;
    const p = lStart + i * stride;
    for (let k = 0; k < i; k++) sum -= (x[xStart + k] as number) * (l[p + k] as number);
    x[xStart + i] = sum / (l[p + i] as number);
  }
}

function copyHead(from: Float64Array, to: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) to[i] = from[i] as number;
}
