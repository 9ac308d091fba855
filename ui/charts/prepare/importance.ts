import type { Importance, ParameterImportance } from "@/core/importance";
import type { Goal } from "@/core/sweep";
import { formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { toLinearScale, toLogScale } from "../scale";

/** Three ways to say how much a parameter matters; `core/importance` says what each is. */
export const MEASURES = ["share", "impurity", "permutation"] as const;
export type Measure = (typeof MEASURES)[number];

const MEASURED: Readonly<Record<Measure, (parameter: ParameterImportance) => number>> = {
  share: ({ importance }) => importance,
  impurity: ({ impurity }) => impurity ?? 0,
  permutation: ({ permutation }) => permutation ?? 0,
};

/** The most important one first. */
export const sortByMeasure = (
  parameters: readonly ParameterImportance[],
  measure: Measure,
): ParameterImportance[] =>
  parameters.toSorted((a, b) => MEASURED[measure](b) - MEASURED[measure](a) || (a.name < b.name ? -1 : 1));

export interface ImportanceRow {
  readonly name: string;
  /** Of the bar: 0..1. */
  readonly value: number;
  readonly text: string;
  /** Of the share alone. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly interval: string;
  /** -1..1. */
  readonly correlation: number | undefined;
  readonly correlationText: string;
  readonly shape: Shape | undefined;
}

/** A small curve: fractions of its box, up is a greater metric. */
export interface Shape {
  readonly line: readonly (readonly [x: number, y: number])[];
  readonly band: readonly (readonly [x: number, low: number, high: number])[];
  /** Categories have places, not an order: dots instead of a line. */
  readonly categories: boolean;
}

export interface ImportanceChart {
  readonly rows: readonly ImportanceRow[];
  /** What a newcomer should know, first the answer. */
  readonly sentence: string;
  /** What limits it. */
  readonly notes: readonly string[];
}

type Answer = Omit<Importance, "method" | "runs" | "good" | "imputed" | "needed" | "leftOut" | "pairs">;

export function prepareImportance(input: {
  readonly answer: Answer;
  readonly metric: string;
  readonly goal: Goal;
  readonly measure: Measure;
  /** Names in the order in which they stand while somebody points at them. */
  readonly order?: readonly string[] | undefined;
  readonly runs: number;
  readonly leftOut: number;
}): ImportanceChart {
  const { answer, metric, measure, order } = input;
  const sorted = sortByMeasure(answer.parameters, measure);
  const place = new Map(order?.map((name, at) => [name, at]));
  const shown = order
    ? sorted.toSorted((a, b) => (place.get(a.name) ?? order.length) - (place.get(b.name) ?? order.length))
    : sorted;
  const range = rangeOf(answer.parameters);
  return {
    rows: shown.map((parameter) => toRow(parameter, MEASURED[measure](parameter), measure, range)),
    sentence: toSentence(answer, metric, input.goal),
    notes: toNotes(input),
  };
}

function toRow(
  parameter: ParameterImportance,
  value: number,
  measure: Measure,
  range: readonly [number, number],
): ImportanceRow {
  const { name, low, high, correlation, correlationOf } = parameter;
  const bounded = measure === "share";
  return {
    name,
    value: Math.max(0, Math.min(1, value)),
    text: toPercentText(value),
    low: bounded ? low : undefined,
    high: bounded ? high : undefined,
    interval: bounded ? `${toPercentText(low)} to ${toPercentText(high)}` : "",
    correlation: correlation ?? undefined,
    correlationText:
      correlation === null
        ? "–"
        : `${correlation < 0 ? "−" : "+"}${Math.abs(correlation).toFixed(2)}${correlationOf === null ? "" : ` for ${correlationOf}`}`,
    shape: toShape(parameter, range),
  };
}

/** Of all curves together: a flat one beside a steep one looks flat. */
function rangeOf(parameters: readonly ParameterImportance[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { marginal } of parameters)
    for (const { mean } of marginal) {
      low = Math.min(low, mean);
      high = Math.max(high, mean);
    }
  return [low, high];
}

function toShape(
  { marginal }: ParameterImportance,
  [low, high]: readonly [number, number],
): Shape | undefined {
  if (marginal.length < 2 || !(high > low)) return undefined;
  const x = (i: number) => i / (marginal.length - 1);
  const y = (value: number) => Math.max(0, Math.min(1, (value - low) / (high - low)));
  return {
    line: marginal.map(({ mean }, i) => [x(i), y(mean)]),
    band: marginal.map((point, i) => [x(i), y(point.low), y(point.high)]),
    categories: marginal.some(({ value }) => typeof value === "string"),
  };
}

function toSentence({ parameters }: Answer, metric: string, goal: Goal): string {
  const [first, second] = [...parameters].sort((a, b) => b.importance - a.importance);
  if (!first) return "";
  const half = (first.high - first.low) / 2;
  const which = { higher: "; higher is better", lower: "; lower is better", mixed: toBestPlace(first, goal) }[
    first.direction
  ];
  const next =
    second && second.importance >= 0.05
      ? ` ${second.name} explains ${toPercentText(second.importance)}.`
      : " No other parameter explains 5 % by itself.";
  return `${first.name} explains ${toPercentText(first.importance)} ± ${Math.max(1, Math.round(half * 100))} of the variation in ${metric}${which}.${next}`;
}

/** Where a curve that turns is at its best. */
function toBestPlace({ marginal }: ParameterImportance, goal: Goal): string {
  const [first, ...rest] = marginal;
  if (!first) return "";
  const best = rest.reduce(
    (one, other) => ((goal === "minimize" ? other.mean < one.mean : other.mean > one.mean) ? other : one),
    first,
  );
  return `; it is best ${typeof best.value === "number" ? `near ${formatNumber(best.value, 2)}` : `with ${best.value}`}`;
}

function toNotes({ answer, runs, leftOut }: Parameters<typeof prepareImportance>[0]): string[] {
  const notes = [
    `From ${plural(runs, "finished run")}${leftOut > 0 ? `, ${leftOut} left out: no finite value, or outside the present ranges` : ""}`,
  ];
  if (answer.outOfBagR2 !== null)
    notes.push(
      `trust ${Math.max(0, answer.outOfBagR2).toFixed(2)}: the share of the variation that is foretold in runs not seen before`,
    );
  if (answer.warnings.includes("WEAK_FIT"))
    notes.push("below 0.3 the order is mostly chance: more runs, or the metric is noise");
  else if (answer.warnings.includes("FEW_RUNS"))
    notes.push("with fewer than 30 runs the order may be chance");
  if (answer.constant.length > 0)
    notes.push(
      `always the same, so nothing is known of ${plural(answer.constant.length, "parameter")}: ${answer.constant.join(", ")}`,
    );
  return notes;
}

/** Why there are no bars, and what would bring them. */
export function sayNoImportance(
  warnings: readonly string[],
  { runs, needed, metric }: { runs: number; needed: number; metric: string },
): string | undefined {
  if (warnings.includes("TOO_FEW_RUNS")) {
    const more = needed - runs;
    return `${plural(more, "more run")} with a value of ${metric} must finish before anything can be said: ${runs} of ${needed} so far.`;
  }
  if (warnings.includes("NOTHING_VARIES"))
    return "All finished runs have the same parameters: nothing to compare.";
  if (warnings.includes("METRIC_CONSTANT"))
    return `All finished runs have the same value of ${metric}: no parameter made a difference.`;
  return undefined;
}

export interface Marginal {
  readonly x: Axis;
  readonly y: Axis;
  readonly line: readonly (readonly [x: number, y: number])[];
  readonly band: readonly (readonly [x: number, low: number, high: number])[];
  readonly dots: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly categories: boolean;
  readonly summary: string;
}

/** One parameter's curve with the runs it came from; undefined without a curve. */
export function prepareMarginal(input: {
  readonly parameter: ParameterImportance;
  readonly metric: string;
  readonly log: boolean;
  readonly runs: readonly {
    readonly id: string;
    readonly value: number | string | undefined;
    readonly metric: number;
  }[];
}): Marginal | undefined {
  const { parameter, metric, log, runs } = input;
  const { marginal, name } = parameter;
  const texts = marginal.flatMap(({ value }) => (typeof value === "string" ? [value] : []));
  const categories = texts.length > 0;
  const known = runs.filter(({ value }) => value !== undefined);
  const ys = [...marginal.flatMap(({ low, high }) => [low, high]), ...known.map((run) => run.metric)].filter(
    Number.isFinite,
  );
  const xs = marginal.flatMap(({ value }) => (typeof value === "number" ? [value] : []));
  if (marginal.length === 0 || ys.length === 0 || (!categories && xs.length === 0)) return undefined;
  const y = toLinearScale([least(ys), most(ys)], 5);
  const toX = categories
    ? toPlaces(texts)
    : toNumbers([...xs, ...known.flatMap(({ value }) => (typeof value === "number" ? [value] : []))], log);
  return {
    x: { label: name, scale: toX },
    y: { label: metric, scale: y },
    line: marginal.map(({ value, mean }) => [at(toX, value, texts), y.at(mean)]),
    band: marginal.map(({ value, low, high }) => [at(toX, value, texts), y.at(low), y.at(high)]),
    dots: known.flatMap(({ id, value, metric: own }) => {
      const place = value === undefined ? Number.NaN : at(toX, value, texts);
      return Number.isNaN(place) ? [] : [{ id, x: place, y: y.at(own) }];
    }),
    categories,
    summary: `${metric} along ${name}, others drawn from the whole space: between ${formatNumber(least(marginal.map(({ mean }) => mean)))} and ${formatNumber(most(marginal.map(({ mean }) => mean)))}.`,
  };
}

const toNumbers = (values: readonly number[], log: boolean): Axis["scale"] =>
  log && least(values) > 0
    ? toLogScale([least(values), most(values)], 6)
    : toLinearScale([least(values), most(values)], 6);

/** Categories stand at whole numbers, half a place from the edges. */
function toPlaces(texts: readonly string[]): Axis["scale"] {
  const place = (i: number) => (i + 0.5) / texts.length;
  return {
    kind: "linear",
    domain: [0, texts.length - 1],
    ticks: texts.map((label, i) => ({ at: place(i), label, minor: false })),
    at: place,
    invert: (fraction) => fraction * texts.length - 0.5,
  };
}

const at = (scale: Axis["scale"], value: number | string, texts: readonly string[]): number => {
  if (texts.length === 0) return typeof value === "number" ? scale.at(value) : Number.NaN;
  const place = texts.indexOf(String(value));
  return place < 0 ? Number.NaN : scale.at(place);
};

const toPercentText = (share: number): string => {
  const percent = Math.max(0, share) * 100;
  return percent > 0 && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
};

const least = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
