import type { Operator, Plain } from "./filter/kinds";
import type { MetricStat, Operand, Path } from "./filter/operand";
import type { Filter } from "./filter/tree";
import { compareCodePoints, Float, fromPlain, isList, isValueMap, type Value } from "./value";

/** A run as a filter sees it, wherever its values come from. Undefined or null: it has none. */
export interface MatchedRun {
  readonly tags: readonly string[];
  /** By the names of `RUN_FIELDS`; times in ms since 1970, durations in s. */
  field(name: string): string | number | null | undefined;
  /** What stands at the first of these places that holds something. */
  param(paths: readonly Path[]): Value | undefined;
  metric(name: string, stat: MetricStat): number | null | undefined;
}

export type RunTest = (run: MatchedRun) => boolean;

/**
 * A filter that was read, as a question to one run at a time: the same runs as the list's SQL finds
 * (test/db/filter-runs.test.ts asks both). Made once and asked ten thousand times.
 */
export function toRunTest(filter: Filter): RunTest {
  if (filter.kind === "test") return toTest(filter.operand, filter.op, filter.value);
  if (filter.kind === "not") {
    const test = toRunTest(filter.filter);
    return (run) => !test(run);
  }
  const tests = filter.filters.map(toRunTest);
  return filter.kind === "and"
    ? (run) => tests.every((test) => test(run))
    : (run) => tests.some((test) => test(run));
}

function toTest(operand: Operand, op: Operator, value: Plain): RunTest {
  if (op === "ne" || op === "notIn") {
    const opposite = toTest(operand, op === "ne" ? "eq" : "in", value);
    return (run) => !opposite(run);
  }
  if (operand.field.kind === "set") return toTagTest(op, value);
  if (operand.of === "param") {
    const { paths } = operand;
    const test = toParamTest(op, value);
    return (run) => test(run.param(paths));
  }
  const test = toScalarTest(op, value);
  const { of, name } = operand;
  return of === "field"
    ? (run) => test(run.field(name) ?? undefined)
    : (run) => test(run.metric(name, operand.stat) ?? undefined);
}

type Scalar = string | number | bigint;

function toTagTest(op: Operator, value: Plain): RunTest {
  if (op === "exists") return ({ tags }) => tags.length > 0 === value;
  const sought = op === "contains" ? [String(value)] : (value as string[]);
  return ({ tags }) => sought.some((tag) => tags.includes(tag));
}

function toScalarTest(op: Operator, value: Plain): (x: Scalar | undefined) => boolean {
  if (op === "exists") return (x) => (x !== undefined) === value;
  if (op === "in") {
    const all = new Set<unknown>(value as readonly Plain[]);
    return (x) => x !== undefined && all.has(x);
  }
  const holds = toComparison(op, value as Scalar);
  return (x) => x !== undefined && holds(x);
}

function toComparison(op: Operator, y: Scalar): (x: Scalar) => boolean {
  const sought = lower(y);
  switch (op) {
    case "contains":
      return (x) => lower(x).includes(sought);
    case "startsWith":
      return (x) => lower(x).startsWith(sought);
    case "endsWith":
      return (x) => lower(x).endsWith(sought);
    case "lt":
      return (x) => compareScalars(x, y) < 0;
    case "le":
      return (x) => compareScalars(x, y) <= 0;
    case "gt":
      return (x) => compareScalars(x, y) > 0;
    case "ge":
      return (x) => compareScalars(x, y) >= 0;
    default:
      return (x) => compareScalars(x, y) === 0;
  }
}

/** a-z and A-Z are the same, and no others, as in the database. */
const lower = (text: Scalar): string => String(text).replace(/[A-Z]/g, (letter) => letter.toLowerCase());

export function compareScalars(x: Scalar, y: Scalar): number {
  if (typeof x === "string" && typeof y === "string") return compareCodePoints(x, y);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Values of different types are never equal, and none is before the other. */
function toParamTest(op: Operator, plain: Plain): (x: Value | undefined) => boolean {
  if (op === "exists") return (x) => (x !== undefined) === plain;
  if (op === "in") {
    const all = (plain as readonly Plain[]).map((one) => fromPlain(one));
    return (x) => x !== undefined && all.some((one) => isSame(x, one));
  }
  const value = fromPlain(plain);
  if (op === "eq") return (x) => x !== undefined && isSame(x, value);
  const isNumber = typeof plain === "number";
  const holds = isNumber || typeof plain === "string" ? toComparison(op, plain) : () => false;
  return (x) => {
    if (x === undefined) return false;
    if (op === "contains" && isList(x)) return x.some((item) => isSame(item, value));
    const number = toExact(x);
    if (number !== undefined) return isNumber && op !== "contains" && holds(number);
    return typeof x === "string" && !isNumber && holds(x);
  };
}

/** The number behind any kind of number, with all its digits. */
export const toExact = (value: Value): number | bigint | undefined =>
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

/** What stands at the first of these places in nested parameters; through groups alone: a list has no names. */
export function findValue(params: Value, paths: readonly Path[]): Value | undefined {
  for (const path of paths) {
    let value: Value | undefined = params;
    for (const name of path)
      value =
        value !== undefined && isValueMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}
