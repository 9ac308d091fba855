import { lazyPoints, type Points, pickRows } from "./column";

/** What a chart has along its x axis. */
export const HISTORY_AXES = ["STEP", "TIME", "RELATIVE_TIME", "METRIC"] as const;
export type HistoryAxis = (typeof HISTORY_AXES)[number];

/**
 * STEP: as it was logged. TIME: milliseconds since 1970. RELATIVE_TIME: milliseconds since the run began, below zero
 * where the training machine's clock is behind. METRIC: the value of another metric at the same step.
 */
export type HistoryX =
  | { readonly axis: Exclude<HistoryAxis, "METRIC"> }
  | { readonly axis: "METRIC"; readonly metric: string };

/** Points with the place of each on the x axis. */
export interface Placed {
  readonly points: Points;
  /** As long as `points`; never NaN or infinite. */
  readonly x: Float64Array;
}

/**
 * Points of one metric placed by another one's value at the same step. Those without a finite partner have no place on
 * the chart: they are left out and counted.
 */
export function pairPoints(points: Points, by: Points): Placed & { unpaired: number } {
  const { steps } = points;
  const n = steps.length;
  const m = by.steps.length;
  const rows = new Uint32Array(Math.min(n, m));
  const x = new Float64Array(rows.length);
  let k = 0;
  for (let i = 0, j = 0; i < n && j < m; i++) {
    const step = steps[i] as number;
    while (j < m && (by.steps[j] as number) < step) j++;
    if (j === m || (by.steps[j] as number) !== step) continue;
    const value = by.values[j] as number;
    if (value - value !== 0) continue;
    rows[k] = i;
    x[k++] = value;
  }
  if (k === n) return { points, x, unpaired: 0 };
  return {
    points: pickPoints(points, rows.subarray(0, k)),
    x: x.subarray(0, k),
    unpaired: n - k,
  };
}

/** In order of x; equal ones stay in order of step. */
export function sortByX(placed: Placed): Placed {
  const { points, x } = placed;
  let i = 1;
  while (i < x.length && (x[i] as number) >= (x[i - 1] as number)) i++;
  if (i >= x.length) return placed;
  const rows = Uint32Array.from(x.keys()).sort((a, b) => (x[a] as number) - (x[b] as number) || a - b);
  return { points: pickPoints(points, rows), x: pickRows(x, rows) };
}

/** The points with min <= x <= max. */
export function clipByX(placed: Placed, min: number, max: number): Placed {
  if (min === Number.NEGATIVE_INFINITY && max === Number.POSITIVE_INFINITY) return placed;
  const { points, x } = placed;
  let inside = 0;
  for (let i = 0; i < x.length; i++) if ((x[i] as number) >= min && (x[i] as number) <= max) inside++;
  if (inside === x.length) return placed;
  const kept = new Uint32Array(inside);
  let k = 0;
  for (let i = 0; k < inside; i++) if ((x[i] as number) >= min && (x[i] as number) <= max) kept[k++] = i;
  return { points: pickPoints(points, kept), x: pickRows(x, kept) };
}

function pickPoints(points: Points, rows: Uint32Array): Points {
  const { steps, values, others } = points;
  const kept = new Map<number, string>();
  if (others) {
    for (let i = 0; i < rows.length; i++) {
      const json = others.get(rows[i] as number);
      if (json !== undefined) kept.set(i, json);
    }
  }
  return lazyPoints(
    { steps: pickRows(steps, rows), values: pickRows(values, rows), ...(kept.size > 0 && { others: kept }) },
    () => pickRows(points.times, rows),
  );
}
