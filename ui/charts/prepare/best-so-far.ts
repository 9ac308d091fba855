import type { RunState } from "@/core/run";
import { type Goal, isBetter } from "@/core/sweep";
import { formatCount, formatDuration, formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { canLog, type Scale, toCountScale, toElapsedScale, toLinearScale, toLogScale } from "../scale";
import { STATE_LOOKS, stateIndex } from "../states";
import { type Dots, dotRadius, toDots } from "./dots";

/** A run that has ended. Times are ms since the epoch. */
export interface Ended {
  readonly id: string;
  readonly label: string;
  /** The sweep's metric; null for a run that ended without one. */
  readonly value: number | null;
  readonly atMs: number;
  readonly state: RunState;
}

/** One that was better than all that ended before it. */
export interface Improvement extends Omit<Ended, "state"> {
  readonly value: number;
  /** How many runs had ended by then, itself included. */
  readonly order: number;
}

export interface BestSoFarInput {
  readonly metric: string;
  readonly goal: Goal;
  /** `order` counts runs: nights and pauses take no room. `time` shows the clock. */
  readonly axis: "order" | "time";
  readonly startMs: number;
  /** Where the time axis ends unless a run ended later: now while runs go on. */
  readonly endMs: number;
  /** In order of time, from the database: true whatever part of the runs is loaded. */
  readonly improvements: readonly Improvement[];
  /** Ended runs that are loaded, improving ones included, in any order. */
  readonly ended: readonly Ended[];
  /** How many there are; more than `ended` while pages are still loading. */
  readonly endedCount: number;
  readonly target?: number;
  readonly log: boolean;
}

export interface Mark {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly atMs: number;
  /** Undefined while not all runs are loaded. */
  readonly order: number | undefined;
  readonly x: number;
  readonly y: number;
}

export interface BestSoFar {
  readonly x: Axis;
  readonly y: Axis;
  /** Corners of the step curve, right to the end of the plot. Fractions. */
  readonly curve: readonly (readonly [number, number])[];
  readonly improvements: readonly Mark[];
  readonly dots: readonly Mark[];
  /** The same for painting, each with the look of its state (`LOOKS_OF_STATES`), and its radius in px. */
  readonly cloud: Dots;
  readonly radiusPx: number;
  /** How many ended how: looks that the legend names. */
  readonly states: readonly StateCount[];
  /** Fraction; absent when there is no target or it lies outside the view. */
  readonly target?: number;
  readonly logPossible: boolean;
  /** One sentence for those who don't see the picture. */
  readonly summary: string;
  /** What the picture leaves out; empty when it shows everything. */
  readonly notes: readonly string[];
}

export interface StateCount {
  /** In `LOOKS_OF_STATES`. */
  readonly look: number;
  readonly label: string;
  readonly count: number;
}

/** Decides everything about the best-so-far chart; undefined while there is nothing to draw. */
export function prepareBestSoFar(input: BestSoFarInput): BestSoFar | undefined {
  const { goal, improvements } = input;
  const first = improvements[0];
  const best = improvements.at(-1);
  if (!first || !best) return undefined;

  const results = input.ended.filter((run): run is Ended & { value: number } => run.value !== null);
  const looks = new Map(results.map(({ id, state }) => [id, stateIndex(state)]));
  const values = [...improvements, ...results].map((run) => run.value);
  const logPossible = values.every(canLog);
  const log = input.log && logPossible;
  const range = viewRange(values, best.value, goal);
  const y: Scale = log ? toLogScale(pad(range, true), 5) : toLinearScale(pad(range, false), 5);
  const x = toXAxis(input, best);

  const orders = input.ended.length < input.endedCount ? undefined : toOrders(input.ended);
  const place = (run: Omit<Ended, "state"> & { value: number; order?: number }): Mark => {
    const order = orders?.get(run.id) ?? run.order;
    const at =
      input.axis === "order" ? x.scale.at(order ?? Number.NaN) : x.scale.at(run.atMs - input.startMs);
    return {
      id: run.id,
      label: run.label,
      value: run.value,
      atMs: run.atMs,
      order,
      x: clamp(at),
      y: y.at(run.value),
    };
  };
  const improving = improvements.map(place);
  const placed = results.map(place).filter((mark) => !Number.isNaN(mark.x));
  const dots = placed.filter((mark) => mark.y >= 0 && mark.y <= 1);
  const target = input.target === undefined ? Number.NaN : y.at(input.target);

  return {
    x,
    y: { label: `${input.metric} (${goal === "minimize" ? "lower" : "higher"} is better)`, scale: y },
    curve: toCurve(improving),
    improvements: improving.filter((mark) => mark.y >= 0 && mark.y <= 1),
    dots,
    cloud: toDots(dots.map((dot) => ({ ...dot, look: looks.get(dot.id) ?? 0 }))),
    radiusPx: 0.8 * dotRadius(dots.length),
    states: toStates(dots.map(({ id }) => looks.get(id) ?? 0)),
    ...(target >= 0 && target <= 1 && { target }),
    logPossible,
    summary: toSummary(input, first, best),
    notes: toNotes(input, placed.length, placed.length - dots.length),
  };
}

/** What ended well first. */
function toStates(looks: readonly number[]): StateCount[] {
  const counts = new Map<number, number>();
  for (const look of looks) counts.set(look, (counts.get(look) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => b - a)
    .map(([look, count]) => ({ look, label: STATE_LOOKS[look]?.state ?? "", count }));
}

function toXAxis(input: BestSoFarInput, best: Improvement): Axis {
  if (input.axis === "order")
    return { label: "runs ended", scale: toCountScale(Math.max(input.endedCount, best.order), 8) };
  let lastMs = Math.max(input.endMs, best.atMs);
  for (const run of input.ended) if (run.atMs > lastMs) lastMs = run.atMs;
  return { label: "time since the first run", scale: toElapsedScale(lastMs - input.startMs, 8) };
}

/** Which run ended when, from 1: by time, and by id where a millisecond is shared, as the database counts. */
function toOrders(ended: readonly Ended[]): ReadonlyMap<string, number> {
  const sorted = ended.toSorted((a, b) => a.atMs - b.atMs || Number(a.id) - Number(b.id));
  return new Map(sorted.map((run, i) => [run.id, i + 1]));
}

/** Steps after: a value holds from the moment its run finished until a better one does. */
function toCurve(marks: readonly Mark[]): [number, number][] {
  const corners: [number, number][] = [];
  for (const mark of marks) {
    const before = corners.at(-1);
    const y = clamp(mark.y);
    if (before) corners.push([mark.x, before[1]]);
    corners.push([mark.x, y]);
  }
  const last = corners.at(-1);
  if (last && last[0] < 1) corners.push([1, last[1]]);
  return corners;
}

/**
 * One diverged run (a loss of 1e9) would flatten everything worth seeing, so bad outliers beyond Tukey's outer
 * fence (quartile + 3 IQR) leave the view, and the notes count them. The good side is never cut.
 */
export function viewRange(values: readonly number[], best: number, goal: Goal): [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0] ?? best;
  const max = sorted.at(-1) ?? best;
  if (sorted.length < 8) return [min, max];
  const q1 = sorted[Math.floor((sorted.length - 1) * 0.25)] ?? min;
  const q3 = sorted[Math.ceil((sorted.length - 1) * 0.75)] ?? max;
  const fence = 3 * (q3 - q1);
  if (fence === 0) return [min, max];
  return goal === "minimize" ? [min, Math.min(max, q3 + fence)] : [Math.max(min, q1 - fence), max];
}

/** A little air, so that the best value does not lie on the frame. */
export function pad([low, high]: [number, number], log: boolean): [number, number] {
  if (low === high) return [low, high];
  if (log) {
    const factor = (high / low) ** 0.06;
    return [low / factor, high * factor];
  }
  const room = (high - low) * 0.06;
  return [low - room, high + room];
}

function toSummary(input: BestSoFarInput, first: Improvement, best: Improvement): string {
  const counted = `${plural(input.endedCount, "run")} that ended`;
  const span = formatDuration(best.atMs - input.startMs);
  const found = `the best is ${formatNumber(best.value)}, by ${best.label} after ${span}`;
  if (input.improvements.length === 1) return `Best ${input.metric} so far over ${counted}: ${found}.`;
  const verb = isBetter("minimize", best.value, first.value) ? "falls" : "rises";
  return (
    `Best ${input.metric} so far over ${counted}: it ${verb} from ${formatNumber(first.value)} in ` +
    `${plural(input.improvements.length - 1, "step")}; ${found}.`
  );
}

function toNotes(input: BestSoFarInput, placed: number, outside: number): string[] {
  const notes: string[] = [];
  if (input.ended.length < input.endedCount)
    notes.push(
      `Showing ${formatCount(placed)} of ${formatCount(input.endedCount)} ended runs while the rest loads`,
    );
  if (outside > 0)
    notes.push(
      `${plural(outside, "run")} ${input.goal === "minimize" ? "above" : "below"} the view: far off the others`,
    );
  return notes;
}

/** The mark nearest to a place in the plot, both axes weighed alike; undefined when there is none. */
export function nearestMark(marks: readonly Mark[], x: number, y: number): Mark | undefined {
  let nearest: Mark | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const mark of marks) {
    const distance = (mark.x - x) ** 2 + (mark.y - y) ** 2;
    if (distance < least) {
      least = distance;
      nearest = mark;
    }
  }
  return nearest;
}

/** NaN stays NaN: a place that is not known. */
const clamp = (at: number): number => Math.min(1, Math.max(0, at));
