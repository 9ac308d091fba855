import type { Field, Kind } from "./kinds";
import { readText } from "./kinds";
import { refuse } from "./refuse";

/** What a list's rows can be asked about: its fields, and for runs also parameters and metrics by name. */
export interface Vocabulary<Name extends string = string> {
  readonly fields: Readonly<Record<Name, Field>>;
  readonly named?: boolean;
}

export const METRIC_STATS = ["last", "min", "max", "mean", "first", "count"] as const;
export type MetricStat = (typeof METRIC_STATS)[number];

/** What a condition or an order looks at. */
export type Operand =
  | { readonly of: "field"; readonly name: string; readonly field: Field }
  | { readonly of: "param"; readonly name: string; readonly field: Field; readonly paths: readonly Path[] }
  | { readonly of: "metric"; readonly name: string; readonly field: Field; readonly stat: MetricStat };

export type Path = readonly string[];

const JSON_KIND: Field = { kind: "json" };
const STAT_KINDS: Readonly<Record<MetricStat, Kind>> = {
  last: "number",
  min: "number",
  max: "number",
  mean: "number",
  first: "number",
  count: "integer",
};
/** Of a metric's or parameter's name, as logging and sweep files allow them. */
const MAX_NAME = 1_000;
const MAX_PATH = 20;

/** Reads `field`, `param` or `metric` with `stat`. @throws AppError BAD_INPUT */
export function readOperand(vocabulary: Vocabulary, given: Given, path: string): Operand {
  const { field, param, metric, stat } = given;
  if (stat !== undefined && metric === undefined)
    refuse(`${path}.stat`, stat, "nothing where metric is not given");
  if (field !== undefined) {
    const found =
      typeof field === "string" && Object.hasOwn(vocabulary.fields, field) && vocabulary.fields[field];
    if (!found) return refuse(`${path}.field`, field, `one of ${Object.keys(vocabulary.fields).join(", ")}`);
    return { of: "field", name: String(field), field: found };
  }
  if (param !== undefined) {
    const name = readName(param, `${path}.param`);
    return { of: "param", name, field: JSON_KIND, paths: pathsOf(name, `${path}.param`) };
  }
  const name = readName(metric, `${path}.metric`);
  const known = METRIC_STATS.find((one) => one === (stat ?? "last"));
  if (known === undefined) return refuse(`${path}.stat`, stat, `one of ${METRIC_STATS.join(", ")}`);
  return { of: "metric", name, field: { kind: STAT_KINDS[known] }, stat: known };
}

function readName(value: unknown, path: string): string {
  const name = readText(value, path, MAX_NAME);
  return name === "" ? refuse(path, name, "a name") : name;
}

/**
 * Where a parameter of that name may stand: `optimizer.lr` is first a parameter so called, then `lr` in the group
 * `optimizer`. A dot inside one of several names is written `\.`.
 */
export function pathsOf(name: string, path: string): Path[] {
  const split = name.split(/(?<!\\)\./).map((part) => part.replaceAll("\\.", "."));
  if (split.length > MAX_PATH) refuse(path, name, `at most ${MAX_PATH} names with dots between them`);
  const whole = name.replaceAll("\\.", ".");
  return split.length === 1 ? [[whole]] : [[name], split];
}

/** An object from outside, without what is undefined or null: GraphQL clients send null for what they leave out. */
export type Given = Readonly<Record<string, unknown>>;

export function readGiven(value: unknown, allowed: readonly string[], path: string): Given {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(path, value, `an object with some of ${allowed.join(", ")}`);
  }
  const given: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (!allowed.includes(key))
      refuse(`${path}.${key}`, item, `no such entry; known are ${allowed.join(", ")}`);
    // A parameter may be compared with null, so a value of null counts.
    if (item !== undefined && (item !== null || key === "value")) given[key] = item;
  }
  return given;
}

export const operandKeys = ({ named }: Vocabulary): readonly string[] =>
  named ? ["field", "param", "metric"] : ["field"];
