import { formatCount, formatDuration, formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { type Category, toSeriesCategory } from "../palette";
import {
  canLog,
  type Scale,
  toClockScale,
  toElapsedScale,
  toLinearScale,
  toLogScale,
  toWholeScale,
} from "../scale";
import { smooth } from "./smooth";

/** A metric's history as columns of equal length, one entry a point or a bucket; null where it has no finite value. */
export interface LineInput {
  readonly key: string;
  readonly label: string;
  /** Its place in the palette; that in the list when absent. */
  readonly slot?: number;
  /** Rising, in the unit of the chart's axis. */
  readonly x: readonly number[];
  /** A bucket's last value: what the line goes through. Of a group of runs their mean. */
  readonly values: readonly (number | null)[];
  /** The least and the greatest, where a bucket holds more than one point; of a group its band. */
  readonly min?: readonly (number | null)[];
  readonly max?: readonly (number | null)[];
  /** Of a group: how many runs have a value there. */
  readonly runs?: readonly number[];
  /** NaN and infinities that were logged. */
  readonly nonFinite?: number;
  /** Points that were logged; more than there are places where those are buckets. */
  readonly points?: number;
  /** Along a metric: points that have no place there. */
  readonly unpaired?: number;
}

/** What lies along x. */
export type Along =
  | { readonly kind: "step" }
  /** Milliseconds since the run's start. */
  | { readonly kind: "elapsed" }
  /** Milliseconds since 1970. */
  | { readonly kind: "clock" }
  | { readonly kind: "metric"; readonly name: string };

export interface LinesInput {
  readonly metric: string;
  readonly lines: readonly LineInput[];
  /** Steps when absent. */
  readonly along?: Along;
  readonly logX?: boolean;
  readonly log?: boolean;
  /** Weight of the moving average, 0 for none. */
  readonly smoothing?: number;
  /** Leaves values far from most others outside of the plot. */
  readonly clip?: boolean;
  /** This part of the x axis alone. */
  readonly range?: readonly [number, number] | undefined;
  /** What the lines and bands are, in a note; buckets of points when absent. */
  readonly bandNote?: string;
}

/**
 * Columns of equal length: 100 lines of 1,500 points are 150,000 places, which as objects took five times as long.
 * NaN where there is no value, or none that can be shown: the line is broken there, not joined.
 */
export interface Line {
  readonly key: string;
  readonly label: string;
  readonly category: Category;
  readonly slot: number;
  /** As logged. */
  readonly x: Float64Array;
  readonly values: Float64Array;
  readonly min: Float64Array | undefined;
  readonly max: Float64Array | undefined;
  readonly smoothed: Float64Array | undefined;
  readonly runs: readonly number[] | undefined;
  /** Fractions of the plot. */
  readonly at: Float64Array;
  /** Of the line that is drawn: the smoothed one, if there is one. */
  readonly y: Float64Array;
  /** Of the raw values under a smoothed line. */
  readonly ghost: Float64Array | undefined;
  /** Of the band; undefined where every place is one value. */
  readonly low: Float64Array | undefined;
  readonly high: Float64Array | undefined;
  /** Places whose band reaches far beyond the usual one: as a pixel of a pale band among a hundred nobody would see them. */
  readonly spikes: readonly number[];
}

export interface Lines {
  readonly metric: string;
  readonly x: Axis;
  readonly y: Axis;
  /** "step 12", "3 min 5 s". */
  toXText(x: number): string;
  /** As a table has it: its column's name, and the cells. */
  readonly xColumn: { readonly name: string; toCell(x: number): string };
  readonly lines: readonly Line[];
  readonly logPossible: boolean;
  /** Marks may lie outside of the plot, and are cut at its edges. */
  readonly cut: boolean;
  readonly summary: string;
  readonly notes: readonly string[];
}

/** Decides everything about a chart of metric lines; undefined when no finite value was logged. A part of it may be empty. */
export function prepareLines(input: LinesInput): Lines | undefined {
  const columns = input.lines.map(toColumns);
  const along = input.along ?? STEPS;
  const everyX = extentOf(columns.map((line) => line.x));
  if (!everyX) return undefined;
  const positiveX = extentOf(
    columns.map((line) => line.x),
    canLog,
  );
  const logX = (input.logX ?? false) && along.kind !== "clock" && positiveX !== undefined;
  const x = toXScale(along, logX ? positiveX : everyX, logX, input.range);
  const [left, right] = x.domain;
  const inside = (line: Columns, i: number) =>
    (line.x[i] as number) >= left && (line.x[i] as number) <= right;
  const extent = extentOfLines(columns, inside);
  if (!extent.all && input.range === undefined) return undefined;
  if (!extent.all) return nothingHere(input, along, x);

  const logPossible = extent.positive !== undefined;
  const log = (input.log ?? false) && extent.positive !== undefined;
  const full = log && extent.positive ? extent.positive : extent.all;
  const domain = input.clip ? clipped(columns, inside, full, log) : full;
  const y: Scale = log ? toLogScale(domain, 4) : toLinearScale(air(domain), 4);
  const places = { x: toPlace(x), y: toPlace(y) };
  const lines = input.lines.map((line, i) =>
    toLine(line, columns[i] as Columns, line.slot ?? i, places, input),
  );
  return {
    metric: input.metric,
    x: { label: toXLabel(along), scale: x },
    y: { label: input.metric, scale: y },
    ...toXWords(along),
    lines,
    logPossible,
    cut: input.range !== undefined || domain !== full,
    summary: toSummary(input, along, lines),
    notes: toNotes(input, columns, inside, {
      log,
      logRefused: (input.log ?? false) && !log,
      logX,
      ...(domain !== full && { domain }),
    }),
  };
}

const STEPS: Along = { kind: "step" };

interface Columns {
  readonly x: Float64Array;
  readonly values: Float64Array;
  readonly min: Float64Array | undefined;
  readonly max: Float64Array | undefined;
}

const toColumns = ({ x, values, min, max }: LineInput): Columns => ({
  x: Float64Array.from(x),
  values: toColumn(values),
  min: min && toColumn(min),
  max: max && toColumn(max),
});

function toColumn(values: readonly (number | null)[]): Float64Array {
  const column = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) column[i] = values[i] ?? Number.NaN;
  return column;
}

function toLine(
  { key, label, runs }: LineInput,
  { x, values, min, max }: Columns,
  slot: number,
  places: { x: Place; y: Place },
  { smoothing = 0 }: LinesInput,
): Line {
  const smoothed = smoothing > 0 ? smooth(x, values, smoothing) : undefined;
  const y = values.map(places.y);
  const at = x.map(places.x);
  const shared = {
    key,
    label,
    slot,
    category: toSeriesCategory(slot),
    x,
    values,
    min,
    max,
    smoothed,
    runs,
    at,
  };
  const line = smoothed
    ? { ...shared, y: smoothed.map(places.y), ghost: y }
    : { ...shared, y, ghost: undefined };
  if (!min || !max || isFlat(min, max)) return { ...line, low: undefined, high: undefined, spikes: [] };
  // What a log scale can't show of a band ends at its line.
  const bandOf = (side: Float64Array) =>
    side.map((value, i) => {
      const place = places.y(value);
      return Number.isNaN(place) ? (y[i] as number) : place;
    });
  const [low, high] = [bandOf(min), bandOf(max)];
  return { ...line, low, high, spikes: runs ? [] : findSpikes(low, high) };
}

/** Four times as high as three of four are. */
const SPIKE = 4;
/** What is lower than a hundredth of the plot is no spike to anybody who looks at it. */
const LEAST_SPIKE = 0.01;

function findSpikes(low: Float64Array, high: Float64Array): number[] {
  const heights = high.map((top, i) => top - (low[i] as number));
  const known = heights.filter((height) => !Number.isNaN(height)).sort();
  const usual = known[Math.floor((known.length - 1) * 0.75)] ?? 0;
  const least = Math.max(LEAST_SPIKE, SPIKE * usual);
  const spikes: number[] = [];
  heights.forEach((height, i) => {
    if (height > least) spikes.push(i);
  });
  return spikes;
}

function isFlat(min: Float64Array, max: Float64Array): boolean {
  for (let i = 0; i < min.length; i++) if ((min[i] as number) < (max[i] as number)) return false;
  return true;
}

type Place = (value: number) => number;

/** `Scale.at` as plain arithmetic: d3's took 50 ns a value, and a chart of 100 runs asks half a million times. */
function toPlace({ kind, domain: [low, high], at }: Scale): Place {
  if (kind === "log") {
    const span = Math.log(high / low);
    return (value) => (canLog(value) ? Math.log(value / low) / span : Number.NaN);
  }
  const span = high - low;
  return Number.isFinite(span) ? (value) => (value - low) / span : at;
}

function toXScale(
  along: Along,
  extent: readonly [number, number],
  log: boolean,
  range: LinesInput["range"],
): Scale {
  if (log) {
    const [low, high] = range ?? extent;
    return toLogScale([canLog(low) ? low : extent[0], canLog(high) ? high : extent[1]], 6);
  }
  const ends = range ?? extent;
  if (along.kind === "step") return toWholeScale(ends, 6);
  if (along.kind === "clock") return toClockScale(ends, 5);
  if (along.kind === "metric") return toLinearScale(ends, 6);
  return toElapsedScale(range ?? [Math.min(0, ends[0]), ends[1]], 6);
}

/** The least and greatest of what is there; undefined where nothing is. */
function extentOf(
  columns: readonly Float64Array[],
  fits: (value: number) => boolean = Number.isFinite,
): [number, number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const column of columns)
    for (const value of column) {
      if (!fits(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low <= high ? [low, high] : undefined;
}

function extentOfLines(
  lines: readonly Columns[],
  inside: (line: Columns, i: number) => boolean,
): { all: [number, number] | undefined; positive: [number, number] | undefined } {
  const all: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const positive: [number, number] = [...all];
  const note = (value: number | undefined) => {
    if (value === undefined || !Number.isFinite(value)) return;
    if (value < all[0]) all[0] = value;
    if (value > all[1]) all[1] = value;
    if (!canLog(value)) return;
    if (value < positive[0]) positive[0] = value;
    if (value > positive[1]) positive[1] = value;
  };
  for (const line of lines)
    for (let i = 0; i < line.x.length; i++) {
      if (!inside(line, i)) continue;
      note(line.values[i]);
      note(line.min?.[i]);
      note(line.max?.[i]);
    }
  return {
    all: all[0] <= all[1] ? all : undefined,
    positive: positive[0] <= positive[1] ? positive : undefined,
  };
}

/** So many values tell where most of them lie. */
const SAMPLE = 20_000;
/** Tukey's fences, but from the outer twentieths: a curve that falls steeply at its start is no outlier. */
const FENCE = 1.5;

function clipped(
  lines: readonly Columns[],
  inside: (line: Columns, i: number) => boolean,
  full: [number, number],
  log: boolean,
): [number, number] {
  const count = lines.reduce((sum, line) => sum + line.x.length, 0);
  const every = Math.max(1, Math.ceil(count / SAMPLE));
  const values: number[] = [];
  let n = 0;
  for (const line of lines)
    for (let i = 0; i < line.x.length; i++) {
      const value = line.values[i] as number;
      if (n++ % every !== 0 || !inside(line, i)) continue;
      if (log ? canLog(value) : Number.isFinite(value)) values.push(log ? Math.log(value) : value);
    }
  const sorted = Float64Array.from(values).sort();
  if (sorted.length < 5) return full;
  const [low, high] = [0.05, 0.95].map(
    (share) => sorted[Math.round(share * (sorted.length - 1))] as number,
  ) as [number, number];
  const room = FENCE * (high - low);
  const fences = [low - room, high + room].map((value) => (log ? Math.exp(value) : value)) as [
    number,
    number,
  ];
  const domain: [number, number] = [Math.max(full[0], fences[0]), Math.min(full[1], fences[1])];
  return domain[0] === full[0] && domain[1] === full[1] ? full : domain;
}

// ------------------------------------------------------------------ words

const toXLabel = (along: Along): string =>
  along.kind === "step"
    ? "step"
    : along.kind === "elapsed"
      ? "time since the start"
      : along.kind === "clock"
        ? "time, UTC"
        : along.name;

const toClockText = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, 19);

function toXWords(along: Along): Pick<Lines, "toXText" | "xColumn"> {
  switch (along.kind) {
    case "step":
      return { toXText: (x) => `step ${x}`, xColumn: { name: "Step", toCell: String } };
    case "elapsed":
      return { toXText: formatDuration, xColumn: { name: "Time", toCell: formatDuration } };
    case "clock":
      return { toXText: toClockText, xColumn: { name: "Time", toCell: toClockText } };
    case "metric":
      return {
        toXText: (x) => `${along.name} ${formatNumber(x, 6)}`,
        xColumn: { name: along.name, toCell: String },
      };
  }
}

const byWhat = (along: Along): string =>
  along.kind === "step" ? "step" : along.kind === "metric" ? along.name : "time";

/** Nothing lies in the part that is asked for: an empty plot that says so. */
function nothingHere(input: LinesInput, along: Along, x: Scale): Lines {
  return {
    metric: input.metric,
    x: { label: toXLabel(along), scale: x },
    y: { label: input.metric, scale: toLinearScale([0, 1], 4) },
    ...toXWords(along),
    lines: [],
    logPossible: false,
    cut: false,
    summary: `${input.metric} by ${byWhat(along)}: no value lies in this part.`,
    notes: ["No value lies in this part"],
  };
}

function toSummary({ metric, lines }: LinesInput, along: Along, drawn: readonly Line[]): string {
  const by = byWhat(along);
  const [only] = drawn;
  if (drawn.length !== 1 || !only) return `${metric} by ${by}, ${plural(drawn.length, "line")}.`;
  let [first, last] = [Number.NaN, Number.NaN];
  for (const value of only.values) {
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    last = value;
  }
  const verb = last < first ? "falls" : last > first ? "rises" : "stays";
  const change =
    verb === "stays"
      ? `stays at ${formatNumber(last)}`
      : `${verb} from ${formatNumber(first)} to ${formatNumber(last)}`;
  return `${metric} by ${by} over ${plural(lines[0] ? pointsOf(lines[0]) : 0, "point")}: it ${change}.`;
}

const pointsOf = ({ points, x }: LineInput): number => points ?? x.length;

function toNotes(
  { lines, bandNote }: LinesInput,
  columns: readonly Columns[],
  inside: (line: Columns, i: number) => boolean,
  scale: { log: boolean; logRefused: boolean; logX: boolean; domain?: readonly [number, number] },
): string[] {
  const notes: string[] = [];
  const points = lines.reduce((sum, line) => sum + pointsOf(line), 0);
  const places = lines.reduce((sum, line) => sum + line.x.length, 0);
  if (bandNote !== undefined) notes.push(bandNote);
  else if (places < points)
    notes.push(
      `showing ${formatCount(places)} of ${formatCount(points)} points: the line is each bucket's last value, the band its range`,
    );
  const hidden = { log: 0, logX: 0, outside: 0 };
  for (const line of columns)
    for (let i = 0; i < line.x.length; i++) {
      const value = line.values[i] as number;
      if (Number.isNaN(value)) continue;
      if (scale.logX && !canLog(line.x[i] as number)) {
        hidden.logX++;
        continue;
      }
      if (!inside(line, i)) continue;
      const least = line.min?.[i] ?? value;
      if (scale.log && !canLog(Number.isNaN(least) ? value : least)) hidden.log++;
      else if (scale.domain && (value < scale.domain[0] || value > scale.domain[1])) hidden.outside++;
    }
  if (hidden.log > 0)
    notes.push(`${plural(hidden.log, "value")} of zero or below can't be shown on a log scale`);
  if (scale.logRefused)
    notes.push("No value is above zero, so that a log scale could show none: this one is linear");
  if (hidden.logX > 0)
    notes.push(`${plural(hidden.logX, "point")} at zero or below on the log x axis left out`);
  if (hidden.outside > 0)
    notes.push(`${plural(hidden.outside, "point")} outside of the plot: outliers are clipped`);
  const nonFinite = lines.reduce((sum, line) => sum + (line.nonFinite ?? 0), 0);
  if (nonFinite > 0) notes.push(`${plural(nonFinite, "value")} not drawn: NaN or infinite`);
  const unpaired = lines.reduce((sum, line) => sum + (line.unpaired ?? 0), 0);
  if (unpaired > 0) notes.push(`${plural(unpaired, "point")} without a value along x left out`);
  return notes;
}

// ------------------------------------------------------------------ what is where

/** Something is drawn at this place of the line, inside the plot. */
export function isShown({ at, y }: Line, i: number): boolean {
  const [here, height] = [at[i] as number, y[i] as number];
  return here >= -EDGE && here <= 1 + EDGE && height >= -EDGE && height <= 1 + EDGE;
}
/** Rounding may put an end beside the plot's edge. */
const EDGE = 1e-9;

/** The place of a line that is nearest to one on the x axis; -1 when it has none. */
export function nearestIndex({ at, y }: Line, where: number): number {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    // What a log axis can't show (NaN) comes first.
    if (!((at[middle] as number) >= where)) low = middle + 1;
    else high = middle;
  }
  const seek = (from: number, by: 1 | -1) => {
    let i = from;
    while (i >= 0 && i < at.length && Number.isNaN((at[i] as number) + (y[i] as number))) i += by;
    return i >= 0 && i < at.length ? i : -1;
  };
  const [after, before] = [seek(low, 1), seek(low - 1, -1)];
  if (after === -1 || before === -1) return Math.max(after, before);
  return (at[after] as number) - where <= where - (at[before] as number) ? after : before;
}

/** The line that passes nearest to a point of the plot, and where; undefined when nothing is drawn. */
export function nearestLine(
  { lines }: Lines,
  where: { readonly x: number; readonly y: number },
  /** Height by width: how much nearer a fraction along y is than one along x. */
  shape = 1,
): { readonly line: Line; readonly index: number } | undefined {
  let nearest: { line: Line; index: number } | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const index = nearestIndex(line, where.x);
    if (index === -1) continue;
    const distance = Math.hypot(
      (line.at[index] as number) - where.x,
      ((line.y[index] as number) - where.y) * shape,
    );
    if (distance < least) {
      least = distance;
      nearest = { line, index };
    }
  }
  return nearest;
}

function air([low, high]: readonly [number, number]): [number, number] {
  const room = (high - low) * 0.04;
  return Number.isFinite(room) ? [low - room, high + room] : [low, high];
}
