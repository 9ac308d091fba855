import { bisector, scaleLinear } from "d3";
import { canLog, toLinearScale, toLogScale } from "../scale";
import type { Brush } from "./brush";
import type { ChartRun, Dimension } from "./dimension";

export const AXIS_KINDS = ["linear", "log", "quantile", "category"] as const;
export type AxisKind = (typeof AXIS_KINDS)[number];

export interface AxisTick {
  /** Fraction of the axis, upwards; flipped already. */
  readonly at: number;
  readonly label: string;
  /** False where labels would stand on each other: the tick remains, its text shows on hover. */
  readonly labelled: boolean;
}

/** One upright axis. Its unit is the value itself, or a category's place among the categories. */
export interface ParallelAxis {
  readonly id: string;
  readonly dimension: Dimension;
  readonly kind: AxisKind;
  /** What can be chosen for it. */
  readonly kinds: readonly AxisKind[];
  readonly flipped: boolean;
  readonly ticks: readonly AxisTick[];
  /** Of each run, in the axis' unit; NaN without one. */
  readonly units: Float64Array;
  /** Of each run, a fraction of the axis upwards; NaN stands at "no value". */
  readonly places: Float32Array;
  /** Runs without a value. */
  readonly missing: number;
  /** Runs with a value that this scale can't show: infinite, or zero and below on a logarithmic one. */
  readonly unplaced: number;
  readonly ends: readonly [low: number, high: number];
  /** A category's own value, in order; undefined for the other kinds. */
  readonly levels: readonly (number | string)[] | undefined;
  /** Where a unit stands. */
  place(unit: number): number;
  /** The unit at a place, rounded to what a pixel can tell, within the ends. */
  unitAt(place: number): number;
  /** So many hundredths of the axis further, or so many categories. */
  step(unit: number, count: number): number;
  text(unit: number): string;
}

export function prepareAxis(
  dimension: Dimension,
  runs: readonly ChartRun[],
  { kind: wanted, flipped = false }: { kind?: AxisKind | undefined; flipped?: boolean } = {},
): ParallelAxis {
  const raw = runs.map((run) => dimension.valueOf(run));
  const missing = raw.reduce<number>((count, value) => count + (value === undefined ? 1 : 0), 0);
  const numbers = dimension.kind === "category" ? [] : toSortedLevels(raw);
  const kinds = toKinds(dimension, numbers);
  const usual = kinds.includes("log") && dimension.log ? "log" : kinds[0];
  const kind = kinds.find((one) => one === wanted) ?? usual ?? "linear";
  const scale =
    kind === "category"
      ? toCategoryScale(dimension, dimension.kind === "category" ? toTexts(dimension, raw) : numbers, raw)
      : toNumberScale(dimension, kind, numbers, raw);
  const turn = (at: number): number => (flipped ? 1 - at : at);
  const places = Float32Array.from(scale.units, (unit) => turn(scale.at(unit)));
  let unplaced = -missing;
  for (const place of places) if (Number.isNaN(place)) unplaced++;
  return {
    id: dimension.id,
    dimension,
    kind,
    kinds,
    flipped,
    ticks: thinLabels(scale.ticks.map((tick) => ({ ...tick, at: turn(tick.at) }))),
    units: scale.units,
    places,
    missing,
    unplaced,
    ends: scale.ends,
    levels: scale.levels,
    place: (unit) => turn(scale.at(unit)),
    unitAt: (place) => scale.invert(turn(place)),
    step: scale.step,
    text: scale.text,
  };
}

/** What a kind of axis brings; fractions are of the axis before it is flipped. */
interface UnitScale {
  readonly units: Float64Array;
  readonly ends: readonly [number, number];
  readonly ticks: readonly { at: number; label: string }[];
  readonly levels?: readonly (number | string)[];
  at(unit: number): number;
  invert(at: number): number;
  step(unit: number, count: number): number;
  text(unit: number): string;
}

type Raw = readonly (number | string | undefined)[];

/** Up to so many different values stand at ticks of their own: those of a grid are what one looks for. */
const OWN_TICKS = 8;

function toNumberScale(
  dimension: Dimension,
  kind: Exclude<AxisKind, "category">,
  levels: readonly number[],
  raw: Raw,
): UnitScale {
  const shown = kind === "log" ? levels.filter(canLog) : levels;
  const [low, high] = [shown[0] ?? 0, shown.at(-1) ?? 1];
  const few = shown.length <= OWN_TICKS;
  const scale =
    kind === "log"
      ? toLogScale([low, high], 6)
      : kind === "quantile"
        ? toQuantileScale(shown, raw)
        : toLinearScale(few || dimension.kind === "time" ? [low, high] : toRound(low, high), 6);
  const { domain: ends } = scale;
  const clamp = (unit: number): number => Math.min(ends[1], Math.max(ends[0], unit));
  const round = toRounding(kind, ends, dimension.whole);
  const at = (unit: number): number => (Number.isFinite(unit) ? scale.at(unit) : Number.NaN);
  const invert = (place: number): number =>
    place <= 0 ? ends[0] : place >= 1 ? ends[1] : clamp(round(scale.invert(place)));
  const ownTicks = few && kind !== "quantile" ? shown : undefined;
  const ticks =
    ownTicks ?? (dimension.kind === "time" ? spaced(5).map((place) => scale.invert(place)) : undefined);
  return {
    units: Float64Array.from(raw, (value) => (typeof value === "number" ? value : Number.NaN)),
    ends,
    ticks: ticks
      ? ticks.map((tick) => ({ at: at(tick), label: dimension.format(tick) }))
      : scale.ticks.map((tick) => ({ at: tick.at, label: tick.label })),
    at,
    invert,
    step(unit, count) {
      const next = invert(at(clamp(unit)) + count / 100);
      return dimension.whole && Math.abs(next - unit) < 1 ? clamp(unit + count) : next;
    },
    text: (unit) => dimension.format(unit),
  };
}

function toCategoryScale(dimension: Dimension, levels: readonly (number | string)[], raw: Raw): UnitScale {
  const last = Math.max(levels.length - 1, 0);
  const indexOf = new Map(levels.map((level, i) => [level, i]));
  // Half a step of air at both ends, so that a tick at an end can be brushed like the others.
  const at = (unit: number): number => (unit + 0.5) / Math.max(levels.length, 1);
  const text = (unit: number): string => {
    const level = levels[Math.round(unit)];
    return level === undefined ? "" : dimension.format(level);
  };
  const clamp = (unit: number): number => Math.min(last, Math.max(0, Math.round(unit)));
  return {
    units: Float64Array.from(
      raw,
      (value) => (value === undefined ? undefined : indexOf.get(value)) ?? Number.NaN,
    ),
    ends: [0, last],
    ticks: levels.map((_, i) => ({ at: at(i), label: text(i) })),
    levels,
    at,
    invert: (place) => clamp(place * levels.length - 0.5),
    step: (unit, count) => clamp(unit + count),
    text,
  };
}

/** Runs lie evenly along it: equal values together, at the middle of their ranks. */
function toQuantileScale(levels: readonly number[], raw: Raw) {
  const counts = new Map<number, number>();
  for (const value of raw) if (typeof value === "number") counts.set(value, (counts.get(value) ?? 0) + 1);
  const ranks: number[] = [];
  let below = 0;
  for (const level of levels) {
    const count = counts.get(level) ?? 0;
    ranks.push(below + count / 2);
    below += count;
  }
  const [first, last] = [ranks[0] ?? 0, ranks.at(-1) ?? 1];
  const places = ranks.map((rank) => (last > first ? (rank - first) / (last - first) : 0.5));
  const at = (value: number): number => between(levels, places, value);
  const invert = (place: number): number => between(places, levels, place);
  return {
    domain: [levels[0] ?? 0, levels.at(-1) ?? 1] as const,
    at,
    invert,
    ticks: spaced(5).map((place) => {
      const value = levels[nearest(places, place)] ?? 0;
      return { at: at(value), label: Number(value.toPrecision(3)).toString() };
    }),
  };
}

/** Along straight lines from corner to corner; beyond the ends, the ends. */
function between(from: readonly number[], to: readonly number[], x: number): number {
  const i = bisector((one: number) => one).right(from, x);
  const [x0, x1] = [from[i - 1], from[i]];
  const [y0, y1] = [to[i - 1], to[i]];
  if (x0 === undefined || y0 === undefined) return to[0] ?? Number.NaN;
  if (x1 === undefined || y1 === undefined) return to.at(-1) ?? Number.NaN;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

const nearest = (sorted: readonly number[], x: number): number =>
  bisector((one: number) => one).center(sorted, x);

const spaced = (count: number): number[] => Array.from({ length: count }, (_, i) => i / (count - 1));

const toRound = (low: number, high: number): [number, number] => {
  const [from = low, to = high] = scaleLinear([low, high], [0, 1]).nice(10).domain();
  return [from, to];
};

/** To a five-hundredth of the axis, which is less than a pixel: addresses stay short. */
function toRounding(kind: AxisKind, [low, high]: readonly [number, number], whole: boolean) {
  if (kind !== "linear")
    return (value: number): number => (whole ? Math.round(value) : Number(value.toPrecision(3)));
  const exponent = Math.floor(Math.log10((high - low) / 500));
  const decimals = whole ? 0 : -exponent;
  if (decimals > 100 || !Number.isFinite(decimals)) return (value: number): number => value;
  const unit = 10 ** -decimals;
  return (value: number): number =>
    decimals > 0 ? Number(value.toFixed(Math.min(decimals, 100))) : Math.round(value / unit) * unit;
}

function toSortedLevels(raw: Raw): number[] {
  const levels = new Set<number>();
  for (const value of raw) if (typeof value === "number" && Number.isFinite(value)) levels.add(value);
  return [...Float64Array.from(levels).sort()];
}

/** In the dimension's own order; fields have none. */
function toTexts({ categories }: Dimension, raw: Raw): readonly string[] {
  if (categories.length > 0) return categories;
  return [...new Set(raw.filter((value) => typeof value === "string"))].sort();
}

/** Beyond this many ticks an axis of categories tells nothing that a linear one doesn't. */
const MOST_LEVELS = 200;

function toKinds(dimension: Dimension, levels: readonly number[]): AxisKind[] {
  if (dimension.kind === "category") return ["category"];
  const many = levels.length > 2;
  if (dimension.kind === "time") return many ? ["linear", "quantile"] : ["linear"];
  return [
    "linear",
    ...(levels.some(canLog) ? (["log"] as const) : []),
    ...(many ? (["quantile"] as const) : []),
    ...(levels.length > 0 && levels.length <= MOST_LEVELS ? (["category"] as const) : []),
  ];
}

/** Labels are 13 px high on an axis of some 250 px. */
const LABEL_ROOM = 0.055;

/** The ends keep their labels, and between them as many as there is room for. */
function thinLabels(ticks: readonly { at: number; label: string }[]): AxisTick[] {
  const sorted = [...ticks].sort((a, b) => a.at - b.at);
  const top = sorted.at(-1)?.at ?? 1;
  let last = Number.NEGATIVE_INFINITY;
  return sorted.map((tick, i) => {
    const isTop = i === sorted.length - 1;
    const labelled = tick.at - last >= LABEL_ROOM && (isTop || top - tick.at >= LABEL_ROOM || i === 0);
    if (labelled) last = tick.at;
    return { ...tick, labelled };
  });
}

/** A brushed stretch of an axis, in its unit, both ends inside. */
export type Span = readonly [low: number, high: number];

/** What a brush looks like on the axis: apart from each other, from low to high. */
export function toSpans(axis: ParallelAxis, brush: Brush | undefined): Span[] {
  if (!brush) return [];
  const { ends, levels } = axis;
  if (levels) {
    const chosen = levels.map((level) => isChosen(brush, level));
    const spans: [number, number][] = [];
    for (const [i, is] of chosen.entries()) {
      const last = spans.at(-1);
      if (is && last && last[1] === i - 1) last[1] = i;
      else if (is) spans.push([i, i]);
    }
    return spans;
  }
  const clamp = (value: number): number => Math.min(ends[1], Math.max(ends[0], value));
  return unite((brush.ranges ?? []).map(([low, high]) => [clamp(low), clamp(high)]));
}

export const isChosen = (brush: Brush, level: number | string): boolean =>
  typeof level === "string"
    ? (brush.values?.includes(level) ?? false)
    : (brush.ranges?.some(([low, high]) => level >= low && level <= high) ?? false);

/** Overlapping stretches become one. */
export function unite(spans: readonly Span[]): Span[] {
  const united: [number, number][] = [];
  for (const [low, high] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = united.at(-1);
    if (last && low <= last[1]) last[1] = Math.max(last[1], high);
    else united.push([low, high]);
  }
  return united;
}

/** @returns undefined for what lets everything through, and for nothing at all */
export function toBrush(axis: ParallelAxis, spans: readonly Span[], missing = false): Brush | undefined {
  const [low, high] = axis.ends;
  const all = spans.some((span) => span[0] <= low && span[1] >= high);
  if ((all && (missing || axis.missing === 0)) || (spans.length === 0 && !missing)) return undefined;
  const extra = missing ? { missing } : {};
  const { levels } = axis;
  if (!levels) {
    // An end of the axis is no limit: a better run that comes tomorrow is inside. Zero and below stay outside a log axis.
    const floor = axis.unplaced > 0 ? low : Number.NEGATIVE_INFINITY;
    const ranges = unite(spans).map(
      ([from, to]) => [from <= low ? floor : from, to >= high ? Number.POSITIVE_INFINITY : to] as const,
    );
    return { ...(ranges.length > 0 && { ranges }), ...extra };
  }
  const inside = unite(spans);
  const values = levels.filter(
    (level, i) => typeof level === "string" && inside.some(([from, to]) => i >= from && i <= to),
  ) as string[];
  const ranges = inside.flatMap(([from, to]) => {
    const [first, last] = [levels[from], levels[to]];
    return typeof first === "number" && typeof last === "number" ? [[first, last] as const] : [];
  });
  return { ...(ranges.length > 0 && { ranges }), ...(values.length > 0 && { values }), ...extra };
}
