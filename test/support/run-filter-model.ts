import type { RunFilter, RunOrder, RunSubject } from "@/core/run-filter";
import {
  compareCodePoints,
  Float,
  fromPlain,
  isList,
  isValueMap,
  type Value,
  type ValueMap,
} from "@/core/value";

/** A run as filters see it, without a database. */
export interface ModelRun {
  readonly id: number;
  readonly goal: "minimize" | "maximize" | undefined;
  /** Fields by their names; times and durations as numbers. Undefined or null where there is none. */
  readonly fields: Readonly<Record<string, string | number | null | undefined>>;
  readonly tags: readonly string[];
  readonly params: ValueMap;
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

type Condition = RunSubject & { op: string; value?: unknown };

/** Does the run satisfy the filter? Written from the documentation, as plainly as can be. */
export function matches(run: ModelRun, filter: RunFilter): boolean {
  if ("and" in filter) return filter.and.every((one) => matches(run, one));
  if ("or" in filter) return filter.or.some((one) => matches(run, one));
  if ("not" in filter) return !matches(run, filter.not);
  return test(run, filter);
}

function test(run: ModelRun, { op, value, ...subject }: Condition): boolean {
  if (op === "ne") return !test(run, { ...subject, op: "eq", value });
  if (op === "notIn") return !test(run, { ...subject, op: "in", value });
  if ("field" in subject && subject.field === "tags") return testTags(run.tags, op, value);
  if ("param" in subject) return testParam(paramOf(run.params, subject.param), op, value);
  const x = scalarOf(run, subject);
  if (op === "exists") return (x !== undefined) === (value ?? true);
  if (x === undefined) return false;
  const toOwn = (y: unknown) =>
    "field" in subject && subject.field.endsWith("At") ? Date.parse(String(y)) : y;
  if (op === "in") return (value as unknown[]).some((y) => toOwn(y) === x);
  return testScalar(x, op, toOwn(value) as string | number);
}

function testScalar(x: string | number | bigint, op: string, y: string | number | bigint): boolean {
  if (op === "contains") return lower(x).includes(lower(y));
  if (op === "startsWith") return lower(x).startsWith(lower(y));
  if (op === "endsWith") return lower(x).endsWith(lower(y));
  const order = compareScalars(x, y);
  return { eq: order === 0, lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[op] ?? false;
}

const lower = (text: unknown) => String(text).replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function compareScalars(x: string | number | bigint, y: string | number | bigint): number {
  if (typeof x === "string" && typeof y === "string") return compareCodePoints(x, y);
  return x < y ? -1 : x > y ? 1 : 0;
}

function testTags(tags: readonly string[], op: string, value: unknown): boolean {
  if (op === "exists") return tags.length > 0 === (value ?? true);
  return op === "contains"
    ? tags.includes(String(value))
    : (value as string[]).some((tag) => tags.includes(tag));
}

function testParam(x: Value | undefined, op: string, value: unknown): boolean {
  if (op === "exists") return (x !== undefined) === (value ?? true);
  if (x === undefined) return false;
  if (op === "eq") return isSame(x, fromPlain(value));
  if (op === "in") return (value as unknown[]).some((one) => isSame(x, fromPlain(one)));
  if (op === "contains" && isList(x)) return x.some((item) => isSame(item, fromPlain(value)));
  const number = toExact(x);
  if (number !== undefined)
    return typeof value === "number" && op !== "contains" && testScalar(number, op, value);
  return typeof x === "string" && typeof value === "string" && testScalar(x, op, value);
}

const toExact = (value: Value): number | bigint | undefined =>
  value instanceof Float
    ? value.value
    : typeof value === "number" || typeof value === "bigint"
      ? value
      : undefined;

/** Equal in JSON's sense: 1 is 1.0 at any depth, and the order of keys does not matter. */
function isSame(a: Value, b: Value): boolean {
  const [x, y] = [toExact(a), toExact(b)];
  if (x !== undefined || y !== undefined)
    return x !== undefined && y !== undefined && compareScalars(x, y) === 0;
  if (isList(a))
    return isList(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i] ?? null));
  if (isValueMap(a)) {
    if (!isValueMap(b)) return false;
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && isSame(a[key] ?? null, b[key] ?? null))
    );
  }
  return a === b;
}

function paramOf(params: ValueMap, name: string): Value | undefined {
  const whole = valueAt(params, [name]);
  return whole === undefined ? valueAt(params, name.split(".")) : whole;
}

function scalarOf(run: ModelRun, subject: RunSubject): string | number | undefined {
  if ("metric" in subject) return run.metrics[subject.metric]?.[subject.stat ?? "last"] ?? undefined;
  return "field" in subject ? (run.fields[subject.field] ?? undefined) : undefined;
}

/** Through groups alone: a list has no names. */
function valueAt(params: ValueMap, path: readonly string[]): Value | undefined {
  let value: Value | undefined = params;
  for (const name of path) {
    if (value === undefined || !isValueMap(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** The runs in order. */
export function sorted(runs: readonly ModelRun[], order: readonly RunOrder[]): ModelRun[] {
  return [...runs].sort((a, b) => {
    for (const key of order) {
      const way = compareBy(a, b, key);
      if (way !== 0) return way;
    }
    return a.id - b.id;
  });
}

type SortValue = readonly (string | number | bigint)[] | undefined;

function compareBy(a: ModelRun, b: ModelRun, key: RunOrder): number {
  const [x, y] = [sortValue(a, key), sortValue(b, key)];
  if (x === undefined || y === undefined) return (x === undefined ? 1 : 0) - (y === undefined ? 1 : 0);
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const way = compareScalars(x[i] ?? 0, y[i] ?? 0);
    if (way !== 0) return key.direction === "desc" ? -way : way;
  }
  return 0;
}

function sortValue(run: ModelRun, key: RunOrder): SortValue {
  if ("param" in key) return paramSortValue(paramOf(run.params, key.param));
  const x = scalarOf(run, key);
  if (x === undefined) return undefined;
  if (key.direction === "best") return [run.goal === "maximize" ? -Number(x) : x];
  return [typeof x === "string" ? beginning(x) : x];
}

function paramSortValue(x: Value | undefined): SortValue {
  if (x === undefined || x === null) return undefined;
  const number = toExact(x);
  if (number !== undefined) return [1, number];
  if (typeof x === "string") return [2, beginning(x)];
  return typeof x === "boolean" ? [3, x ? 1 : 0] : [4];
}

const beginning = (text: string) => [...text].slice(0, 200).join("");
