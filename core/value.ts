import { AppError } from "./errors";

/**
 * A JSON value whose numbers remember how they were written: Python tells 1.0 from 1, and a training program
 * started with `--epochs=1.0` where the file said `1` fails. Whole floats are the one case that a JavaScript
 * number loses, so they (and infinities, NaN and minus zero) are `Float`s; other floats and safe integers are plain numbers,
 * larger integers are bigints. Use `parseJson` and `stringifyJson` at every boundary, never `JSON.*`, on parameters.
 */
export class Float {
  constructor(readonly value: number) {}
}

export type Value = null | boolean | string | number | bigint | Float | readonly Value[] | ValueMap;
/** Made by `toValueMap` or `parseJson`, without a prototype: `__proto__` and `constructor` are names like any other. */
export interface ValueMap {
  readonly [key: string]: Value;
}

/** Deeper JSON than this is refused: recursion over it could overflow the stack, and no sweep needs it. */
export const MAX_VALUE_DEPTH = 200;
/** Longer integers are refused: reading one takes time quadratic in its length. Python stops at 4,300 as well. */
const MAX_INTEGER_DIGITS = 4_300;

/** A float as a Value: plain where JavaScript keeps it apart from an integer, a `Float` where it does not. */
export const toFloat = (value: number): Value =>
  Number.isInteger(value) || !Number.isFinite(value) ? new Float(value) : value;

/** An integer as a Value: a bigint beyond 2^53. */
export const toInteger = (value: bigint): Value =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

/** The number behind any kind of number; undefined for everything else, booleans included. */
export function toNumber(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return value instanceof Float ? value.value : undefined;
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isValueMap = (value: Value): value is ValueMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);

export function toValueMap(entries: Iterable<readonly [string, Value]>): ValueMap {
  const map: Record<string, Value> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

/** What `JSON.parse` or a caller's object literal gives, as a Value: whole numbers are integers. Throws BAD_INPUT. */
export function fromPlain(plain: unknown, depth = 0): Value {
  if (depth > MAX_VALUE_DEPTH) throw tooDeep();
  if (plain === null || typeof plain === "boolean" || typeof plain === "string") return plain;
  if (typeof plain === "bigint") return toInteger(plain);
  if (typeof plain === "number") return fromPlainNumber(plain);
  if (plain instanceof Float) return toFloat(plain.value);
  if (Array.isArray(plain)) return plain.map((item) => fromPlain(item, depth + 1));
  if (typeof plain === "object")
    return toValueMap(
      Object.entries(plain)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, fromPlain(item, depth + 1)]),
    );
  throw new AppError("BAD_INPUT", `a ${typeof plain} is not a JSON value`);
}

function fromPlainNumber(plain: number): Value {
  if (Number.isSafeInteger(plain)) return Object.is(plain, -0) ? 0 : plain;
  return toFloat(plain);
}

/** The same value with the keys of every map in the order Python sorts them (by code point). */
export function sortKeys(value: Value): Value {
  if (isList(value)) return value.map(sortKeys);
  if (!isValueMap(value)) return value;
  const keys = Object.keys(value).sort(compareCodePoints);
  return toValueMap(keys.map((key) => [key, sortKeys(value[key] ?? null)]));
}

/** As the database gives it back, its keys sorted: there they have no order, and zero has no sign. */
export const toKept = (value: Value): Value => dropSigns(sortKeys(value));

function dropSigns(value: Value): Value {
  if (isList(value)) return value.map(dropSigns);
  if (value instanceof Float) return value.value === 0 ? new Float(0) : value;
  if (!isValueMap(value)) return value;
  return toValueMap(Object.entries(value).map(([key, item]) => [key, dropSigns(item)]));
}

/** Python's order of strings. JavaScript compares UTF-16 units, which puts an emoji before U+FFFD. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // surrogates (D800-DFFF) stand for code points above all other units
    return (x >= 0xd800 && x <= 0xdfff ? x + 0x10000 : x) - (y >= 0xd800 && y <= 0xdfff ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

/**
 * The identity of a value, as text: equal texts are one grid point. W&B's rule: a whole float counts as the integer
 * (only at the top: `[1.0]` and `[1]` are two values, as in its `yaml_hash`), key order does not matter, and 1, true and
 * "1" differ. NaN equals itself here.
 */
export function toIdentity(value: Value): string {
  if (value instanceof Float && Number.isFinite(value.value)) return String(toExactInteger(value.value));
  return toSpelling(value);
}

function toSpelling(value: Value): string {
  if (value instanceof Float)
    return Number.isFinite(value.value) ? toFloatText(value.value) : String(value.value);
  if (isList(value)) return `[${value.map(toSpelling).join(",")}]`;
  if (!isValueMap(value)) return stringifyJson(value);
  const keys = Object.keys(value).sort(compareCodePoints);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${toSpelling(value[key] ?? null)}`).join(",")}}`;
}

/** 1e22 is written with an exponent, the integer that equals it is not: both must read alike. -0 is 0. */
const toExactInteger = (value: number): number | bigint =>
  Number.isSafeInteger(value) ? value + 0 : BigInt(value);

/** One value in the sense of `toIdentity`: 1 and 1.0 are the same, 1 and "1" are not. */
export const isSameValue = (a: Value, b: Value): boolean => a === b || toIdentity(a) === toIdentity(b);

/**
 * JSON text that Postgres' jsonb and Python read back with the same kinds of numbers: a float always has a dot
 * or a negative exponent (jsonb prints 1e22 as an integer, so it is written out). NaN and infinities are strings.
 */
export function stringifyJson(value: Value): string {
  if (typeof value === "number")
    return Number.isInteger(value) ? String(toExactInteger(value)) : toFloatText(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Float) return toFloatText(value.value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(stringifyJson).join(",")}]`;
  const fields: string[] = [];
  for (const key of Object.keys(value))
    fields.push(`${JSON.stringify(key)}:${stringifyJson(value[key] ?? null)}`);
  return `{${fields.join(",")}}`;
}

function toFloatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (!Number.isInteger(value)) return String(value);
  return Object.is(value, -0) ? "-0.0" : `${Number.isSafeInteger(value) ? value : BigInt(value)}.0`;
}

/**
 * Reads JSON text, telling 1.0 from 1 (JSON.parse can't; its reviver sees the source text only from Node 21 on).
 * The last of equal keys wins. Python's bare NaN, Infinity and -Infinity are read too. Throws BAD_INPUT with the position.
 */
export function parseJson(text: string): Value {
  const reader = new JsonReader(text);
  const value = reader.readValue(0);
  reader.expectEnd();
  return value;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const BACKSLASH = 0x5c;
const WORDS: ReadonlyArray<readonly [string, Value]> = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", new Float(Number.NaN)],
  ["Infinity", new Float(Number.POSITIVE_INFINITY)],
  ["-Infinity", new Float(Number.NEGATIVE_INFINITY)],
];

class JsonReader {
  private at = 0;
  constructor(private readonly text: string) {}

  readValue(depth: number): Value {
    if (depth > MAX_VALUE_DEPTH) throw tooDeep();
    this.skipSpace();
    const first = this.text[this.at];
    if (first === "{") return this.readMap(depth);
    if (first === "[") return this.readList(depth);
    if (first === '"') return this.readString();
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    return this.readNumber();
  }

  expectEnd(): void {
    this.skipSpace();
    if (this.at < this.text.length) throw this.unexpected("the end");
  }

  private readMap(depth: number): ValueMap {
    const map: Record<string, Value> = Object.create(null);
    this.at++;
    if (this.takes("}")) return map;
    do {
      this.skipSpace();
      const key = this.readString();
      if (!this.takes(":")) throw this.unexpected("a colon");
      map[key] = this.readValue(depth + 1);
    } while (this.takes(","));
    if (!this.takes("}")) throw this.unexpected("a comma or a closing brace");
    return map;
  }

  private readList(depth: number): readonly Value[] {
    const list: Value[] = [];
    this.at++;
    if (this.takes("]")) return list;
    do list.push(this.readValue(depth + 1));
    while (this.takes(","));
    if (!this.takes("]")) throw this.unexpected("a comma or a closing bracket");
    return list;
  }

  /** Finds the closing quote and lets JSON.parse judge what stands between (a regular expression overflows its stack at 5 MB). */
  private readString(): string {
    if (this.text[this.at] !== '"') throw this.unexpected("a string");
    let end = this.at + 1;
    let plain = true;
    for (; end < this.text.length && this.text[end] !== '"'; end++) {
      const unit = this.text.charCodeAt(end);
      if (unit >= 0x20 && unit !== BACKSLASH) continue;
      plain = false;
      if (unit === BACKSLASH) end++;
    }
    const token = this.text.slice(this.at, end + 1);
    try {
      const text = plain && end < this.text.length ? token.slice(1, -1) : String(JSON.parse(token));
      this.at = end + 1;
      return text;
    } catch {
      throw this.unexpected("a string");
    }
  }

  private readNumber(): Value {
    const match = this.match(NUMBER);
    if (!match) throw this.unexpected("a JSON value");
    const [digits, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return toFloat(Number(digits));
    if (digits.length > MAX_INTEGER_DIGITS)
      throw new AppError(
        "BAD_INPUT",
        `an integer of ${digits.length} digits is too long (at most ${MAX_INTEGER_DIGITS})`,
      );
    return digits.length < 16 ? Number(digits) + 0 : toInteger(BigInt(digits));
  }

  /** True, and behind it, when this character comes next. */
  private takes(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    this.match(SPACE);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match;
  }

  private unexpected(expected: string): AppError {
    const found =
      this.at < this.text.length ? JSON.stringify(this.text.slice(this.at, this.at + 12)) : "the end";
    return new AppError("BAD_INPUT", `JSON: expected ${expected} at position ${this.at}, found ${found}`, {
      details: { position: this.at },
    });
  }
}

const tooDeep = (): AppError =>
  new AppError("BAD_INPUT", `a JSON value may be nested ${MAX_VALUE_DEPTH} levels deep, this one is deeper`);
