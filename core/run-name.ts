import type { Parameters } from "./parameter";
import { toPythonText } from "./python";
import { suggest } from "./sweep-config/suggest";
import { isValueMap, toFloat, toNumber, type Value, type ValueMap } from "./value";

/** `run_name: lr-{lr}-{optimizer.name}`: names in braces stand for parameters, `{ordinal}` for the run's number in its sweep. */
const PLACE = /\{([^{}]+)\}/g;
/** As long as a name that a client may choose. */
export const MAX_RUN_NAME_LENGTH = 128;
/** Longer numbers are rounded to this many significant digits: a name is for reading, the parameters keep them all. */
const MAX_DIGITS = 6;
const ROUNDED_DIGITS = 4;

/**
 * The display name of a run, at most 128 characters. A parameter that this run does not have reads `none`; names that no
 * run of the sweep has are found beforehand, by `unknownNames`.
 */
export function renderRunName(template: string, params: ValueMap, ordinal: number | bigint): string {
  const text = template.replace(PLACE, (_place, name: string) => {
    const value = lookUp(params, name.trim());
    if (value !== undefined) return toNameText(value);
    return name.trim() === "ordinal" ? String(ordinal) : "none";
  });
  const clean = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return cut(clean) || String(ordinal);
}

export interface UnknownName {
  /** As written between the braces. */
  readonly name: string;
  readonly suggestion?: string;
}

/** Names in a template that no parameter of the sweep has. */
export function unknownNames(template: string, parameters: Parameters): UnknownName[] {
  const known = new Set(["ordinal", ...listNames(parameters, "")]);
  const unknown = [...template.matchAll(PLACE)].flatMap(([, name = ""]) =>
    known.has(name.trim()) ? [] : [name.trim()],
  );
  return [...new Set(unknown)].map((name) => {
    const suggestion = suggest(name, known);
    return suggestion === undefined ? { name } : { name, suggestion };
  });
}

/** Dotted paths of all parameters, groups included (a group prints as a dict). */
function listNames(parameters: Parameters, prefix: string): string[] {
  return [...parameters].flatMap(([name, parameter]) => {
    const path = prefix + name;
    return parameter.kind === "group" ? [path, ...listNames(parameter.parameters, `${path}.`)] : [path];
  });
}

/** A name may itself hold dots (`optimizer.lr` as one flat name), so every way to split it is tried, the longest first. */
function lookUp(map: ValueMap, name: string): Value | undefined {
  if (Object.hasOwn(map, name)) return map[name];
  for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
    const head = name.slice(0, dot);
    const inner = Object.hasOwn(map, head) ? map[head] : undefined;
    const found = inner !== undefined && isValueMap(inner) ? lookUp(inner, name.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function toNameText(value: Value): string {
  const number = toNumber(value);
  if (number === undefined || Number.isInteger(number) || !Number.isFinite(number))
    return toPythonText(value);
  const isLong = Number(number.toPrecision(MAX_DIGITS)) !== number;
  return toPythonText(isLong ? toFloat(Number(number.toPrecision(ROUNDED_DIGITS))) : value);
}

/** By code points, so that no emoji is torn apart. */
function cut(text: string): string {
  const characters = [...text];
  if (characters.length <= MAX_RUN_NAME_LENGTH) return text;
  return `${characters.slice(0, MAX_RUN_NAME_LENGTH - 1).join("")}…`;
}
