import { formatCount, formatDuration, formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { type Category, toCategory } from "../palette";
import { canLog, type Scale, toElapsedScale, toLinearScale, toLogScale, toWholeScale } from "../scale";

/** Buckets of a metric's history as columns of equal length; null where a bucket has no finite value. */
export interface LineInput {
  readonly key: string;
  readonly label: string;
  /** Along x: steps, or milliseconds since the run's start. */
  readonly steps: readonly number[];
  /** The bucket's last value: what the line goes through. */
  readonly values: readonly (number | null)[];
  /** The least and the greatest, where a bucket holds more than one point. */
  readonly min?: readonly (number | null)[];
  readonly max?: readonly (number | null)[];
  /** NaN and infinities that were logged. */
  readonly nonFinite: number;
}

export interface LinesInput {
  readonly metric: string;
  readonly lines: readonly LineInput[];
  /** Points that were logged, more than there are buckets when those hold several. */
  readonly points: number;
  readonly exact: boolean;
  readonly log: boolean;
  /** Along x lies the time since the run's start instead of steps. */
  readonly byTime?: boolean;
}

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly step: number;
  readonly value: number;
}

export interface Line {
  readonly key: string;
  readonly label: string;
  readonly category: Category;
  /** Stretches without a gap: where nothing finite was logged the line is broken, not joined. */
  readonly parts: readonly (readonly LinePoint[])[];
  /** Corners of the min-max band of each stretch, low side first. Empty when every bucket is one point. */
  readonly bands: readonly (readonly (readonly [x: number, low: number, high: number])[])[];
}

export interface Lines {
  readonly x: Axis;
  readonly y: Axis;
  /** "step 12", "3 min 5 s". */
  toXText(x: number): string;
  /** As a table has it: its column's name, and the cells. */
  readonly xColumn: { readonly name: string; toCell(x: number): string };
  readonly lines: readonly Line[];
  readonly logPossible: boolean;
  readonly summary: string;
  readonly notes: readonly string[];
}

/** Decides everything about a chart of metric lines over steps; undefined when no finite value was logged. */
export function prepareLines(input: LinesInput): Lines | undefined {
  const all = input.lines.flatMap(({ values, min = [], max = [] }) => [...values, ...min, ...max]);
  const values = all.filter((value) => value !== null);
  const steps = input.lines.flatMap((line) => line.steps);
  if (values.length === 0) return undefined;

  const positive = values.filter(canLog);
  const logPossible = positive.length > 0;
  const log = input.log && logPossible;
  const y: Scale = log ? toLogScale(extent(positive), 4) : toLinearScale(air(extent(values)), 4);
  const x = input.byTime ? toElapsedScale(extent(steps)[1], 6) : toWholeScale(extent(steps), 6);
  const visible = (value: number | null): value is number => value !== null && (!log || canLog(value));
  const lines = input.lines.map((line, i) => toLine(line, i, x, y, visible));
  return {
    x: { label: input.byTime ? "time since the start" : "step", scale: x },
    y: { label: input.metric, scale: y },
    toXText: input.byTime ? formatDuration : (step) => `step ${step}`,
    xColumn: input.byTime ? { name: "Time", toCell: formatDuration } : { name: "Step", toCell: String },
    lines,
    logPossible,
    summary: toSummary(input),
    notes: toNotes(input, log ? values.length - positive.length : 0),
  };
}

function toLine(
  input: LineInput,
  index: number,
  x: Scale,
  y: Scale,
  visible: (value: number | null) => value is number,
): Line {
  const parts: LinePoint[][] = [];
  const bands: [number, number, number][][] = [];
  let open = false;
  for (const [i, step] of input.steps.entries()) {
    const value = input.values[i] ?? null;
    if (!visible(value)) {
      open = false;
      continue;
    }
    if (!open) {
      parts.push([]);
      bands.push([]);
    }
    open = true;
    parts.at(-1)?.push({ x: x.at(step), y: y.at(value), step, value });
    const low = input.min?.[i] ?? value;
    const high = input.max?.[i] ?? value;
    bands.at(-1)?.push([x.at(step), y.at(visible(low) ? low : value), y.at(visible(high) ? high : value)]);
  }
  const flat = bands.every((band) => band.every(([, low, high]) => low === high));
  return { key: input.key, label: input.label, category: toCategory(index), parts, bands: flat ? [] : bands };
}

function toSummary({ metric, lines, points, byTime = false }: LinesInput): string {
  const [only] = lines;
  const by = byTime ? "time" : "step";
  if (lines.length !== 1 || !only) return `${metric} by ${by}, ${plural(lines.length, "line")}.`;
  const finite = only.values.filter((value) => value !== null);
  const [first, last] = [finite[0] ?? 0, finite.at(-1) ?? 0];
  const verb = last < first ? "falls" : last > first ? "rises" : "stays";
  const change =
    verb === "stays"
      ? `stays at ${formatNumber(last)}`
      : `${verb} from ${formatNumber(first)} to ${formatNumber(last)}`;
  return `${metric} by ${by} over ${plural(points, "point")}: it ${change}.`;
}

function toNotes({ lines, points, exact }: LinesInput, hiddenByLog: number): string[] {
  const notes: string[] = [];
  const buckets = lines.reduce((sum, line) => sum + line.steps.length, 0);
  if (!exact)
    notes.push(
      `${formatCount(points)} points in ${formatCount(buckets)} buckets: the line is each bucket's last value, the band its range`,
    );
  if (hiddenByLog > 0)
    notes.push(`${plural(hiddenByLog, "value")} of zero or below can't be shown on a log scale`);
  const nonFinite = lines.reduce((sum, line) => sum + line.nonFinite, 0);
  if (nonFinite > 0) notes.push(`${plural(nonFinite, "value")} not drawn: NaN or infinite`);
  return notes;
}

/** The point of a line nearest to a place on the x axis. */
export function nearestPoint(line: Line, x: number): LinePoint | undefined {
  let nearest: LinePoint | undefined;
  for (const part of line.parts)
    for (const point of part)
      if (!nearest || Math.abs(point.x - x) < Math.abs(nearest.x - x)) nearest = point;
  return nearest;
}

function extent(values: readonly number[]): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

function air([low, high]: [number, number]): [number, number] {
  const room = (high - low) * 0.04;
  return Number.isFinite(room) ? [low - room, high + room] : [low, high];
}
