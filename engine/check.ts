import { AppError } from "@/core/errors";
import { isSweepId } from "@/core/ids";
import { show } from "@/core/show";
import { isValueMap, parseJson, stringifyJson, type ValueMap } from "@/core/value";

export { show };

/** Guards at the door of every verb: a value that passed them has the type and size that the rest relies on. */

export const MAX_PARAMS_BYTES = 1 << 20;
export const MAX_SOURCE_BYTES = 10 << 20;

export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badInput(name, value, `a whole number from ${min} to ${max}`);
}

export const checkId = (name: string, value: unknown): number =>
  checkInteger(name, value, 1, Number.MAX_SAFE_INTEGER);

export function checkText(name: string, value: unknown, maxLength: number): string {
  if (typeof value === "string" && value.length > 0 && value.length <= maxLength && isStorable(value))
    return value;
  throw badInput(name, value, `text of 1 to ${maxLength} characters`);
}

/** Text as PostgreSQL holds it: NUL and halves of surrogate pairs have a sign in their place. */
export const toStorableText = (text: string): string =>
  /[\0\ud800-\udfff]/.test(text)
    ? Buffer.from(text.replaceAll("\0", "\ufffd"), "utf8").toString("utf8")
    : text;

/** PostgreSQL's text and JSON hold neither NUL nor half of a surrogate pair; one such text would break off a whole group of calls. */
export const isStorable = (text: string): boolean => !text.includes("\0") && toWellFormed(text) === text;

/** `String.prototype.toWellFormed` is Node 20's, the library that we compile against is older. */
const toWellFormed = (text: string): string => Buffer.from(text, "utf8").toString("utf8");

export const maybeText = (name: string, value: unknown, maxLength: number): string | null =>
  value === undefined || value === null ? null : checkText(name, value, maxLength);

export function checkOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw badInput(name, value, `one of ${allowed.join(", ")}`);
}

export function checkSweepId(value: unknown): string {
  if (typeof value === "string" && isSweepId(value)) return value;
  throw badInput("sweepId", value, "8 characters of a-z and 0-9");
}

/** Chosen by the client, unique for each caller. */
export const checkMutationId = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : checkText("clientMutationId", value, 200);

export function badInput(name: string, value: unknown, expected: string): AppError {
  return new AppError("BAD_INPUT", `${name} is ${show(value)}, expected ${expected}`, {
    details: { name, expected },
  });
}

/** JSON text of one run's parameters. @throws AppError BAD_INPUT, INPUT_TOO_LARGE */
export function checkParams(text: unknown): ValueMap {
  const json = checkText("params", text, MAX_PARAMS_BYTES);
  if (Buffer.byteLength(json) > MAX_PARAMS_BYTES) {
    throw new AppError(
      "INPUT_TOO_LARGE",
      `params has ${Buffer.byteLength(json)} bytes, at most ${MAX_PARAMS_BYTES} are taken`,
    );
  }
  const value = parseJson(json);
  if (!isValueMap(value)) throw badInput("params", json, "the JSON text of an object");
  if (!isStorableJson(stringifyJson(value))) throw badInput("params", json, STORABLE_JSON);
  return value;
}

/** Of JSON text as `stringifyJson` writes it: whether PostgreSQL holds the texts in it. */
export const isStorableJson = (json: string): boolean => !UNSTORABLE.test(json);
export const STORABLE_JSON = "text without NUL and without halves of surrogate pairs";

/** As `JSON.stringify` writes them: an escape that no escaped backslash stands before. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i;
