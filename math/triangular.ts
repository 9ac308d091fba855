import { addressOf, type Block, isLent, subtractProduct } from "./linalg";
import { type Kernels, keep, kernels, lend, memoryOf } from "./wasm/kernels";

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

/** A factor for many systems: as solveLower and solveLowerTransposed, to the bit, and in place. */
export interface KeptFactor {
  solve(x: Float64Array): void;
  solveTransposed(x: Float64Array): void;
  /** The same for what lies in the kernels' memory already; null where they have no room. */
  readonly lent: LentFactor | null;
}

/** Places are those of `memoryOf(kernels)`; behind n numbers there is room up to `size`, the next multiple of four. */
export interface LentFactor {
  readonly kernels: Kernels;
  readonly size: number;
  solve(place: number): void;
  solveTransposed(place: number): void;
  /** For `count` right-hand sides, `size` apart; a multiple of four of them is quick. */
  solveMany(place: number, count: number): void;
}

/** Stays in the kernels' memory until releaseKept(): 2 n² doubles, so that both ways go along rows. */
export function keepFactor(l: Float64Array, n: number, stride: number): KeptFactor {
  const lent = lendFactor(l, n, stride);
  const single = lent && keep(lent.size);
  if (lent === null || single === null)
    return {
      solve: (x) => solveLower(l, n, stride, x, x),
      solveTransposed: (x) => solveLowerTransposed(l, n, stride, x, x),
      lent: null,
    };
  const within = (x: Float64Array, solve: (place: number) => void): void => {
    const work = single();
    work.set(x.length === n ? x : x.subarray(0, n));
    solve(work.byteOffset / 8);
    x.set(work.subarray(0, n));
  };
  return {
    solve: (x) => within(x, lent.solve),
    solveTransposed: (x) => within(x, lent.solveTransposed),
    lent,
  };
}

function lendFactor(l: Float64Array, n: number, stride: number): LentFactor | null {
  const size = toTiles(n);
  const kept = kernels === null ? null : keep(2 * size * size);
  if (kernels === null || kept === null) return null;
  const own = kernels;
  const data = kept();
  const L = data.byteOffset / 8;
  const U = L + size * size;
  lendLower(l, n, stride, data, size);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) data[size * size + j * size + i] = l[i * stride + j] as number;
  return {
    kernels: own,
    size,
    solve: (place) => solveByColumns(memoryOf(own), U, n, size, place),
    solveTransposed: (place) => solveByRows(memoryOf(own), L, n, size, place),
    solveMany(place, count) {
      const all = memoryOf(own);
      solveRows(
        { data: all, start: L, stride: size },
        size,
        { data: all, start: place, stride: size },
        count,
      );
    },
  };
}

/** L x = b with the columns of L as rows at `u`: what is known goes at once into all that is not. */
function solveByColumns(data: Float64Array, u: number, n: number, stride: number, x: number): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const p0 = u + i * stride + i;
    const p1 = p0 + stride;
    const p2 = p1 + stride;
    const p3 = p2 + stride;
    const at = x + i;
    const s0 = (data[at] as number) / (data[p0] as number);
    const s1 = ((data[at + 1] as number) - s0 * (data[p0 + 1] as number)) / (data[p1 + 1] as number);
    let s2 = (data[at + 2] as number) - s0 * (data[p0 + 2] as number) - s1 * (data[p1 + 2] as number);
    s2 /= data[p2 + 2] as number;
    let s3 = (data[at + 3] as number) - s0 * (data[p0 + 3] as number) - s1 * (data[p1 + 3] as number);
    s3 = (s3 - s2 * (data[p2 + 3] as number)) / (data[p3 + 3] as number);
    data[at] = s0;
    data[at + 1] = s1;
    data[at + 2] = s2;
    data[at + 3] = s3;
    const from = addressOf(data, p0 + 4);
    kernels?.subtractFour(addressOf(data, at + 4), n - i - 4, from, 8 * stride, s0, s1, s2, s3);
  }
  for (; i < n; i++) {
    const known = (data[x + i] as number) / (data[u + i * stride + i] as number);
    data[x + i] = known;
    for (let k = i + 1; k < n; k++)
      data[x + k] = (data[x + k] as number) - known * (data[u + i * stride + k] as number);
  }
}

/** L' x = b with the rows of L at `l`. */
function solveByRows(data: Float64Array, l: number, n: number, stride: number, x: number): void {
  let j = n;
  for (; j >= 4; j -= 4) {
    for (let row = j - 1; row >= j - 4; row--) {
      const p = l + row * stride;
      const known = (data[x + row] as number) / (data[p + row] as number);
      data[x + row] = known;
      for (let k = j - 4; k < row; k++)
        data[x + k] = (data[x + k] as number) - known * (data[p + k] as number);
    }
    const at = x + j - 4;
    // the last row first, as the plain loop has it
    kernels?.subtractFour(
      addressOf(data, x),
      j - 4,
      addressOf(data, l + (j - 1) * stride),
      -8 * stride,
      data[at + 3] as number,
      data[at + 2] as number,
      data[at + 1] as number,
      data[at] as number,
    );
  }
  for (let row = j - 1; row >= 0; row--) {
    const p = l + row * stride;
    const known = (data[x + row] as number) / (data[p + row] as number);
    data[x + row] = known;
    for (let k = 0; k < row; k++) data[x + k] = (data[x + k] as number) - known * (data[p + k] as number);
  }
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
  const [size, height] = [toTiles(n), toTiles(count)];
  const lent = isWorthwhile ? lend((size + height) * size) : null;
  const start = first * rowStride;
  if (lent === null) {
    solveRows({ data: l, start: 0, stride }, n, { data: rows, start, stride: rowStride }, count);
    return;
  }
  lendLower(l, n, stride, lent, size);
  const x = size * size;
  lent.fill(0, x);
  for (let i = 0; i < count; i++)
    lent.set(rows.subarray(start + i * rowStride, start + i * rowStride + n), x + i * size);
  solveRows({ data: lent, start: 0, stride: size }, size, { data: lent, start: x, stride: size }, height);
  for (let i = 0; i < count; i++)
    rows.set(lent.subarray(x + i * size, x + i * size + n), start + i * rowStride);
}

/** The kernels know whole tiles of four. */
export const toTiles = (n: number): number => Math.ceil(n / 4) * 4;

/** The lower triangle of n rows as one of `size` rows, `size` apart: what is added is the identity, and changes nothing else. */
export function lendLower(l: Float64Array, n: number, stride: number, to: Float64Array, size: number): void {
  for (let i = 0; i < n; i++) to.set(l.subarray(i * stride, i * stride + i + 1), i * size);
  for (let i = n; i < size; i++) {
    to.fill(0, i * size, i * size + i);
    to[i * size + i] = 1;
  }
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

/** About half of n, on a whole tile of four where it can be. */
export function halfOf(n: number): number {
  return n >= 8 ? (n >> 3) * 4 : n >> 1;
}

/** Forward substitution in place, four unknowns at a time, so that four sums run beside each other. The first ones may be known. */
export function forward(
  l: Float64Array,
  lStart: number,
  stride: number,
  x: Float64Array,
  xStart: number,
  n: number,
  known = 0,
): void {
  let i = known;
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
