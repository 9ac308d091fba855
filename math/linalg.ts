import { kernels } from "./wasm/kernels";

/**
 * Products of dense matrices in flat Float64Arrays, row by row; a `stride` is the distance from one row to the next.
 *
 * Every sum runs from the lowest index to the highest with one rounding a step, however the loops are cut into tiles and
 * blocks. So the result of a blocked kernel is bit for bit that of the plain loop, and a factor that grew row by row is the
 * same as one computed at once. (IEEE 754 fixes + - * / and sqrt; V8 neither reorders nor fuses them.)
 *
 * `as number` after an index: the loops' own bounds keep it inside, checks stand at the doors of the callers.
 */

/** A slice of the depth whose part of `b` (BLOCK_COLUMNS rows of it) stays in a first-level cache of 32 KiB. The kernels take no more. */
const BLOCK_DEPTH = 128;
const BLOCK_COLUMNS = 24;

export function dot(a: Float64Array, b: Float64Array, length = a.length): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** out = A x for a rows x columns matrix. */
export function matVec(
  a: Float64Array,
  rows: number,
  columns: number,
  x: Float64Array,
  out: Float64Array = new Float64Array(rows),
  stride: number = columns,
): Float64Array {
  const even = rows - (rows % 4);
  for (let i = 0; i < even; i += 4) {
    const p0 = i * stride;
    const p1 = p0 + stride;
    const p2 = p1 + stride;
    const p3 = p2 + stride;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < columns; k++) {
      const value = x[k] as number;
      s0 += (a[p0 + k] as number) * value;
      s1 += (a[p1 + k] as number) * value;
      s2 += (a[p2 + k] as number) * value;
      s3 += (a[p3 + k] as number) * value;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (let i = even; i < rows; i++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += (a[i * stride + k] as number) * (x[k] as number);
    out[i] = sum;
  }
  return out;
}

/** A rectangle inside a larger array: where it begins and how far its rows lie apart. */
export interface Block {
  readonly data: Float64Array;
  readonly start: number;
  readonly stride: number;
}

/** C -= A B', where A is rows x depth, B columns x depth and C rows x columns; C must not overlap A or B. */
export function subtractProduct(
  c: Block,
  a: Block,
  b: Block,
  rows: number,
  columns: number,
  depth: number,
): void {
  const subtract = isLent(c.data) && isLent(a.data) && isLent(b.data) ? subtractByKernel : subtractBlock;
  for (let k = 0; k < depth; k += BLOCK_DEPTH) {
    const slice = Math.min(BLOCK_DEPTH, depth - k);
    for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
      const wide = Math.min(BLOCK_COLUMNS, columns - j);
      subtract(
        c.data,
        c.start + j,
        c.stride,
        a.data,
        a.start + k,
        a.stride,
        b.data,
        b.start + j * b.stride + k,
        b.stride,
        rows,
        wide,
        slice,
      );
    }
  }
}

/** Whether it lies in the memory of the kernels, so that they can work on it. */
export const isLent = (data: Float64Array): boolean =>
  kernels !== null && data.buffer === kernels.memory.buffer;

/** subtractBlock for arrays that are lent. */
function subtractByKernel(
  c: Float64Array,
  cStart: number,
  cStride: number,
  a: Float64Array,
  aStart: number,
  aStride: number,
  b: Float64Array,
  bStart: number,
  bStride: number,
  rows: number,
  columns: number,
  depth: number,
): void {
  const evenRows = rows - (rows % 4);
  const evenColumns = columns - (columns % 4);
  if (evenRows > 0 && evenColumns > 0)
    kernels?.subtract(
      addressOf(c, cStart),
      8 * cStride,
      addressOf(a, aStart),
      8 * aStride,
      addressOf(b, bStart),
      8 * bStride,
      evenRows,
      evenColumns,
      depth,
    );
  if (evenColumns < columns)
    subtractEdge(
      c,
      cStart,
      cStride,
      a,
      aStart,
      aStride,
      b,
      bStart,
      bStride,
      0,
      evenRows,
      evenColumns,
      columns,
      depth,
    );
  if (evenRows < rows)
    subtractEdge(
      c,
      cStart,
      cStride,
      a,
      aStart,
      aStride,
      b,
      bStart,
      bStride,
      evenRows,
      rows,
      0,
      columns,
      depth,
    );
}

/** In the kernels' memory, of a lent array's element. */
export const addressOf = (data: Float64Array, at: number): number => data.byteOffset + 8 * at;

/** Tiles of 2 x 4 sums: six loads for eight products, and all of it in the sixteen registers that there are. */
function subtractBlock(
  c: Float64Array,
  cStart: number,
  cStride: number,
  a: Float64Array,
  aStart: number,
  aStride: number,
  b: Float64Array,
  bStart: number,
  bStride: number,
  rows: number,
  columns: number,
  depth: number,
): void {
  const evenRows = rows - (rows % 2);
  const evenColumns = columns - (columns % 4);
  for (let i = 0; i < evenRows; i += 2) {
    const a0 = aStart + i * aStride;
    const a1 = a0 + aStride;
    for (let j = 0; j < evenColumns; j += 4) {
      const b0 = bStart + j * bStride;
      const b1 = b0 + bStride;
      const b2 = b1 + bStride;
      const b3 = b2 + bStride;
      const c0 = cStart + i * cStride + j;
      const c1 = c0 + cStride;
      let s00 = c[c0] as number;
      let s01 = c[c0 + 1] as number;
      let s02 = c[c0 + 2] as number;
      let s03 = c[c0 + 3] as number;
      let s10 = c[c1] as number;
      let s11 = c[c1 + 1] as number;
      let s12 = c[c1 + 2] as number;
      let s13 = c[c1 + 3] as number;
      for (let k = 0; k < depth; k++) {
        const x0 = a[a0 + k] as number;
        const x1 = a[a1 + k] as number;
        const y0 = b[b0 + k] as number;
        const y1 = b[b1 + k] as number;
        const y2 = b[b2 + k] as number;
        const y3 = b[b3 + k] as number;
        s00 -= x0 * y0;
        s01 -= x0 * y1;
        s02 -= x0 * y2;
        s03 -= x0 * y3;
        s10 -= x1 * y0;
        s11 -= x1 * y1;
        s12 -= x1 * y2;
        s13 -= x1 * y3;
      }
      c[c0] = s00;
      c[c0 + 1] = s01;
      c[c0 + 2] = s02;
      c[c0 + 3] = s03;
      c[c1] = s10;
      c[c1 + 1] = s11;
      c[c1 + 2] = s12;
      c[c1 + 3] = s13;
    }
    subtractEdge(
      c,
      cStart,
      cStride,
      a,
      aStart,
      aStride,
      b,
      bStart,
      bStride,
      i,
      i + 2,
      evenColumns,
      columns,
      depth,
    );
  }
  subtractEdge(c, cStart, cStride, a, aStart, aStride, b, bStart, bStride, evenRows, rows, 0, columns, depth);
}

/** What the tiles leave over: rows `fromRow` to `toRow`, columns `fromColumn` to `toColumn`, four columns at a time. */
function subtractEdge(
  c: Float64Array,
  cStart: number,
  cStride: number,
  a: Float64Array,
  aStart: number,
  aStride: number,
  b: Float64Array,
  bStart: number,
  bStride: number,
  fromRow: number,
  toRow: number,
  fromColumn: number,
  toColumn: number,
  depth: number,
): void {
  for (let i = fromRow; i < toRow; i++) {
    const a0 = aStart + i * aStride;
    const c0 = cStart + i * cStride;
    let j = fromColumn;
    for (; j + 4 <= toColumn; j += 4) {
      const b0 = bStart + j * bStride;
      const b1 = b0 + bStride;
      const b2 = b1 + bStride;
      const b3 = b2 + bStride;
      let s0 = c[c0 + j] as number;
      let s1 = c[c0 + j + 1] as number;
      let s2 = c[c0 + j + 2] as number;
      let s3 = c[c0 + j + 3] as number;
      for (let k = 0; k < depth; k++) {
        const x = a[a0 + k] as number;
        s0 -= x * (b[b0 + k] as number);
        s1 -= x * (b[b1 + k] as number);
        s2 -= x * (b[b2 + k] as number);
        s3 -= x * (b[b3 + k] as number);
      }
      c[c0 + j] = s0;
      c[c0 + j + 1] = s1;
      c[c0 + j + 2] = s2;
      c[c0 + j + 3] = s3;
    }
    for (; j < toColumn; j++) {
      const b0 = bStart + j * bStride;
      let sum = c[c0 + j] as number;
      for (let k = 0; k < depth; k++) sum -= (a[a0 + k] as number) * (b[b0 + k] as number);
      c[c0 + j] = sum;
    }
  }
}
