import { decay } from "@/math/decay";

/**
 * The kernel over a mixed and conditional space: Matérn-5/2 of a weighted sum of squared distances, one weight a dimension.
 *
 * | symbol  | meaning                                                             | shape             |
 * | ------- | ------------------------------------------------------------------- | ----------------- |
 * | d, D    | a dimension; how many                                               |                   |
 * | n       | points                                                              |                   |
 * | X       | points, a column a dimension: u in [0, 1], or a category's index;   | D x stride        |
 * |         | ABSENT where the dimension is inactive                              |                   |
 * | w       | weights, 1 / length scale squared                                   | D                 |
 * | δ_d     | squared distance in dimension d, 0 to 1                             | n (n - 1) / 2     |
 * | q       | Σ w_d δ_d                                                           | pairs, or n       |
 * | k(q)    | (1 + s + s²/3) e^-s with s = √(5 q); 1 at q = 0                     |                   |
 * | k'(q)   | -(5/6) (1 + s) e^-s: no singularity at 0, as it would have in √q    |                   |
 *
 * Pairs (i, j) with i > j stand at i (i - 1) / 2 + j.
 *
 * Distances: (u - u')² between numbers, 0 or 1 between categories (Hamming). Of a dimension that only one of two points has,
 * 1; that neither has, 0. To be the square of a Euclidean distance - else the matrix may have negative eigenvalues - numbers of a
 * conditional dimension lie on an arc of one radian around the point "inactive": 2 - 2 cos(u - u'), within 8 % of (u - u')².
 * (The arc is the idea of Swersky et al., "Raiders of the lost architecture", 2013.)
 */
export interface Axes {
  readonly count: number;
  readonly kinds: readonly AxisKind[];
}
export type AxisKind = "number" | "conditional" | "category";

/** Stands for "this point does not have this dimension". */
export const ABSENT = -1;

/** δ_d of two coordinates. */
export function distance(kind: AxisKind, a: number, b: number): number {
  if (kind === "number") return (a - b) * (a - b);
  if (kind === "category") return a === b ? 0 : 1;
  if (a < 0 || b < 0) return a < 0 && b < 0 ? 0 : 1;
  return arc((a - b) * (a - b));
}

/** 2 - 2 cos(x) from x² <= 1; the next term of the series is below 1e-16. */
const arc = (x: number): number =>
  x *
  (1 -
    (x / 12) *
      (1 - (x / 30) * (1 - (x / 56) * (1 - (x / 90) * (1 - (x / 132) * (1 - (x / 182) * (1 - x / 240)))))));

/** d arc / d(x²). */
const arcSlope = (x: number): number =>
  1 - (x / 6) * (1 - (x / 20) * (1 - (x / 42) * (1 - (x / 72) * (1 - (x / 110) * (1 - x / 156)))));

/** Every δ_d of `count` points, a column of pairs a dimension. */
export function pairDistances(axes: Axes, X: Float64Array, stride: number, count: number): Float64Array {
  const pairs = (count * (count - 1)) / 2;
  const out = new Float64Array(axes.count * pairs);
  for (let d = 0; d < axes.count; d++) {
    const kind = axes.kinds[d] ?? "number";
    const column = X.subarray(d * stride, d * stride + count);
    let pair = d * pairs;
    for (let i = 1; i < count; i++) {
      const at = column[i] as number;
      for (let j = 0; j < i; j++) out[pair++] = distance(kind, at, column[j] as number);
    }
  }
  return out;
}

/** k(q) in place of each q, and where asked for k'(q) beside it. */
export function matern(q: Float64Array, count: number, slope: Float64Array | null): void {
  for (let i = 0; i < count; i++) {
    const s = Math.sqrt(5 * (q[i] as number));
    const e = decay(s);
    q[i] = (1 + s + (s * s) / 3) * e;
    if (slope) slope[i] = (-5 / 6) * (1 + s) * e;
  }
}

/** Σ w_d δ_d between one point and each of the first `count` of X. */
export function crossDistances(
  axes: Axes,
  w: Float64Array,
  X: Float64Array,
  stride: number,
  count: number,
  x: Float64Array,
  out: Float64Array,
): void {
  out.fill(0, 0, count);
  for (let d = 0; d < axes.count; d++) {
    const kind = axes.kinds[d];
    const weight = w[d] as number;
    const at = x[d] as number;
    const start = d * stride;
    if (kind === "number") {
      for (let i = 0; i < count; i++) {
        const difference = at - (X[start + i] as number);
        out[i] = (out[i] as number) + weight * difference * difference;
      }
    } else if (kind === "category") {
      for (let i = 0; i < count; i++) if (at !== X[start + i]) out[i] = (out[i] as number) + weight;
    } else {
      for (let i = 0; i < count; i++)
        out[i] = (out[i] as number) + weight * distance("conditional", at, X[start + i] as number);
    }
  }
}

/** Σ_i c_i ∂q_i/∂x_d: what a change of coordinate d does to a sum over points; 0 for categories and inactive dimensions. */
export function crossSlope(
  axes: Axes,
  w: Float64Array,
  X: Float64Array,
  stride: number,
  count: number,
  x: Float64Array,
  d: number,
  c: Float64Array,
): number {
  const kind = axes.kinds[d];
  const at = x[d] as number;
  if (kind === "category" || at < 0) return 0;
  const start = d * stride;
  let sum = 0;
  if (kind === "number") {
    for (let i = 0; i < count; i++) sum += (c[i] as number) * (at - (X[start + i] as number));
  } else {
    for (let i = 0; i < count; i++) {
      const other = X[start + i] as number;
      if (other < 0) continue;
      const difference = at - other;
      sum += (c[i] as number) * difference * arcSlope(difference * difference);
    }
  }
  return 2 * (w[d] as number) * sum;
}
