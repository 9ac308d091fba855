import { refuse } from "./refuse";

/** What can be asked of a value, by the kind of the value. One table for every list, so that an operator means the same everywhere. */
export const OPERATORS = [
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "in",
  "notIn",
  "exists",
  "contains",
  "startsWith",
  "endsWith",
] as const;
export type Operator = (typeof OPERATORS)[number];

/**
 * word: one of a closed list. set: a bag of texts (tags). json: a parameter, of whatever type. number and integer are
 * finite; a time is milliseconds since 1970 once it is read.
 */
export type Kind = "text" | "word" | "integer" | "number" | "time" | "set" | "json";

export interface Field {
  readonly kind: Kind;
  /** Of kind word. */
  readonly words?: readonly string[];
  /** An integer that may be written as text, as ids are. */
  readonly asText?: boolean;
}

/** A JSON value, as a filter may compare a parameter with. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

const ORDERED: readonly Operator[] = ["eq", "ne", "lt", "le", "gt", "ge", "in", "notIn", "exists"];
export const OPERATORS_OF: Readonly<Record<Kind, readonly Operator[]>> = {
  text: [...ORDERED, "contains", "startsWith", "endsWith"],
  word: ["eq", "ne", "in", "notIn", "exists"],
  integer: ORDERED,
  number: ORDERED,
  time: ORDERED,
  set: ["contains", "in", "notIn", "exists"],
  json: OPERATORS,
};

export const MAX_LIST = 1_000;
export const MAX_TEXT = 1_000;
/** Characters of a parameter's value as JSON text. */
const MAX_JSON = 10_000;
const MAX_JSON_DEPTH = 20;
/** The year 9999: later ones are written with a sign, which PostgreSQL does not read. */
export const MAX_TIME_MS = 253_402_300_799_999;

/** The operand of `op`, checked and in its own type: times become milliseconds, `exists` a boolean. @throws AppError BAD_INPUT */
export function readValue(field: Field, op: Operator, value: unknown, path: string): Plain {
  if (op === "exists") {
    if (value === undefined || value === null) return true;
    return typeof value === "boolean" ? value : refuse(path, value, "true or false");
  }
  if (op !== "in" && op !== "notIn") return readOne(field, op, value, path);
  if (!Array.isArray(value)) return refuse(path, value, "a list");
  if (value.length > MAX_LIST)
    refuse(path, `${value.length} values`, `at most ${MAX_LIST}`, { quoted: false });
  return value.map((item, i) => readOne(field, op, item, `${path}[${i}]`));
}

function readOne(field: Field, op: Operator, value: unknown, path: string): Plain {
  switch (field.kind) {
    case "text":
    case "set":
      return readText(value, path);
    case "word":
      if (typeof value === "string" && field.words?.includes(value)) return value;
      return refuse(path, value, `one of ${field.words?.join(", ")}`);
    case "integer":
      return readInteger(field, value, path);
    case "number":
      if (Number.isFinite(value)) return value as number;
      return refuse(path, value, "a finite number");
    case "time":
      return readTime(value, path);
    case "json":
      return readJson(op, value, path);
  }
}

function readInteger({ asText }: Field, value: unknown, path: string): number {
  const number = asText && typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number as number;
  return refuse(path, value, `a whole number below 2^53${asText ? " or its text" : ""}`);
}

function readJson(op: Operator, value: unknown, path: string): Plain {
  if (op === "startsWith" || op === "endsWith") return readText(value, path);
  if (op === "lt" || op === "le" || op === "gt" || op === "ge") {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return typeof value === "string" ? readText(value, path) : refuse(path, value, "a number or text");
  }
  if (value === undefined) return refuse(path, value, "a JSON value");
  checkJson(value, path, 0);
  const text = JSON.stringify(value);
  if (text.length > MAX_JSON)
    refuse(path, `${text.length} characters of JSON`, `at most ${MAX_JSON}`, { quoted: false });
  return value as Plain;
}

function checkJson(value: unknown, path: string, depth: number): void {
  if (depth > MAX_JSON_DEPTH)
    refuse(path, "nested deeper", `at most ${MAX_JSON_DEPTH} levels`, { quoted: false });
  if (typeof value === "string") readText(value, path, MAX_JSON);
  // JSON.parse reads 1e400 as an infinity, which no JSON holds.
  if (typeof value === "number" && !Number.isFinite(value)) refuse(path, String(value), "a finite number");
  if (typeof value !== "object" || value === null) return;
  const entries = Object.entries(value);
  if (entries.length > MAX_LIST)
    refuse(path, `${entries.length} values`, `at most ${MAX_LIST}`, { quoted: false });
  for (const [key, item] of entries) {
    readText(key, path, MAX_JSON);
    checkJson(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, depth + 1);
  }
}

export function readText(value: unknown, path: string, maxLength = MAX_TEXT): string {
  if (typeof value !== "string") return refuse(path, value, "text");
  if (value.length > maxLength)
    refuse(path, `${value.length} characters`, `at most ${maxLength}`, { quoted: false });
  return isStorable(value) ? value : refuse(path, value, STORABLE);
}

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

function readTime(value: unknown, path: string): number {
  const time = typeof value === "string" && ISO.test(value) ? Date.parse(value) : Number.NaN;
  if (time >= 0 && time <= MAX_TIME_MS) return time;
  return refuse(path, value, "a moment as ISO 8601 text such as 2026-01-31T12:00:00Z");
}

/** PostgreSQL's text and JSON hold neither NUL nor half of a surrogate pair: nothing can equal such a text. */
export const isStorable = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);
const STORABLE = "text without NUL and without halves of surrogate pairs";
