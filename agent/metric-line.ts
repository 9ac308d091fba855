import { toWireKey, toWireValue } from "@/client/wire";

/** What a line of JSON on stdout logs. Values are as they go over the wire. */
export interface MetricLine {
  /** Absent: the step after the last one. */
  readonly step?: number;
  readonly entries: readonly (readonly [key: string, value: unknown])[];
}

/** A deeper object is kept as a value, not spelt out as dotted names. */
const MAX_DEPTH = 8;

/**
 * Reads `{"step": 3, "loss": 0.21}`; undefined for every line that is no metric: not one JSON object, without a
 * single value, or with neither a step nor a number, as the lines of structured logs. Groups become dotted names (`{"train": {"loss": 1}}` logs `train.loss`), as W&B shows them. The bare
 * NaN and Infinity of Python's json.dumps are read too, and go over the wire as the strings that the server expects.
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

const toStep = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/** Strings are matched first, so that only bare words are replaced. */
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

function parseLenient(text: string): unknown {
  return tryParse(text) ?? (/NaN|Infinity/.test(text) ? tryParse(text, quoteWords) : undefined);
}

const quoteWords = (text: string): string =>
  text.replace(STRING_OR_WORD, (match) => (match.startsWith('"') ? match : `"${match}"`));

function tryParse(text: string, mend = (raw: string) => raw): unknown {
  try {
    return JSON.parse(mend(text));
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
