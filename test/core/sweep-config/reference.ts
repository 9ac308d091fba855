import type { LeafParameter } from "@/core/parameter";
import { type Float, isList, isValueMap, toNumber, type Value } from "@/core/value";

/** What scripts/reference-read.py writes: how W&B's own Python reads each file. */
export interface Reference {
  readonly versions: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, { readonly wandb: ReferenceRead; readonly meant: ReferenceRead }>>;
}
export interface ReferenceRead {
  readonly parse: string;
  readonly value?: Tagged;
  readonly schema?: readonly string[];
  readonly engine?: string;
  readonly drawn?: readonly string[];
  readonly stopping?: string;
  readonly parameters?: ReadonlyArray<
    readonly [string[], string, { readonly map: ReadonlyArray<readonly [string, Tagged]> }]
  >;
}
export type Tagged =
  | null
  | boolean
  | string
  | { readonly int: string }
  | { readonly float: string }
  | { readonly date: string }
  | { readonly other: string }
  | readonly Tagged[]
  | { readonly map: ReadonlyArray<readonly [Tagged, Tagged]> };

/** All places where our value and the tagged one differ, in words. */
export function differences(ours: Value, theirs: Tagged, where = ""): string[] {
  if (isList(ours) && isTaggedList(theirs) && ours.length === theirs.length)
    return ours.flatMap((item, i) => differences(item, theirs[i] ?? null, `${where}/${i}`));
  if (isValueMap(ours) && isTaggedMap(theirs)) {
    const known = new Map(
      theirs.map.map(([key, item]) => [typeof key === "string" ? key : JSON.stringify(key), item]),
    );
    const keys = new Set([...Object.keys(ours), ...known.keys()]);
    return [...keys].flatMap((key) => {
      const mine = ours[key];
      const other = known.get(key);
      return mine === undefined || other === undefined
        ? [`${where}/${key}: only ${mine === undefined ? "there" : "here"}`]
        : differences(mine, other, `${where}/${key}`);
    });
  }
  return sameScalar(ours, theirs) ? [] : [`${where}: ${show(ours)} here, ${JSON.stringify(theirs)} there`];
}

const isTaggedList = (value: Tagged): value is readonly Tagged[] => Array.isArray(value);
const isTaggedMap = (value: Tagged): value is { map: ReadonlyArray<readonly [Tagged, Tagged]> } =>
  typeof value === "object" && value !== null && "map" in value;

const show = (value: Value): string =>
  typeof value === "string" ? JSON.stringify(value) : `${toNumber(value) ?? String(value)}`;

function sameScalar(ours: Value, theirs: Tagged): boolean {
  if (theirs === null || typeof theirs !== "object") return ours === theirs;
  if ("int" in theirs)
    return (typeof ours === "number" || typeof ours === "bigint") && String(ours) === theirs.int;
  if (!("float" in theirs)) return false;
  if (typeof ours === "number") return !Number.isInteger(ours) && ours === Number(theirs.float);
  return isFloat(ours) && Object.is(ours.value, toJavaScript(theirs.float));
}

const isFloat = (value: Value): value is Float =>
  typeof value === "object" && value !== null && !isList(value) && !isValueMap(value);
const toJavaScript = (text: string): number => Number(text.replace("inf", "Infinity").replace("nan", "NaN"));

/** The name that W&B's schema has for each kind, without its prefix `param_`. */
const ENGINE_NAMES: Readonly<Record<string, string>> = {
  constant: "single_value",
  categorical: "categorical",
  int_uniform: "int_uniform",
  uniform: "uniform",
  q_uniform: "quniform",
  log_uniform: "loguniform",
  log_uniform_values: "loguniform_v2",
  q_log_uniform: "qloguniform",
  q_log_uniform_values: "qloguniform_v2",
  inv_log_uniform: "inv_loguniform",
  inv_log_uniform_values: "inv_loguniform_v2",
  normal: "normal",
  q_normal: "qnormal",
  log_normal: "lognormal",
  q_log_normal: "qlognormal",
  beta: "beta",
  q_beta: "qbeta",
};

/** What is different between a parameter as we read it and as the engine filled it in. */
export function parameterDifferences(
  path: readonly string[],
  ours: LeafParameter,
  kind: string,
  filled: { readonly map: ReadonlyArray<readonly [string, Tagged]> },
): string[] {
  const name = path.join(".");
  const weighted = ours.kind === "categorical" && ours.probabilities !== undefined;
  const expected = `param_${ENGINE_NAMES[ours.kind]}${weighted ? "_w_probabilities" : ""}`;
  if (kind !== expected) return [`${name} is a ${expected} here, a ${kind} there`];
  return filled.map.flatMap(([key, theirs]) => {
    if (key === "distribution") return [];
    if (key === "value" && ours.kind === "constant") return differences(ours.value, theirs, `${name}/${key}`);
    if (key === "values" && ours.kind === "categorical")
      return differences(ours.values, theirs, `${name}/${key}`);
    const mine = numbersOf(ours, key);
    const other = isTaggedList(theirs) ? theirs.map(numberOf) : [numberOf(theirs)];
    const sameKind = key !== "q" || !("quantum" in ours) || ours.quantum.integer === isInteger(theirs);
    return JSON.stringify(mine) === JSON.stringify(other) && sameKind
      ? []
      : [`${name}: ${key} is ${mine} here, ${other} there`];
  });
}

function numbersOf(parameter: LeafParameter, key: string): readonly unknown[] {
  if (key === "q") return "quantum" in parameter ? [parameter.quantum.q] : [];
  const found = new Map<string, unknown>(Object.entries(parameter)).get(key);
  return Array.isArray(found) ? found : [found];
}

const isInteger = (value: Tagged): boolean => typeof value === "object" && value !== null && "int" in value;
const numberOf = (value: Tagged): number =>
  typeof value === "object" && value !== null
    ? "int" in value
      ? Number(value.int)
      : "float" in value
        ? toJavaScript(value.float)
        : Number.NaN
    : Number.NaN;
