import { scaleUtc, utcFormat } from "d3";
import type { Goal } from "@/core/sweep";
import type { Axis } from "../axis";
import { canLog, type Scale, toLinearScale, toLogScale, toWholeScale } from "../scale";
import { pad, viewRange } from "./best-so-far";
import type { ChartRun, Dimension } from "./dimension";

/** A dimension laid out along an axis. */
export interface Place {
  readonly dimension: Dimension;
  readonly axis: Axis;
  readonly log: boolean;
  /** All its values are above zero. */
  readonly logPossible: boolean;
  /** A category's values in their order along the axis. */
  readonly categories: readonly string[];
  /** Fraction of the axis, beyond 0..1 for what lies outside the view; NaN for a run without a place. */
  at(run: ChartRun): number;
}

export interface PlaceOptions {
  /** The dimension's own choice where it is left out. */
  readonly log?: boolean | undefined;
  readonly ticks?: number;
  /** Runs that are far off on its bad side leave the view. */
  readonly goal?: Goal | undefined;
  /** Runs of one category stand side by side instead of on top of each other. */
  readonly spread?: boolean;
}

/** @returns undefined where no run has a value */
export function placeAlong(
  dimension: Dimension,
  runs: readonly ChartRun[],
  options: PlaceOptions = {},
): Place | undefined {
  return dimension.kind === "category"
    ? placeCategories(dimension, runs, options.spread ?? false)
    : placeNumbers(dimension, runs, options);
}

/** Up to so many letters of a category stand at the axis; the whole text is in the tip and in the table. */
const LABEL_LETTERS = 20;

function placeCategories(
  dimension: Dimension,
  runs: readonly ChartRun[],
  spread: boolean,
): Place | undefined {
  const present = new Set<string>();
  for (const run of runs) {
    const value = dimension.valueOf(run);
    if (value !== undefined) present.add(String(value));
  }
  if (present.size === 0) return undefined;
  const ordered = dimension.categories.filter((value) => present.has(value));
  const categories = ordered.length === present.size ? ordered : [...present].sort();
  const places = new Map(categories.map((value, i) => [value, i]));
  const size = categories.length;
  const scale: Scale = {
    kind: "linear",
    domain: [0, size],
    ticks: categories.map((value, i) => ({
      at: (i + 0.5) / size,
      label: shorten(dimension.format(value), LABEL_LETTERS),
      minor: size > 4 && i % 2 === 1,
    })),
    at: (value) => value / size,
    invert: (at) => at * size,
  };
  return {
    dimension,
    axis: { label: dimension.label, scale },
    log: false,
    logPossible: false,
    categories,
    at(run) {
      const value = dimension.valueOf(run);
      const place = value === undefined ? undefined : places.get(String(value));
      if (place === undefined) return Number.NaN;
      return (place + 0.5 + (spread ? 0.6 * (scatterOf(run.id) - 0.5) : 0)) / size;
    },
  };
}

function placeNumbers(
  dimension: Dimension,
  runs: readonly ChartRun[],
  { log, ticks = 5, goal }: PlaceOptions,
): Place | undefined {
  const values: number[] = [];
  for (const run of runs) {
    const value = dimension.valueOf(run);
    if (typeof value === "number" && Number.isFinite(value)) values.push(value);
  }
  const first = values[0];
  if (first === undefined) return undefined;
  let [low, high] = [first, first];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const logPossible = canLog(low) && canLog(high);
  const isLog = (log ?? dimension.log) && logPossible;
  const range: [number, number] = goal
    ? viewRange(values, goal === "minimize" ? low : high, goal)
    : [low, high];
  const padded = pad(range, isLog);
  const scale =
    dimension.kind === "time"
      ? toTimeScale(padded, ticks)
      : isLog
        ? toLogScale(padded, ticks)
        : dimension.whole
          ? toWholeScale(padded, ticks)
          : toLinearScale(padded, ticks);
  const unit = dimension.id === "f.duration" ? ", seconds" : dimension.kind === "time" ? ", UTC" : "";
  return {
    dimension,
    axis: { label: dimension.label + unit, scale },
    log: isLog,
    logPossible: logPossible && dimension.kind === "number",
    categories: [],
    at(run) {
      const value = dimension.valueOf(run);
      return typeof value === "number" && Number.isFinite(value) ? scale.at(value) : Number.NaN;
    },
  };
}

/** Moments in ms since the epoch, with ticks at round ones, in UTC as everywhere on the page. */
export function toTimeScale([low, high]: readonly [number, number], count: number): Scale {
  const [min, max] = high - low < 1_000 ? [low - 500, high + 500] : [low, high];
  const scale = scaleUtc([min, max], [0, 1]);
  const format = timeFormat(max - min);
  return {
    kind: "linear",
    domain: [min, max],
    ticks: scale
      .ticks(count)
      .map((tick, i) => ({ at: scale(tick), label: format(tick), minor: i % 2 === 1 })),
    at: (value) => scale(value),
    invert: (at) => scale.invert(at).getTime(),
  };
}

function timeFormat(spanMs: number): (moment: Date) => string {
  const day = 86_400_000;
  if (spanMs < 5_000) return utcFormat("%H:%M:%S.%L");
  if (spanMs < 10 * 60_000) return utcFormat("%H:%M:%S");
  if (spanMs < day) return utcFormat("%H:%M");
  return utcFormat(spanMs < 5 * day ? "%b %-d, %H:%M" : spanMs < 300 * day ? "%b %-d" : "%Y-%m-%d");
}

/** The middle goes: names that begin alike mostly end differently. */
export function shorten(text: string, letters: number): string {
  if (text.length <= letters) return text;
  const tail = Math.floor((letters - 1) / 2);
  return `${text.slice(0, letters - 1 - tail)}…${text.slice(-tail)}`;
}

/** Between 0 and 1, always the same for a run: its place does not change when others come. */
export function scatterOf(id: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4_294_967_296;
}
