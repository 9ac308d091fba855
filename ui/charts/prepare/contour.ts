import { contours, extent } from "d3";
import type { Goal } from "@/core/sweep";
import { formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { canLog } from "../scale";
import { viewRange } from "./best-so-far";
import type { ChartRun, Dimension } from "./dimension";
import { type Dots, toDots } from "./dots";
import { type Place, placeAlong } from "./place";

export interface ContourInput {
  readonly runs: readonly ChartRun[];
  readonly x: Dimension;
  readonly y: Dimension;
  readonly metric: Dimension;
  readonly goal: Goal | undefined;
  readonly logX?: boolean | undefined;
  readonly logY?: boolean | undefined;
  /** Runs that exist, where more do than were given. */
  readonly total?: number;
}

/** One shade: everything whose mean is at least `from`. */
export interface Level {
  readonly from: number;
  /** Fraction of the ramp. */
  readonly ramp: number;
  /** Rings in fractions of the plot; holes by the even-odd rule. */
  readonly rings: readonly (readonly (readonly [x: number, y: number])[])[];
}

export interface Contour {
  readonly x: Axis;
  readonly y: Axis;
  readonly places: { readonly x: Place; readonly y: Place };
  readonly metric: Dimension;
  /** From the least value to the greatest, each drawn over the one before. */
  readonly levels: readonly Level[];
  readonly legend: {
    readonly label: string;
    readonly low: string;
    readonly high: string;
    readonly log: boolean;
  };
  readonly dots: Dots;
  readonly runs: readonly ChartRun[];
  readonly summary: string;
  readonly notes: readonly string[];
  readonly total: number;
}

/** Fewer runs than this make a landscape of their own noise. */
export const CONTOUR_MIN_RUNS = 10;

/**
 * The mean of the metric around each place, weighed by a Gaussian in fractions of the axes: blank where the runs
 * around weigh less than one of them does at two widths' distance. The runs are laid on a grid and the grid is blurred along one axis and then along the
 * other, so that ten thousand runs take 5 ms, not the second that each run's own weight at each place would.
 */
export function prepareContour(input: ContourInput): Contour | { readonly missing: string } {
  const { runs, x, y, metric, goal } = input;
  const usable = runs.filter((run) => Number.isFinite(metric.valueOf(run)));
  const xPlace = placeAlong(x, usable, { log: input.logX, ticks: 6, spread: true });
  const yPlace = placeAlong(y, usable, { log: input.logY, ticks: 6, spread: true });
  const placed =
    xPlace && yPlace
      ? usable
          .map((run) => ({ run, x: xPlace.at(run), y: yPlace.at(run), value: metric.valueOf(run) as number }))
          .filter((one) => inside(one.x) && inside(one.y))
      : [];
  if (!xPlace || !yPlace || placed.length < CONTOUR_MIN_RUNS)
    return { missing: toMissing(input, placed.length) };

  const values = placed.map(({ value }) => value);
  const log = metric.log && values.every(canLog);
  const [min = 0, max = 0] = extent(values);
  const [low, high] = goal ? viewRange(values, goal === "minimize" ? min : max, goal) : [min, max];
  const toHeight = (value: number): number => {
    const kept = Math.min(high, Math.max(low, value));
    return log ? Math.log(kept) : kept;
  };
  const width = xPlace.categories.length || GRID;
  const height = yPlace.categories.length || GRID;
  const field = toField(
    placed.map((one) => ({ x: one.x, y: one.y, value: toHeight(one.value) })),
    { width, height, blurX: xPlace.categories.length === 0, blurY: yPlace.categories.length === 0 },
  );
  const levels = toLevels(field, width, height, xPlace, yPlace);
  const fromHeight = (h: number): number => (log ? Math.exp(h) : h);
  const clipped = values.filter((value) => value < low || value > high).length;
  return {
    x: xPlace.axis,
    y: yPlace.axis,
    places: { x: xPlace, y: yPlace },
    metric,
    levels: levels.map((level) => ({ ...level, from: fromHeight(level.from) })),
    legend: {
      label: metric.label,
      low: formatNumber(fromHeight(levels[0]?.from ?? toHeight(low)), 3),
      high: formatNumber(fromHeight(levels.at(-1)?.from ?? toHeight(high)), 3),
      log,
    },
    dots: toDots(
      placed.map(({ run, x: atX, y: atY }) => ({
        id: run.id,
        label: run.displayName,
        x: atX,
        y: atY,
        look: 0,
      })),
    ),
    runs: placed.map(({ run }) => run),
    summary: toSummary(input, placed),
    notes: [
      "Shades are a mean of the runs around, weighed by a Gaussian along each axis; blank where no run is near",
      ...(clipped > 0
        ? [
            `${plural(clipped, "run")} far off the others ${clipped === 1 ? "counts" : "count"} as the edge of the shades`,
          ]
        : []),
      ...(placed.length < runs.length
        ? [`${plural(runs.length - placed.length, "run has", "runs have")} no value of all three yet`]
        : []),
    ],
    total: Math.max(runs.length, input.total ?? 0),
  };
}

/** Cells along an axis of numbers. */
const GRID = 56;
/** Shades that can be told apart. */
const LEVELS = 12;
/** At two widths' distance a Gaussian has this much of its height: where less lies there is no run near. */
const NEAR = Math.exp(-2);

const inside = (at: number): boolean => at >= 0 && at <= 1;

/** Scott's rule in two dimensions, for runs spread over the unit square (standard deviation 0.29), kept within reason. */
const widthFor = (runs: number): number => Math.min(0.12, Math.max(0.035, 0.29 * runs ** (-1 / 6)));

interface Size {
  readonly width: number;
  readonly height: number;
  readonly blurX: boolean;
  readonly blurY: boolean;
}

/** Row by row from below; NaN where no run is near. */
function toField(points: readonly { x: number; y: number; value: number }[], size: Size): Float64Array {
  const { width, height, blurX, blurY } = size;
  let weights: Float64Array = new Float64Array(width * height);
  let sums: Float64Array = new Float64Array(width * height);
  for (const point of points) {
    const column = Math.min(width - 1, Math.floor(point.x * width));
    const row = Math.min(height - 1, Math.floor(point.y * height));
    const cell = row * width + column;
    weights[cell] = (weights[cell] ?? 0) + 1;
    sums[cell] = (sums[cell] ?? 0) + point.value;
  }
  const sigma = widthFor(points.length);
  if (blurX)
    [weights, sums] = [weights, sums].map((grid) => blur(grid, width, height, sigma * width, 1)) as Pair;
  if (blurY)
    [weights, sums] = [weights, sums].map((grid) => blur(grid, width, height, sigma * height, width)) as Pair;
  return weights.map((weight, i) => (weight < NEAR ? Number.NaN : (sums[i] ?? 0) / weight));
}

type Pair = [Float64Array, Float64Array];

/** Along rows (`stride` 1) or columns (`stride` the width), by a Gaussian whose top is 1: a run alone weighs 1 where it stands. */
function blur(
  grid: Float64Array,
  width: number,
  height: number,
  sigma: number,
  stride: number,
): Float64Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: reach + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const blurred = new Float64Array(grid.length);
  const [length, lines, step] = stride === 1 ? [width, height, width] : [height, width, 1];
  for (let line = 0; line < lines; line++)
    for (let from = 0; from < length; from++) {
      const value = grid[line * step + from * stride] ?? 0;
      if (value === 0) continue;
      for (let to = Math.max(0, from - reach); to <= Math.min(length - 1, from + reach); to++) {
        const cell = line * step + to * stride;
        blurred[cell] = (blurred[cell] ?? 0) + value * (kernel[Math.abs(to - from)] ?? 0);
      }
    }
  return blurred;
}

function toLevels(field: Float64Array, width: number, height: number, x: Place, y: Place): Level[] {
  const [low, high] = extent(field);
  if (low === undefined || high === undefined) return [];
  const count = high > low ? LEVELS : 1;
  const steps = Array.from({ length: count }, (_, i) => ({
    from: low + ((high - low) * i) / count,
    ramp: count === 1 ? 0.5 : i / (count - 1),
  }));
  if (x.categories.length > 0 || y.categories.length > 0)
    return steps.map((step, i) => ({
      ...step,
      rings: toCells(field, width, height, step.from, steps[i + 1]?.from ?? Number.POSITIVE_INFINITY),
    }));
  const draw = contours().size([width, height]).smooth(true);
  return steps.map((step) => ({
    ...step,
    rings: draw
      // A hair below the least, so that the first shade holds all that is not blank.
      .contour(
        field as unknown as number[],
        step.from - (step.from === low ? Math.abs(low) * 1e-9 + 1e-12 : 0),
      )
      .coordinates.flat()
      .map((ring) => ring.map(([cx = 0, cy = 0]) => [clamp(cx / width), clamp(cy / height)] as const)),
  }));
}

const clamp = (at: number): number => Math.min(1, Math.max(0, at));

/** Bands have no landscape between them: each cell is a rectangle of its own shade. */
function toCells(field: Float64Array, width: number, height: number, from: number, to: number) {
  const rings: (readonly (readonly [number, number])[])[] = [];
  for (const [i, value] of field.entries()) {
    if (!(value >= from && value < to)) continue;
    const [left, bottom] = [(i % width) / width, Math.floor(i / width) / height];
    const [right, top] = [left + 1 / width, bottom + 1 / height];
    rings.push([
      [left, bottom],
      [right, bottom],
      [right, top],
      [left, top],
    ]);
  }
  return rings;
}

function toMissing({ x, y, metric }: ContourInput, count: number): string {
  const need = CONTOUR_MIN_RUNS - count;
  return (
    `Shades need ${CONTOUR_MIN_RUNS} finished runs with ${x.label}, ${y.label} and ${metric.label}; ` +
    `${count === 0 ? "there is none" : `there ${count === 1 ? "is" : "are"} ${count}`}, so ${need} more.`
  );
}

function toSummary(
  { x, y, metric, goal }: ContourInput,
  placed: readonly { run: ChartRun; value: number }[],
): string {
  const base = `${metric.label} over ${x.label} and ${y.label}, from ${plural(placed.length, "finished run")}`;
  const best = placed.reduce<(typeof placed)[number] | undefined>((best, one) => {
    if (!goal || one.run.feasible === false) return best;
    if (!best) return one;
    return (goal === "minimize" ? one.value < best.value : one.value > best.value) ? one : best;
  }, undefined);
  if (!best) return `${base}.`;
  const at = [x, y].map((own) => `${own.label} ${own.format(own.valueOf(best.run) ?? "")}`).join(" and ");
  return `${base}; the best, ${formatNumber(best.value)}, is at ${at}.`;
}
