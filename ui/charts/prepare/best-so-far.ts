import { type Goal, isBetter } from "@/core/sweep";
import { formatCount, formatDuration, formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { canLog, type Scale, toElapsedScale, toLinearScale, toLogScale } from "../scale";

/** A finished run with a finite metric. Times are ms since the epoch. */
export interface Result {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly atMs: number;
}

export interface BestSoFarInput {
  readonly metric: string;
  readonly goal: Goal;
  readonly startMs: number;
  /** Where the curve's last step ends: now while the sweep runs, else its end. */
  readonly endMs: number;
  /** The improving runs in order of time, from the database: true whatever part of the runs is loaded. */
  readonly improvements: readonly Result[];
  /** Finished runs that are loaded, improving ones included. */
  readonly results: readonly Result[];
  /** How many there are; more than `results` while pages are still loading. */
  readonly resultCount: number;
  readonly target?: number;
  readonly log: boolean;
}

export interface Mark {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly atMs: number;
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
  /** Diameter in px: many dots are drawn small, so that their cloud keeps its shape. */
  readonly dotPx: number;
  /** Fraction; absent when there is no target or it lies outside the view. */
  readonly target?: number;
  readonly logPossible: boolean;
  /** One sentence for those who don't see the picture. */
  readonly summary: string;
  /** What the picture leaves out; empty when it shows everything. */
  readonly notes: readonly string[];
}

/** Decides everything about the best-so-far chart; undefined while there is nothing to draw. */
export function prepareBestSoFar(input: BestSoFarInput): BestSoFar | undefined {
  const { goal, improvements } = input;
  const first = improvements[0];
  const best = improvements.at(-1);
  if (!first || !best) return undefined;

  const values = [...improvements.map(toValue), ...input.results.map(toValue)];
  const logPossible = values.every(canLog);
  const log = input.log && logPossible;
  const range = viewRange(values, best.value, goal);
  const y: Scale = log ? toLogScale(pad(range, true), 5) : toLinearScale(pad(range, false), 5);
  const lastMs = Math.max(input.endMs, best.atMs, ...tail(input.results));
  const x = toElapsedScale(lastMs - input.startMs, 8);

  const place = (result: Result): Mark => ({
    id: result.id,
    label: result.label,
    value: result.value,
    atMs: result.atMs,
    x: clamp(x.at(result.atMs - input.startMs)),
    y: y.at(result.value),
  });
  const improving = improvements.map(place);
  const all = input.results.map(place);
  const dots = all.filter((mark) => mark.y >= 0 && mark.y <= 1);
  const target = input.target === undefined ? Number.NaN : y.at(input.target);

  return {
    x: { label: "time since the first run", scale: x },
    y: { label: `${input.metric} (${goal === "minimize" ? "lower" : "higher"} is better)`, scale: y },
    curve: toCurve(improving),
    improvements: improving.filter((mark) => mark.y >= 0 && mark.y <= 1),
    dots,
    dotPx: dots.length > 2_000 ? 2 : dots.length > 400 ? 3.5 : 5,
    ...(target >= 0 && target <= 1 && { target }),
    logPossible,
    summary: toSummary(input, first, best),
    notes: toNotes(input, all.length - dots.length),
  };
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
function viewRange(values: readonly number[], best: number, goal: Goal): [number, number] {
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
function pad([low, high]: [number, number], log: boolean): [number, number] {
  if (low === high) return [low, high];
  if (log) {
    const factor = (high / low) ** 0.06;
    return [low / factor, high * factor];
  }
  const room = (high - low) * 0.06;
  return [low - room, high + room];
}

function toSummary(input: BestSoFarInput, first: Result, best: Result): string {
  const counted = plural(input.resultCount, "result");
  const span = formatDuration(best.atMs - input.startMs);
  const found = `the best is ${formatNumber(best.value)}, by ${best.label} after ${span}`;
  if (input.improvements.length === 1) return `Best ${input.metric} so far over ${counted}: ${found}.`;
  const verb = isBetter("minimize", best.value, first.value) ? "falls" : "rises";
  return (
    `Best ${input.metric} so far over ${counted}: it ${verb} from ${formatNumber(first.value)} in ` +
    `${plural(input.improvements.length - 1, "step")}; ${found}.`
  );
}

function toNotes(input: BestSoFarInput, outside: number): string[] {
  const notes: string[] = [];
  if (input.results.length < input.resultCount)
    notes.push(
      `Showing ${formatCount(input.results.length)} of ${formatCount(input.resultCount)} results while the rest loads`,
    );
  if (outside > 0)
    notes.push(
      `${plural(outside, "result")} ${input.goal === "minimize" ? "above" : "below"} the view: far off the others`,
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

const toValue = (result: Result): number => result.value;
const clamp = (at: number): number => Math.min(1, Math.max(0, at));

/** `Math.max(...times)` of 10,000 runs is near the engine's limit of arguments, so the largest is found by hand. */
function tail(results: readonly Result[]): number[] {
  let last = Number.NEGATIVE_INFINITY;
  for (const result of results) if (result.atMs > last) last = result.atMs;
  return [last];
}
