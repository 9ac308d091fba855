import type { Parallel } from "./parallel";

/** Where the lines go, in pixels of the plot. */
export interface ParallelLayout {
  readonly width: number;
  readonly height: number;
  /** Of each axis. */
  readonly xs: Float32Array;
  /** Run by run, axis by axis. */
  readonly ys: Float32Array;
}

/** Room of the plot around the axes: their handles above and below, "no value" at the bottom. */
export const PAD = { left: 84, right: 56, top: 28, bottom: 54 } as const;
/** Of the place of runs without a value, above the plot's lower edge. */
export const NO_VALUE = 12;
/** Axes are never nearer to each other: where the page is narrower, the chart scrolls. */
export const LEAST_GAP = 104;

export const toWidth = (axes: number, room: number): number =>
  Math.max(room, PAD.left + PAD.right + LEAST_GAP * Math.max(0, axes - 1));

/** Of the i-th axis, as a fraction of the width between the outer ones. */
export const toFraction = (i: number, axes: number): number => (axes > 1 ? i / (axes - 1) : 0.5);

export function layOut(chart: Parallel, width: number, height: number): ParallelLayout {
  const { axes, runs } = chart;
  const count = axes.length;
  const [room, tall] = [width - PAD.left - PAD.right, height - PAD.top - PAD.bottom];
  const ys = new Float32Array(runs.length * count);
  for (const [a, { places }] of axes.entries())
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      ys[i * count + a] = Number.isNaN(place) ? height - NO_VALUE : PAD.top + (1 - place) * tall;
    }
  const xs = Float32Array.from(axes, (_, a) => PAD.left + toFraction(a, count) * room);
  return { width, height, xs, ys };
}

/** The run among those marked whose line passes nearest to a point; -1 where none is within `reach` pixels. */
export function nearestLine(
  { xs, ys }: ParallelLayout,
  marked: Uint8Array,
  x: number,
  y: number,
  reach: number,
): number {
  const count = xs.length;
  const [first = 0, last = 0] = [xs[0], xs[count - 1]];
  if (count < 2 || x < first - reach || x > last + reach) return -1;
  let left = 0;
  while (left < count - 2 && x > (xs[left + 1] ?? 0)) left++;
  const [x0, x1] = [xs[left] ?? 0, xs[left + 1] ?? 1];
  const along = Math.min(1, Math.max(0, (x - x0) / (x1 - x0)));
  const gap = (x1 - x0) ** 2;
  let [nearest, least] = [-1, reach];
  for (let i = 0; i < marked.length; i++) {
    if (!marked[i]) continue;
    const y0 = ys[i * count + left] as number;
    const rise = (ys[i * count + left + 1] as number) - y0;
    // The distance square to the line, not straight up: a steep line is as easy to meet as a flat one.
    const distance = Math.abs(y0 + rise * along - y) * Math.sqrt(gap / (gap + rise * rise));
    if (distance < least) [nearest, least] = [i, distance];
  }
  return nearest;
}
