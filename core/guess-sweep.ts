import type { Goal } from "./sweep";
import { writeKey, writeValue } from "./sweep-config";
import {
  compareCodePoints,
  Float,
  isList,
  isValueMap,
  toFloat,
  toIdentity,
  toNumber,
  type Value,
  type ValueMap,
} from "./value";

/** What is known of a project's runs. */
export interface KnownRuns {
  /** Parameters of runs, the newest first. */
  readonly params: readonly ValueMap[];
  readonly program: string | null;
  readonly metric: { readonly name: string; readonly goal: Goal } | null;
}

/**
 * A sweep file made from what runs used: each parameter as wide as it was used so far, on a logarithmic scale where it went over
 * decades, as a list where it took few values, fixed where it took one. A beginning to be edited: its comments say what
 * each line was made of.
 */
export function guessSweep({ params, program, metric }: KnownRuns): string {
  const count = params.length;
  const lines = [
    `# Guessed from ${count === 1 ? "one run" : `the newest ${count} runs`} of this project. Look through the ranges, then create it.`,
    `method: ${metric ? "bayes" : "random"}`,
    `program: ${writeValue(program ?? "train.py")}${program === null ? "   # no run says what it was started from" : ""}`,
    "run_cap: 50",
    ...(metric
      ? ["metric:", `  name: ${writeValue(metric.name)}`, `  goal: ${metric.goal}`]
      : [
          "# metric:             # no run has logged one; with a metric the search can learn",
          "#   name: loss",
        ]),
    "parameters:",
    ...writeGroup(params, count, 1),
  ];
  return `${lines.join("\n")}\n`;
}

function writeGroup(maps: readonly ValueMap[], count: number, depth: number): string[] {
  const pad = "  ".repeat(depth);
  const names = [...new Set(maps.flatMap((map) => Object.keys(map)))].sort(compareCodePoints);
  return names.flatMap((name) => {
    const values = maps.flatMap((map) => (map[name] === undefined ? [] : [map[name]]));
    const groups = values.filter(isValueMap);
    const isGroup = groups.length === values.length && groups.some((group) => Object.keys(group).length > 0);
    const few = values.length < count ? `   # ${values.length} of ${count} runs had it` : "";
    const head = `${pad}${writeKey(name)}:${few}`;
    if (isGroup) return [head, `${pad}  parameters:`, ...writeGroup(groups, groups.length, depth + 2)];
    return [head, ...guessLeaf(values).map((line) => `${pad}  ${line}`)];
  });
}

/** Up to so many values are a list, if each was used twice on the average. */
const FEW_VALUES = 6;
/** Of other values than numbers. */
const MOST_VALUES = 30;
/** Over two decades a range is logarithmic. */
const DECADES = 100;

function guessLeaf(values: readonly Value[]): string[] {
  const distinct = [...new Map(values.map((value) => [toIdentity(value), value])).values()];
  const [only = null] = distinct;
  if (distinct.length === 1) return [`value: ${writeValue(only)}`];
  const numbers = distinct.flatMap((value) => toNumberOnly(value) ?? []);
  const isMeasured = numbers.length === distinct.length;
  const isFew = distinct.length <= FEW_VALUES && values.length >= 2 * distinct.length;
  if (!isMeasured || isFew) {
    const listed = isMeasured
      ? [...distinct].sort((a, b) => (toNumber(a) ?? 0) - (toNumber(b) ?? 0))
      : distinct;
    const cut = listed.slice(0, MOST_VALUES);
    const rest = listed.length - cut.length;
    return [`values: [${cut.map(writeValue).join(", ")}]${rest > 0 ? `   # and ${rest} more` : ""}`];
  }
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  const note = `   # ${distinct.length} values so far`;
  const isLog = min > 0 && max / min >= DECADES;
  if (distinct.every((value) => typeof value === "number" && Number.isInteger(value)))
    return isLog
      ? ["distribution: q_log_uniform_values", "q: 1", `min: ${min}${note}`, `max: ${max}`]
      : [`min: ${min}${note}`, `max: ${max}`];
  const [low, high] = [outwards(min, Math.floor), outwards(max, Math.ceil)];
  const ends = [`min: ${writeValue(toFloat(low))}${note}`, `max: ${writeValue(toFloat(high))}`];
  return isLog ? ["distribution: log_uniform_values", ...ends] : ["distribution: uniform", ...ends];
}

/** Drawn values have 17 digits; two say where a range ends. */
function outwards(number: number, round: (x: number) => number): number {
  if (number === 0) return 0;
  const exponent = Math.floor(Math.log10(Math.abs(number))) - 1;
  // 0.00001 was drawn as 0.0000099999999999999: twelve digits first.
  const digits = Number((number / 10 ** exponent).toPrecision(12));
  return Number(`${round(digits)}e${exponent}`);
}

/** Finite, and safe as a number of JavaScript; a boolean is none. */
function toNumberOnly(value: Value): number | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string" || isList(value))
    return undefined;
  if (isValueMap(value) && !(value instanceof Float)) return undefined;
  const number = toNumber(value);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

/** A goal for a metric whose sweep does not say one: by what its name mostly means. */
export const guessGoal = (name: string): Goal =>
  /acc|auc|score|f1|reward|return|precision|recall|bleu|iou|map\b|r2/i.test(name) ? "maximize" : "minimize";
