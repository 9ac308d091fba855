import { isActive, isOver, type RunState } from "@/core/run";
import { formatCount, plural } from "@/ui/format";
import { toCategory, toRampCss } from "../palette";
import { STATE_LOOKS, type StateLook, stateIndex } from "../states";
import type { Brush } from "./brush";
import type { ChartRun, Dimension } from "./dimension";
import { type AxisKind, type AxisTick, isChosen, type ParallelAxis, prepareAxis } from "./parallel-axis";

export interface ParallelInput {
  readonly runs: readonly ChartRun[];
  /** In the order of the axes. */
  readonly dimensions: readonly Dimension[];
  readonly kinds?: ReadonlyMap<string, AxisKind>;
  readonly flipped?: ReadonlySet<string>;
  /** What gives a line its colour; runs are coloured by state without it. */
  readonly color?: Dimension | undefined;
  readonly goal?: "minimize" | "maximize" | undefined;
  readonly bestId?: string | undefined;
}

/** Every run as a line over upright axes: what a drawing needs to know, decided once. */
export interface Parallel {
  readonly runs: readonly ChartRun[];
  readonly axes: readonly ParallelAxis[];
  /** Of each run, its place in `colors`. */
  readonly buckets: Uint16Array;
  readonly colors: readonly LineColor[];
  /** Buckets in the order of painting: the best come last and lie on top. */
  readonly layers: readonly number[];
  readonly legend: ParallelLegend;
  /** Runs that go on: their lines still change. */
  readonly active: readonly number[];
  /** -1: none. */
  readonly best: number;
  readonly summary: string;
  readonly notes: readonly string[];
}

export interface LineColor {
  /** As CSS has it. */
  readonly css: string;
  /** An SVG dash array, the second channel where colours are categories; of a value's colour it says the run's state. */
  readonly dash: string;
  /** Of a run that did not end well, beside those that did. */
  readonly faint?: boolean;
}

export interface LegendItem {
  readonly label: string;
  readonly color: LineColor;
  readonly count: number;
}

export type ParallelLegend =
  | {
      readonly kind: "ramp";
      readonly label: string;
      /** With their colour there. */
      readonly ticks: readonly (AxisTick & { readonly css: string })[];
      /** What dashes mean, where the runs that have a value did not all end alike. */
      readonly states: readonly LegendItem[];
      /** Runs that have none, in their states' colours. */
      readonly without: readonly LegendItem[];
    }
  | {
      readonly kind: "list";
      readonly label: string;
      readonly items: readonly LegendItem[];
    };

/** Steps of the ramp: strokes are batched by colour, and more steps can't be told apart. */
const RAMP_STEPS = 16;
/** Dashes of more lines draw a pattern of their own, and cost several times a solid line: who did not end well is fainter then, and no more. */
const DASHED_TO = 150;
const QUIET: LineColor = { css: "var(--quiet-mark)", dash: "none" };

export function prepareParallel(input: ParallelInput): Parallel {
  const { runs, dimensions, kinds, flipped, color, goal, bestId } = input;
  const axes = dimensions.map((dimension) =>
    prepareAxis(dimension, runs, {
      kind: kinds?.get(dimension.id),
      flipped: flipped?.has(dimension.id) ?? false,
    }),
  );
  const own = color && axes.find((axis) => axis.id === color.id);
  const coloring =
    color && color.kind !== "category"
      ? byValue(own ?? prepareAxis(color, runs, { kind: kinds?.get(color.id) }), runs, goal)
      : color && color.id !== "f.state"
        ? byCategory(color, runs)
        : byState(runs);
  const active = [...runs.keys()].filter((i) => isActive(runs[i]?.state as RunState));
  return {
    runs,
    axes,
    ...coloring,
    active,
    best: bestId === undefined ? -1 : runs.findIndex((run) => run.id === bestId),
    summary: toSummary(axes, runs.length, color),
    notes: toNotes(axes),
  };
}

type Coloring = Pick<Parallel, "buckets" | "colors" | "layers" | "legend">;

/**
 * Along the axis' own scale, so that a colour stands beside its value whatever the scale. The colour is the value's, so
 * a state keeps its dash alone; a run without a value has its state's colour as well.
 */
function byValue(axis: ParallelAxis, runs: readonly ChartRun[], goal: ParallelInput["goal"]): Coloring {
  const low = (place: number) => (axis.flipped ? 1 - place : place);
  const without = STATE_LOOKS.length * RAMP_STEPS;
  const looks = STATE_LOOKS.map((look) =>
    toStateColor(runs.length > DASHED_TO ? { ...look, dash: "none" } : look),
  );
  const toItem = (state: number, count: number, css?: string): LegendItem => ({
    label: STATE_LOOKS[state]?.state ?? "",
    color: { ...(looks[state] as LineColor), ...(css !== undefined && { css }) },
    count,
  });
  const buckets = Uint16Array.from(axis.places, (place, i) => {
    const state = stateIndex(runs[i]?.state ?? "");
    const step = Math.min(RAMP_STEPS - 1, Math.floor(low(place) * RAMP_STEPS));
    return Number.isNaN(place) ? without + state : state * RAMP_STEPS + step;
  });
  const steps = Array.from({ length: RAMP_STEPS }, (_, i) => i);
  const states = [...STATE_LOOKS.keys()];
  const present = new Set(buckets);
  const bySteps = goal === "minimize" ? steps.toReversed() : steps;
  const counts = states.map((state) => ({ state, placed: 0, without: 0 }));
  for (const bucket of buckets) {
    const count = counts[bucket < without ? Math.floor(bucket / RAMP_STEPS) : bucket - without];
    if (count && bucket < without) count.placed++;
    else if (count) count.without++;
  }
  const ended = counts.filter((count) => count.placed > 0);
  return {
    buckets,
    colors: [
      ...looks.flatMap((look) => steps.map((i) => ({ ...look, css: toRampCss(i / (RAMP_STEPS - 1)) }))),
      ...looks,
    ],
    layers: [
      ...states.map((state) => without + state),
      ...bySteps.flatMap((step) => states.map((state) => state * RAMP_STEPS + step)),
    ].filter((bucket) => present.has(bucket)),
    legend: {
      kind: "ramp",
      label: axis.dimension.label,
      ticks: axis.ticks
        .map((tick) => ({ ...tick, at: low(tick.at) }))
        .filter(({ at }) => at >= 0 && at <= 1)
        .map((tick) => ({ ...tick, css: toRampCss(tick.at) })),
      states:
        ended.length > 1 ? ended.map(({ state, placed }) => toItem(state, placed, "var(--ink-soft)")) : [],
      without: counts.flatMap(({ state, without }) => (without > 0 ? [toItem(state, without)] : [])),
    },
  };
}

const toStateColor = ({ state, token, dash }: StateLook): LineColor => ({
  css: `var(--${token})`,
  dash,
  ...(isOver(state) && state !== "finished" && { faint: true }),
});

function byCategory(color: Dimension, runs: readonly ChartRun[]): Coloring {
  const axis = prepareAxis(color, runs);
  const levels = axis.levels ?? [];
  const colors = levels.map((_, i): LineColor => {
    const { color: css, dash } = toCategory(i);
    return { css, dash };
  });
  return toList(
    color.label,
    [...levels.map((level) => color.format(level)), "no value"],
    [...colors, QUIET],
    Uint16Array.from(axis.units, (unit) => (Number.isNaN(unit) ? levels.length : unit)),
  );
}

const byState = (runs: readonly ChartRun[]): Coloring =>
  toList(
    "State",
    STATE_LOOKS.map(({ state }) => state),
    STATE_LOOKS.map((look) => ({ ...toStateColor(look), faint: false })),
    Uint16Array.from(runs, ({ state }) => stateIndex(state)),
  );

function toList(label: string, names: string[], colors: LineColor[], buckets: Uint16Array): Coloring {
  const counts = new Uint32Array(names.length);
  for (const bucket of buckets) counts[bucket] = (counts[bucket] ?? 0) + 1;
  const items = names.map((name, i) => ({ label: name, color: colors[i] ?? QUIET, count: counts[i] ?? 0 }));
  return {
    buckets,
    colors,
    layers: [...names.keys()],
    legend: { kind: "list", label, items: items.filter(({ count }) => count > 0) },
  };
}

/**
 * Marks which runs pass the brushes of the axes, among those of `rest` (what other filters leave), as `passes` would,
 * but over typed arrays: 10,000 runs and three brushes take half a millisecond.
 * @returns how many pass
 */
export function markPassing(
  axes: readonly ParallelAxis[],
  brushes: ReadonlyMap<string, Brush>,
  rest: Uint8Array,
  into: Uint8Array,
): number {
  into.set(rest);
  for (const axis of axes) {
    const brush = brushes.get(axis.id);
    if (brush) markOne(axis, brush, into);
  }
  let count = 0;
  for (let i = 0; i < into.length; i++) count += into[i] ?? 0;
  return count;
}

function markOne({ units, levels }: ParallelAxis, brush: Brush, into: Uint8Array): void {
  const missing = brush.missing ? 1 : 0;
  if (levels) {
    const chosen = Uint8Array.from(levels, (level) => (isChosen(brush, level) ? 1 : 0));
    for (let i = 0; i < into.length; i++) {
      const unit = units[i] as number;
      if (Number.isNaN(unit) ? !missing : !chosen[unit]) into[i] = 0;
    }
    return;
  }
  const ranges = brush.ranges ?? [];
  for (let i = 0; i < into.length; i++) {
    const unit = units[i] as number;
    if (Number.isNaN(unit)) {
      if (!missing) into[i] = 0;
      continue;
    }
    let inside = false;
    for (const [low, high] of ranges) if (unit >= low && unit <= high) inside = true;
    if (!inside) into[i] = 0;
  }
}

/** Everything that one axis' brush holds back, and nothing that it lets through. */
export function complement(axis: ParallelAxis, brush: Brush): Brush {
  const missing = brush.missing ? {} : { missing: true };
  const { levels } = axis;
  if (levels?.some((level) => typeof level === "string"))
    return { values: levels.filter((level) => !isChosen(brush, level)) as string[], ...missing };
  const ranges: [number, number][] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const [low, high] of [...(brush.ranges ?? [])].sort((a, b) => a[0] - b[0])) {
    if (low > from) ranges.push([from, before(low)]);
    from = Math.max(from, after(high));
  }
  if (from < Number.POSITIVE_INFINITY) ranges.push([from, Number.POSITIVE_INFINITY]);
  return { ranges, ...missing };
}

/** The next double below: a brush has both ends inside. */
const before = (value: number): number => -after(-value);

function after(value: number): number {
  if (!Number.isFinite(value)) return value;
  if (value === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

/** Whether what was painted of `before` still holds: the same axes, and each of its runs where it was. */
export function continues(before: Parallel, now: Parallel): boolean {
  if (before.axes.length !== now.axes.length || before.runs.length > now.runs.length) return false;
  const unsettled = new Set(before.active);
  for (let i = 0; i < before.runs.length; i++) {
    if (before.runs[i]?.id !== now.runs[i]?.id) return false;
    if (unsettled.has(i)) continue;
    if (before.buckets[i] !== now.buckets[i]) return false;
    for (const [a, axis] of before.axes.entries())
      if (!Object.is(axis.places[i], now.axes[a]?.places[i])) return false;
  }
  return now.axes.every((axis, a) => axis.id === before.axes[a]?.id);
}

function toSummary(axes: readonly ParallelAxis[], runs: number, color: Dimension | undefined): string {
  const names = axes.map((axis) => axis.dimension.label);
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join();
  return `${plural(runs, "run")} as lines over ${list}, coloured by ${color?.label ?? "state"}.`;
}

function toNotes(axes: readonly ParallelAxis[]): string[] {
  return axes.flatMap(({ unplaced, kind, dimension }) =>
    unplaced > 0
      ? [
          kind === "log"
            ? `${formatCount(unplaced)} ${unplaced === 1 ? "value" : "values"} of ${dimension.label}, zero or below, can't stand on a log scale: see them at "no value"`
            : `${formatCount(unplaced)} ${unplaced === 1 ? "value" : "values"} of ${dimension.label}, NaN or infinite: see them at "no value"`,
        ]
      : [],
  );
}
