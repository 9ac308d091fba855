import type { Data } from "@/compute/search/gp/fit";
import { defaultTheta, toHyper } from "@/compute/search/gp/hyper";
import { ABSENT, type Axes, type AxisKind, distance } from "@/compute/search/gp/kernel";
import { appendPoints, type Model, openModel, setTargets } from "@/compute/search/gp/posterior";

/** Six dimensions: of each kind two. */
export const MIXED: Axes = {
  count: 6,
  kinds: ["number", "category", "conditional", "number", "category", "conditional"],
};

/** A seeded point: categories of three values, conditional dimensions absent one time in three. */
export function drawPoint(axes: Axes, unit: () => number): Float64Array {
  const of: Record<AxisKind, () => number> = {
    number: unit,
    category: () => Math.floor(3 * unit()),
    conditional: () => (unit() < 1 / 3 ? ABSENT : unit()),
  };
  return Float64Array.from(axes.kinds, (kind) => of[kind]());
}

export const drawTheta = (axes: Axes, unit: () => number): Float64Array =>
  defaultTheta(axes.count).map((t) => t + 3 * (unit() - 0.5));

/** Data as a fit sees them, points in columns. */
export function drawData(axes: Axes, count: number, unit: () => number): Data & { points: Float64Array[] } {
  const points = Array.from({ length: count }, () => drawPoint(axes, unit));
  const X = new Float64Array(axes.count * count);
  for (const [i, x] of points.entries())
    for (let d = 0; d < axes.count; d++) X[d * count + i] = x[d] as number;
  const y = Float64Array.from({ length: count }, () => 2 * unit() - 1);
  const runs = Float64Array.from({ length: count }, () => 1 + Math.floor(3 * unit()));
  const extraRuns = runs.reduce((sum, each) => sum + each - 1, 0);
  return { axes, points, X, count, y, runs, extraRuns, scatter: 0.1 * extraRuns };
}

/** A model of the data's first points with their targets, those from `known` on under way. */
export function modelOf(
  { axes, points, y, runs }: ReturnType<typeof drawData>,
  theta: Float64Array,
  known: number,
): Model {
  const hyper = toHyper(theta, axes.count);
  const model = openModel(axes, hyper, points.length + 3);
  for (const [i, x] of points.entries())
    appendPoints(model, [x], () => hyper.s / (i < known ? (runs[i] as number) : 1));
  setTargets(model, y.slice(0, known));
  return model;
}

/** The kernel by its formula, with Math's own functions. */
export function kernelOf(axes: Axes, theta: Float64Array, a: Float64Array, b: Float64Array): number {
  const { w, a: signal } = toHyper(theta, axes.count);
  const q = axes.kinds.reduce(
    (sum, kind, d) => sum + (w[d] as number) * distance(kind, a[d] as number, b[d] as number),
    0,
  );
  const s = Math.sqrt(5 * q);
  return signal * (1 + s + (s * s) / 3) * Math.exp(-s);
}

/** x with A x = b by elimination, and log |det A|: no factor is shared with what is tested. */
export function solveDense(
  A: readonly (readonly number[])[],
  b: readonly number[],
): { x: number[]; logDet: number } {
  const n = b.length;
  const rows = A.map((row, i) => [...row, b[i] as number]);
  let logDet = 0;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++)
      if (Math.abs(rows[i]?.[k] as number) > Math.abs(rows[pivot]?.[k] as number)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot] as number[], rows[k] as number[]];
    const top = rows[k] as number[];
    logDet += Math.log(Math.abs(top[k] as number));
    for (let i = k + 1; i < n; i++) {
      const row = rows[i] as number[];
      const factor = (row[k] as number) / (top[k] as number);
      for (let j = k; j <= n; j++) row[j] = (row[j] as number) - factor * (top[j] as number);
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const row = rows[i] as number[];
    let rest = row[n] as number;
    for (let j = i + 1; j < n; j++) rest -= (row[j] as number) * (x[j] as number);
    x[i] = rest / (row[i] as number);
  }
  return { x, logDet };
}

/** Mean and spread of the function at x by the textbook: k K⁻¹ y and a - k K⁻¹ k. */
export function believeDense(
  axes: Axes,
  theta: Float64Array,
  points: readonly Float64Array[],
  y: readonly number[],
  noise: readonly number[],
  x: Float64Array,
): { mean: number; sd: number } {
  const K = points.map((a, i) =>
    points.map((b, j) => kernelOf(axes, theta, a, b) + (i === j ? (noise[i] as number) : 0)),
  );
  const k = points.map((a) => kernelOf(axes, theta, a, x));
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, each, i) => sum + each * (b[i] as number), 0);
  const variance = toHyper(theta, axes.count).a - dot(k, solveDense(K, k).x);
  return { mean: dot(k, solveDense(K, y).x), sd: Math.sqrt(Math.max(0, variance)) };
}
