import { AppError } from "@/core/errors";
import { isValueMap, parseJson, type ValueMap } from "@/core/value";
import { toStorableText } from "@/engine/check";

/** Text of a JSON object as W&B's sidecar writes it: bare NaN and infinities, 1 apart from 1.0. @throws AppError BAD_INPUT */
export function parseObject(what: string, text: string): ValueMap {
  const value = parseJson(text);
  if (isValueMap(value)) return value;
  throw new AppError("BAD_INPUT", `${what} is ${text.slice(0, 80)}, expected the text of a JSON object`);
}

/** Text that PostgreSQL can hold, not longer than the engine takes it; undefined where nothing is said. */
export const toWords = (text: string | null | undefined, most: number): string | undefined =>
  text ? toStorableText(text.slice(0, most)) : undefined;

/** A body that must be one JSON object. @throws AppError BAD_INPUT */
export function parseBody(bytes: Buffer): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.length === 0 ? "{}" : bytes.toString("utf8"));
  } catch {
    throw new AppError("BAD_INPUT", "the request body is no JSON");
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw new AppError("BAD_INPUT", "the request body must be one JSON object");
}

/** Of a page that this server never gave out. */
export const badCursor = (cursor: string): AppError =>
  new AppError(
    "BAD_INPUT",
    `after is ${JSON.stringify(cursor.slice(0, 100))}, expected the cursor of a page`,
  );

/** A place in a list: nobody's business but ours. */
export const toCursor = (values: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(values)).toString("base64url");

/** @throws AppError BAD_INPUT */
export function parseCursor(cursor: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // falls through to the one message
  }
  throw badCursor(cursor);
}
