import { toWireKey, toWireValue } from "@/client/wire";

/** What a line of JSON on stdout logs. Values are as they go over the wire. */
export interface MetricLine {
  /** Absent: agent/output/readings.ts says which it belongs to. */
  readonly step?: number;
  readonly entries: readonly (readonly [key: string, value: unknown])[];
}

/**
 * `{"resumed_from_step": 41}`, that and nothing else: the program went on from what it had saved at that step of an earlier
 * attempt. Undefined for every other line.
 */
export function parseResumeLine(line: string): number | undefined {
  if (!line.includes('"resumed_from_step"')) return undefined;
  const value = tryParse(line.trim());
  if (!isRecord(value) || Object.keys(value).length !== 1) return undefined;
  return toStep(value.resumed_from_step);
}

/** A deeper object is kept as a value, not spelt out as dotted names. */
const MAX_DEPTH = 8;

/**
 * Reads `{"step": 3, "loss": 0.21}`; undefined for every line that is no metric: not one JSON object, without a
 * single value, or with neither a step nor a number, as the lines of structured logs. Groups become dotted names
 * (`{"train": {"loss": 1}}` logs `train.loss`), as W&B shows them. The bare NaN and Infinity of Python's json.dumps are
 * read too, and go over the wire as the strings that the server expects. The time is linear in the line's length.
 */
export function parseMetricLine(line: string): MetricLine | undefined {
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  const value = parseLenient(text);
  if (!isRecord(value)) return undefined;
  const step = toStep(value.step) ?? toStep(value._step);
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (step !== undefined && (key === "step" || key === "_step")) continue;
    collect(key, item, entries, 1);
  }
  if (step !== undefined) return entries.length === 0 ? undefined : { step, entries };
  return entries.some(([, item]) => isNumeric(item)) ? { entries } : undefined;
}

function collect(key: string, value: unknown, entries: [string, unknown][], depth: number): void {
  // null would read as "not logged at this step" on the wire, which is what it means.
  if (value === null || value === undefined || key === "") return;
  if (isRecord(value) && depth < MAX_DEPTH) {
    for (const [name, item] of Object.entries(value)) collect(`${key}.${name}`, item, entries, depth + 1);
    return;
  }
  entries.push([toWireKey(key), toWireValue(value)]);
}

const isNumeric = (value: unknown): boolean => typeof value === "number" || NON_FINITE.has(value);
const NON_FINITE: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

/** A whole number from 0, also as text: some programs print every value as one. */
export function toStep(value: unknown): number | undefined {
  const step = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof step === "number" && Number.isSafeInteger(step) && step >= 0 ? step : undefined;
}

function parseLenient(text: string): unknown {
  return tryParse(text) ?? (/NaN|Infinity/.test(text) ? tryParse(text, quoteWords) : undefined);
}

/** Puts quotes around the bare words outside strings, in one pass whatever the text is. */
function quoteWords(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const start = quote === -1 ? text.length : quote;
    parts.push(text.slice(at, start).replace(WORD, '"$&"'));
    at = endOfString(text, start);
    parts.push(text.slice(start, at));
  }
  return parts.join("");
}

const WORD = /-?\b(?:NaN|Infinity)\b/g;

/** Behind the closing quote of the string that opens at `start`; the text's end when nothing closes it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === '"') return at + 1;
  }
  return text.length;
}

function tryParse(text: string, mend = (raw: string) => raw): unknown {
  try {
    return JSON.parse(mend(text));
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
