import type { Importance, ImportanceMethod, ParameterImportance, UnfinishedChoice } from "@/core/importance";
import type { Goal } from "@/core/sweep";
import { formatCount, formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { toLinearScale, toLogScale } from "../scale";

/** Ways to say how much a parameter matters; `core/importance` says what each is. */
export const MEASURES = ["share", "total", "impurity", "permutation"] as const;
export type Measure = (typeof MEASURES)[number];

const MEASURED: Readonly<Record<Measure, (parameter: ParameterImportance) => number>> = {
  share: ({ importance }) => importance,
  total: ({ total }) => total ?? 0,
  impurity: ({ impurity }) => impurity ?? 0,
  permutation: ({ permutation }) => permutation ?? 0,
};

/** What each method can say. */
export const MEASURES_OF: Readonly<Record<ImportanceMethod, readonly Measure[]>> = {
  forest: MEASURES,
  good: ["share"],
  gp: ["share", "total"],
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
  /** Of the shares alone, where they are known. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly interval: string;
  /** The share with all that it does together with others, 0..1; where the bar says less. */
  readonly total: number | undefined;
  readonly totalText: string;
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
  /** Some row has a total. */
  readonly totals: boolean;
  /** What a newcomer should know, first the answer. */
  readonly sentence: string;
  /** What limits it. */
  readonly notes: readonly string[];
}

export interface ImportanceInput {
  readonly answer: Importance;
  readonly metric: string;
  readonly goal: Goal;
  readonly measure: Measure;
  /** Names in the order in which they stand while somebody points at them. */
  readonly order?: readonly string[] | undefined;
  /** What stood for runs that did not end well. */
  readonly unfinished?: UnfinishedChoice;
  /** Nobody chose the method. */
  readonly isAuto?: boolean;
  /** Which runs: "of the filtered". */
  readonly among?: string | undefined;
  /** Of those: how many were stopped early, failed or crashed. */
  readonly endedEarly?: number;
}

export function prepareImportance(input: ImportanceInput): ImportanceChart {
  const { answer, measure, order } = input;
  const sorted = sortByMeasure(answer.parameters, measure);
  const place = new Map(order?.map((name, at) => [name, at]));
  const shown = order
    ? sorted.toSorted((a, b) => (place.get(a.name) ?? order.length) - (place.get(b.name) ?? order.length))
    : sorted;
  const range = rangeOf(answer.parameters);
  return {
    rows: shown.map((parameter) => toRow(parameter, measure, range)),
    totals: answer.parameters.some(({ total }) => total !== null),
    sentence: answer.method === "good" ? sayGood(input) : sayShares(input),
    notes: toNotes(input),
  };
}

function toRow(
  parameter: ParameterImportance,
  measure: Measure,
  range: readonly [number, number],
): ImportanceRow {
  const { name, correlation, correlationOf, total } = parameter;
  const value = MEASURED[measure](parameter);
  const [low, high] = boundsOf(parameter, measure);
  return {
    name,
    value: Math.max(0, Math.min(1, value)),
    text: toPercentText(value),
    low,
    high,
    interval:
      low === undefined || high === undefined ? "" : `${toPercentText(low)} to ${toPercentText(high)}`,
    total: measure === "share" && total !== null ? Math.max(0, Math.min(1, total)) : undefined,
    totalText: total === null ? "–" : toPercentText(total),
    correlation: correlation ?? undefined,
    correlationText:
      correlation === null
        ? "–"
        : `${correlation < 0 ? "−" : "+"}${Math.abs(correlation).toFixed(2)}${correlationOf === null ? "" : ` for ${correlationOf}`}`,
    shape: toShape(parameter, range),
  };
}

function boundsOf(
  { low, high, totalLow, totalHigh }: ParameterImportance,
  measure: Measure,
): readonly [low?: number, high?: number] {
  if (measure === "share") return [low, high];
  return measure === "total" && totalLow !== null && totalHigh !== null ? [totalLow, totalHigh] : [];
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

/** The share of a parameter that is worth a word. */
const WORTH = 0.05;

function sayShares({ answer: { parameters }, metric, goal }: ImportanceInput): string {
  const [first, second] = sortByMeasure(parameters, "share");
  if (!first) return "";
  const [most] = sortByMeasure(parameters, "total");
  if (first.importance < WORTH && most && (most.total ?? 0) >= 2 * WORTH)
    return `No parameter explains 5 % of the variation in ${metric} by itself; together with others ${most.name} explains ${toPercentText(most.total ?? 0)}.`;
  const next =
    second && second.importance >= WORTH
      ? ` ${second.name} explains ${toPercentText(second.importance)}.`
      : " No other parameter explains 5 % by itself.";
  return `${first.name} explains ${toShareText(first)} of the variation in ${metric}${sayWay(first, goal)}.${next}${sayTotal(first, most)}`;
}

/** What would be missed: the sum of what it does with others. */
function sayTotal(first: ParameterImportance, most: ParameterImportance | undefined): string {
  const { name, total, importance } = most ?? first;
  if (total === null || total - importance < 0.1) return "";
  return ` Together with others ${name} explains ${toPercentText(total)}.`;
}

function sayGood({ answer, metric }: ImportanceInput): string {
  const [first, second] = sortByMeasure(answer.parameters, "share");
  if (!first) return "";
  const { good, runs } = answer;
  const best = `the best ${good === null ? "" : `${toPercentText(good / Math.max(1, runs))} of the `}runs by ${metric}`;
  const next =
    second && second.importance >= WORTH
      ? ` ${second.name} makes ${toPercentText(second.importance)} of it.`
      : " No other parameter makes 5 % of it.";
  // The curve is the chance to be among them.
  return `What tells ${best} from the others is first of all ${first.name}: ${toShareText(first)} of the difference${sayWay(first, "maximize")}.${next}`;
}

/** An interval that ends at 0 or at 1 has no half: "± 40" of 77 % would reach beyond all there is. */
function toShareText({ importance, low, high }: ParameterImportance): string {
  const half = Math.max(1, Math.round(((high - low) / 2) * 100));
  const isEven = Math.abs(high - importance - (importance - low)) < 0.02;
  return isEven
    ? `${toPercentText(importance)} ± ${half}`
    : `${toPercentText(importance)} (${toPercentText(low)} to ${toPercentText(high)})`;
}

const sayWay = (parameter: ParameterImportance, goal: Goal): string =>
  ({ higher: "; higher is better", lower: "; lower is better", mixed: toBestPlace(parameter, goal) })[
    parameter.direction
  ];

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

function toNotes({
  answer,
  unfinished = "leave_out",
  among,
  endedEarly = 0,
  isAuto = false,
}: ImportanceInput): string[] {
  const { method, runs, imputed, leftOut, outOfBagR2, warnings, constant } = answer;
  const has = (warning: Importance["warnings"][number]) => warnings.includes(warning);
  const notes = [
    [
      `From ${plural(runs, unfinished === "leave_out" ? "finished run" : "run that has ended", unfinished === "leave_out" ? undefined : "runs that have ended")}`,
      among ? ` ${among}` : "",
      imputed > 0 ? `, ${imputed} of them as bad as the worst` : "",
      leftOut > 0 ? `, ${leftOut} left out: no finite value, or outside the present ranges` : "",
    ].join(""),
  ];
  if (unfinished === "leave_out" && endedEarly > 0)
    notes.push(
      `${endedEarly === 1 ? "1 that was stopped, failed or crashed is" : `${formatCount(endedEarly)} that were stopped, failed or crashed are`} not in it: choose above what stands for them`,
    );
  if (isAuto)
    notes.push(
      method === "gp"
        ? "by a Gaussian process, which foretells more of them than a random forest does"
        : "by a random forest",
    );
  if (has("SAMPLED_RUNS"))
    notes.push("there were more: so many were drawn, since this method takes minutes for more");
  if (outOfBagR2 !== null)
    notes.push(
      `trust ${Math.max(0, outOfBagR2).toFixed(2)}: the share of the variation that is foretold in runs not seen before`,
    );
  if (has("WEAK_FIT"))
    notes.push(
      method === "good"
        ? "runs drawn at random would differ as much, so the order is mostly chance: more runs, or the metric is noise"
        : "below 0.3 the order is mostly chance: more runs, or the metric is noise",
    );
  else if (has("FEW_RUNS"))
    notes.push(
      method === "good"
        ? "with fewer than 30 runs or 10 good ones the order may be chance"
        : "with fewer than 30 runs the order may be chance",
    );
  if (constant.length > 0)
    notes.push(
      `always the same, so nothing is known of ${plural(constant.length, "parameter")}: ${constant.join(", ")}`,
    );
  return notes;
}

/** Why there are no bars, and what would bring them. */
export function sayNoImportance(
  warnings: readonly string[],
  {
    runs,
    needed,
    metric,
    among,
  }: { runs: number; needed: number; metric: string; among?: string | undefined },
): string | undefined {
  const which = among === undefined ? "" : ` ${among}`;
  if (warnings.includes("TOO_FEW_RUNS")) {
    const more = needed - runs;
    return `${plural(more, "more run")} with a value of ${metric} must finish before anything can be said: ${runs} of ${needed} so far${which}.`;
  }
  if (warnings.includes("NOTHING_VARIES"))
    return `All finished runs${which} have the same parameters: nothing to compare.`;
  if (warnings.includes("METRIC_CONSTANT"))
    return `All finished runs${which} have the same value of ${metric}: no parameter made a difference.`;
  return undefined;
}

export interface Marginal {
  readonly x: Axis;
  readonly y: Axis;
  readonly line: readonly (readonly [x: number, y: number])[];
  readonly band: readonly (readonly [x: number, low: number, high: number])[];
  readonly dots: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly categories: boolean;
  readonly method: ImportanceMethod;
  readonly summary: string;
}

/** One parameter's curve with the runs it came from; undefined without a curve. */
export function prepareMarginal(input: {
  readonly parameter: ParameterImportance;
  readonly metric: string;
  readonly method?: ImportanceMethod;
  readonly log: boolean;
  readonly runs: readonly {
    readonly id: string;
    readonly value: number | string | undefined;
    readonly metric: number;
  }[];
}): Marginal | undefined {
  const { parameter, metric, log } = input;
  const { marginal, name } = parameter;
  // A chance has another axis than the metric: no run lies on it.
  const isChance = input.method === "good";
  const runs = isChance ? [] : input.runs;
  const label = isChance ? `chance to be among the best by ${metric}` : metric;
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
    y: { label, scale: y },
    line: marginal.map(({ value, mean }) => [at(toX, value, texts), y.at(mean)]),
    band: marginal.map(({ value, low, high }) => [at(toX, value, texts), y.at(low), y.at(high)]),
    dots: known.flatMap(({ id, value, metric: own }) => {
      const place = value === undefined ? Number.NaN : at(toX, value, texts);
      return Number.isNaN(place) ? [] : [{ id, x: place, y: y.at(own) }];
    }),
    categories,
    method: input.method ?? "forest",
    summary: `${label} along ${name}, others drawn from the whole space: between ${formatNumber(least(marginal.map(({ mean }) => mean)))} and ${formatNumber(most(marginal.map(({ mean }) => mean)))}.`,
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

export const toPercentText = (share: number): string => {
  const percent = Math.max(0, share) * 100;
  return percent > 0 && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
};

const least = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
