import { AppError } from "./errors";
import { isStorable, MAX_TIME_MS } from "./filter/kinds";
import { toPostgresPattern } from "./postgres-pattern";
import {
  compareCodePoints,
  isList,
  isValueMap,
  parseJson,
  stringifyJson,
  toNumber,
  type Value,
} from "./value";

/*
 * Filters as MongoDB writes them, which is how wandb's clients ask for runs and sweeps: read into a tree of conditions that db/queries
 * makes SQL of. Nothing is left as text of the caller's here but names and values, which travel as parameters.
 */

export type MongoFilter =
  | { readonly kind: "and" | "or"; readonly filters: readonly MongoFilter[] }
  | { readonly kind: "not"; readonly filter: MongoFilter }
  | MongoTest;

/** Missing values and null are one for `eq` and `in`; `exists` tells them apart. Values of another type than the value's meet no test but `not`. */
export interface MongoTest {
  readonly kind: "test";
  readonly operand: MongoOperand;
  readonly op: "eq" | "in" | "gt" | "ge" | "lt" | "le" | "exists" | "regex";
  /** A list for `in`, a boolean for `exists`, PostgreSQL's pattern for `regex`, milliseconds since 1970 for times. */
  readonly value: Value;
}

export type MongoKind = "text" | "time" | "number" | "set" | "json";

/** config and summary: names inside JSON, as the caller wrote them with dots between. */
export type MongoOperand =
  | { readonly of: "field"; readonly name: string; readonly kind: MongoKind }
  | { readonly of: "config" | "summary"; readonly name: string; readonly kind: "json" };

/** What may be asked about: keys as the client writes them, and what they are. */
export interface MongoVocabulary {
  readonly fields: Readonly<Record<string, { readonly name: string; readonly kind: MongoKind }>>;
  /** Keys that begin so have the rest of their name inside JSON. */
  readonly prefixes?: Readonly<Record<string, "config" | "summary">>;
}

const MAX_TEXT = 1_000_000;
const MAX_DEPTH = 20;
const MAX_NODES = 10_000;
/** After lists of names were put together: each is a condition that the database plans. */
const MAX_TESTS = 200;
const MAX_LIST = 10_000;
const MAX_NAME = 1_000;
/** Of one value, as JSON. */
const MAX_VALUE = 10_000;
const MAX_SEGMENTS = 20;

/** Undefined where all rows are meant. @throws AppError BAD_INPUT that names the key or the operator */
export function readMongoFilter(
  vocabulary: MongoVocabulary,
  text: string | null | undefined,
): MongoFilter | undefined {
  if (text === null || text === undefined || text === "") return undefined;
  if (text.length > MAX_TEXT)
    throw refuse(`they have ${text.length} characters, at most ${MAX_TEXT} are read`);
  const parsed = parse(text);
  if (parsed === null) return undefined;
  if (!isValueMap(parsed)) throw refuse(`they are ${shorten(parsed)}, expected a JSON object`);
  const filter = new Reader(vocabulary).readObject(parsed, 0);
  const tests = countTests(filter);
  if (tests > MAX_TESTS) throw refuse(`they have ${tests} conditions, at most ${MAX_TESTS} are answered`);
  return filter.kind === "and" && filter.filters.length === 0 ? undefined : filter;
}

function parse(text: string): Value {
  try {
    return parseJson(text);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : "they are no JSON");
  }
}

const COMPARISONS: Readonly<Record<string, "gt" | "ge" | "lt" | "le">> = {
  $gt: "gt",
  $gte: "ge",
  $lt: "lt",
  $lte: "le",
};
const OPERATORS = ["$eq", "$ne", ...Object.keys(COMPARISONS), "$in", "$nin", "$exists", "$regex", "$not"];

class Reader {
  private nodes = 0;
  constructor(private readonly vocabulary: MongoVocabulary) {}

  readObject(object: Value, depth: number): MongoFilter {
    if (!isValueMap(object))
      throw refuse(`${shorten(object)} stands where an object with conditions is expected`);
    this.count(depth);
    return all(Object.entries(object).map(([key, value]) => this.readEntry(key, value, depth)));
  }

  private readEntry(key: string, value: Value, depth: number): MongoFilter {
    switch (key) {
      case "$and":
        return all(this.readList(key, value, depth));
      case "$or":
        return any(this.readList(key, value, depth));
      case "$nor":
        return not(any(this.readList(key, value, depth)));
      case "$not":
        return not(this.readObject(value, depth + 1));
    }
    if (key.startsWith("$"))
      throw refuse(
        `${quote(key)} is no operator here, expected $and, $or, $nor, $not or the name of a field`,
      );
    return this.readField(this.toOperand(key), key, value, depth);
  }

  private readList(key: string, value: Value, depth: number): MongoFilter[] {
    if (!isList(value) || value.length === 0)
      throw refuse(`${key} is ${shorten(value)}, expected a list of conditions`);
    return value.map((one) => this.readObject(one, depth + 1));
  }

  private readField(operand: MongoOperand, key: string, value: Value, depth: number): MongoFilter {
    this.count(depth);
    const operators = isValueMap(value) ? Object.keys(value) : [];
    if (!isValueMap(value) || !operators.some((one) => one.startsWith("$")))
      return test(operand, "eq", toOperandValue(operand, key, value));
    return all(
      operators.flatMap((op) => {
        if (op === "$options" && value.$regex !== undefined) return [];
        return [this.readOperator(operand, key, op, value[op] ?? null, value.$options, depth)];
      }),
    );
  }

  private readOperator(
    operand: MongoOperand,
    key: string,
    op: string,
    value: Value,
    options: Value | undefined,
    depth: number,
  ): MongoFilter {
    const comparison = COMPARISONS[op];
    if (comparison !== undefined) {
      if (operand.kind === "set") throw refuse(`${key} has no order: ${op} is not for it`);
      if (toNumber(value) === undefined && typeof value !== "string")
        throw refuse(`${key}: ${op} is ${shorten(value)}, expected a number or text`);
      return test(operand, comparison, toOperandValue(operand, key, value));
    }
    switch (op) {
      case "$eq":
        return test(operand, "eq", toOperandValue(operand, key, value));
      case "$ne":
        return not(test(operand, "eq", toOperandValue(operand, key, value)));
      case "$in":
      case "$nin": {
        if (!isList(value)) throw refuse(`${key}: ${op} is ${shorten(value)}, expected a list`);
        if (value.length > MAX_LIST)
          throw refuse(`${key}: ${op} has ${value.length} values, at most ${MAX_LIST} are compared`);
        const within = test(
          operand,
          "in",
          value.map((one) => toOperandValue(operand, key, one)),
        );
        return op === "$in" ? within : not(within);
      }
      case "$exists":
        if (typeof value !== "boolean" && value !== 0 && value !== 1)
          throw refuse(`${key}: $exists is ${shorten(value)}, expected true or false`);
        return test(operand, "exists", Boolean(value));
      case "$regex":
        if (operand.kind === "time" || operand.kind === "number")
          throw refuse(`${key} is no text: $regex is not for it`);
        return test(operand, "regex", readPattern(key, value, options));
      case "$not": {
        if (!isValueMap(value) || !Object.keys(value).every((one) => one.startsWith("$")))
          throw refuse(`${key}: $not is ${shorten(value)}, expected an object with an operator`);
        return not(this.readField(operand, key, value, depth + 1));
      }
    }
    throw refuse(`${key}: ${quote(op)} is no operator, expected one of ${OPERATORS.join(", ")}`);
  }

  private toOperand(key: string): MongoOperand {
    const { fields, prefixes = {} } = this.vocabulary;
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field !== undefined) return { of: "field", ...field };
    const dot = key.indexOf(".");
    const prefix = key.slice(0, dot);
    const of = dot > 0 && Object.hasOwn(prefixes, prefix) ? prefixes[prefix] : undefined;
    const name = key.slice(dot + 1);
    if (of === undefined || name === "")
      throw refuse(`${quote(key)} is no field, expected one of ${describe(this.vocabulary)}`);
    if (name.length > MAX_NAME || name.split(".").length > MAX_SEGMENTS || !isStorable(name))
      throw refuse(
        `${quote(key)} is no name: at most ${MAX_NAME} characters and ${MAX_SEGMENTS} parts, without NUL and halves of surrogate pairs`,
      );
    return { of, name, kind: "json" };
  }

  private count(depth: number): void {
    if (depth > MAX_DEPTH) throw refuse(`they are nested deeper than ${MAX_DEPTH} levels`);
    if (++this.nodes > MAX_NODES) throw refuse(`they have more than ${MAX_NODES} parts`);
  }
}

/** The fields of a vocabulary, each once, for errors. */
function describe({ fields, prefixes = {} }: MongoVocabulary): string {
  const names = new Map(Object.entries(fields).map(([key, { name }]) => [name, key]));
  return [...names.values(), ...Object.keys(prefixes).map((prefix) => `${prefix}.NAME`)].join(", ");
}

function toOperandValue(operand: MongoOperand, key: string, value: Value): Value {
  if (value === null) return null;
  if (!holdsStorable(value) || stringifyJson(value).length > MAX_VALUE)
    throw refuse(
      `${key} is compared with ${shorten(value)}, expected at most ${MAX_VALUE} characters, without NUL and halves of surrogate pairs`,
    );
  const number = toNumber(value);
  if (number !== undefined && !Number.isFinite(number))
    throw refuse(`${key} is compared with ${number}, expected a finite number`);
  switch (operand.kind) {
    case "json":
      return value;
    case "number":
      if (number === undefined) throw refuse(`${key} is compared with ${shorten(value)}, expected a number`);
      return number;
    case "time":
      return toTime(key, value);
    case "set":
      if (isList(value) && value.every((one) => typeof one === "string"))
        return [...new Set(value as readonly string[])].sort(compareCodePoints);
      return toText(key, value);
    default:
      return toText(key, value);
  }
}

/** Can the database hold every text of it? */
function holdsStorable(value: Value): boolean {
  if (typeof value === "string") return isStorable(value);
  if (isList(value)) return value.every(holdsStorable);
  if (!isValueMap(value)) return true;
  return Object.entries(value).every(([key, item]) => isStorable(key) && holdsStorable(item));
}

/** Where a field is text, a number is compared as it is written: run ids may be all digits. */
function toText(key: string, value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || toNumber(value) !== undefined) return stringifyJson(value);
  throw refuse(`${key} is compared with ${shorten(value)}, expected text`);
}

/** ISO 8601, in UTC where it names no zone, or seconds since 1970; milliseconds where that would be after the year 5138. */
function toTime(key: string, value: Value): number {
  const number = toNumber(value);
  const time = number === undefined ? parseTime(value) : Math.abs(number) >= 1e11 ? number : number * 1_000;
  if (Number.isFinite(time) && time >= 0 && time <= MAX_TIME_MS) return time;
  throw refuse(`${key} is compared with ${shorten(value)}, expected a moment such as 2026-01-31T12:00:00Z`);
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

function parseTime(value: Value): number {
  const match = typeof value === "string" ? ISO.exec(value.trim()) : null;
  if (match === null) return Number.NaN;
  const [, day, time = "00:00", zone = "Z"] = match;
  return Date.parse(`${day}T${time}${zone}`);
}

function readPattern(key: string, value: Value, options: Value | undefined): string {
  if (typeof value !== "string" || !isStorable(value))
    throw refuse(`${key}: $regex is ${shorten(value)}, expected text`);
  if (options !== undefined && options !== "" && options !== "i")
    throw refuse(`${key}: $options is ${shorten(options)}, expected "i"`);
  try {
    return toPostgresPattern(options === "i" ? `(?i)${value}` : value);
  } catch (error) {
    throw refuse(
      `${key}: $regex is ${shorten(value)}: ${error instanceof Error ? error.message : "no pattern"}`,
    );
  }
}

const test = (operand: MongoOperand, op: MongoTest["op"], value: Value): MongoTest => ({
  ...{ kind: "test", operand, op, value },
});
const not = (filter: MongoFilter): MongoFilter => ({ kind: "not", filter });
const all = (filters: readonly MongoFilter[]): MongoFilter =>
  filters.length === 1 && filters[0] ? filters[0] : { kind: "and", filters };

/** `{"$or": [{"name": a}, {"name": b}, ...]}`, a client's list of some thousand runs, is one condition. */
function any(filters: readonly MongoFilter[]): MongoFilter {
  const [first] = filters;
  if (filters.length === 1 && first) return first;
  if (first?.kind !== "test") return { kind: "or", filters };
  const { operand } = first;
  const same = filters.flatMap((one) =>
    one.kind === "test" &&
    one.op === "eq" &&
    !isList(one.value) &&
    one.operand.of === operand.of &&
    one.operand.name === operand.name
      ? [one.value]
      : [],
  );
  return same.length === filters.length ? test(operand, "in", same) : { kind: "or", filters };
}

function countTests(filter: MongoFilter): number {
  if (filter.kind === "test") return 1;
  if (filter.kind === "not") return countTests(filter.filter);
  return filter.filters.reduce((sum, one) => sum + countTests(one), 0);
}

/** All that a filter asks about. */
export function mongoOperands(filter: MongoFilter): MongoOperand[] {
  if (filter.kind === "test") return [filter.operand];
  return filter.kind === "not" ? mongoOperands(filter.filter) : filter.filters.flatMap(mongoOperands);
}

const refuse = (problem: string): AppError => new AppError("BAD_INPUT", `filters: ${problem}`);
const quote = (text: string): string => JSON.stringify(text.slice(0, 200));
function shorten(value: Value): string {
  const text = stringifyJson(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
