import { AppError } from "@/core/errors";
import { isValueMap, parseJson, toValueMap, type Value, type ValueMap } from "@/core/value";
import { readText } from "./read-text";

/** A file that holds one JSON object; where there is none, an empty one. @throws AppError BAD_INPUT naming the file */
export const readJsonFile = (path: string | undefined): ValueMap =>
  path === undefined ? toValueMap([]) : parseMap(readText(path), path);

/** @throws AppError BAD_INPUT naming the place */
export function parseMap(text: string, place: string): ValueMap {
  let value: Value;
  try {
    value = parseJson(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new AppError("BAD_INPUT", `${place} is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (isValueMap(value)) return value;
  throw new AppError("BAD_INPUT", `${place} is ${text.trim().slice(0, 60)}, expected a JSON object`);
}
