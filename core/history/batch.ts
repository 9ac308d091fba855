import { AppError } from "../errors";
import { type Axis, type Column, lowerBound } from "./column";

/**
 * What a client sends, in columns: `series[j].values[i]` was logged at `steps[i]`, `times[i]`. `null` means that the
 * metric was not logged at that step. NaN and infinities, which JSON lacks, are the strings "NaN", "Infinity" and
 * "-Infinity"; any other string, boolean, list or object is kept for tables. Equal steps merge, the later value wins.
 */
export interface MetricBatch {
  attempt: number;
  /** From 1, without gaps. A repeated number is acknowledged and ignored. */
  batch: number;
  /** Safe integers >= 0, never falling. */
  steps: number[];
  /** Milliseconds since 1970; absent means the time of arrival. */
  times?: number[];
  series: { key: string; values: unknown[] }[];
  /** Only in an attempt's first batch: it continues an earlier attempt's history after this step. */
  resumedFromStep?: number;
}

/** A checked batch. The axis rises strictly: equal steps are merged. */
export interface Batch {
  readonly attempt: number;
  readonly batch: number;
  readonly axis: Axis;
  readonly series: readonly Series[];
  /** Values in all series. */
  readonly points: number;
  readonly resumedFromStep?: number;
}

export interface Series {
  readonly key: string;
  readonly column: Column;
}

export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
export const MAX_BATCH_KEYS = 10_000;
export const MAX_BATCH_STEPS = 100_000;
/** A million points are 8 MB packed. */
export const MAX_BATCH_POINTS = 1_000_000;
export const MAX_KEY_LENGTH = 512;
/** The year 9999; keeps the difference of any two times a safe integer. */
const MAX_TIME_MS = 253_402_300_799_999;
const MAX_BATCH_NUMBER = 2_147_483_647;

/**
 * Checks a batch as it came from JSON and turns it into typed columns.
 * @param receivedAtMs stands where the client sent no times
 * @throws BAD_INPUT naming the place, INPUT_TOO_LARGE naming the bound
 */
export function parseMetricBatch(json: unknown, receivedAtMs: number): Batch {
  const input = asRecord(json, "a metric batch");
  const attempt = asInteger(input.attempt, "attempt", 1, MAX_BATCH_NUMBER);
  const batch = asInteger(input.batch, "batch", 1, MAX_BATCH_NUMBER);
  const steps = parseSteps(input.steps);
  const times = parseTimes(input.times, steps.length, receivedAtMs);
  const list = asArray(input.series, "series");
  if (list.length > MAX_BATCH_KEYS) throw tooLarge(`${list.length} series`, `${MAX_BATCH_KEYS} keys`);
  const rows = mergeEqualSteps(steps);
  const budget = { points: 0, bytes: 0 };
  const seen = new Set<string>();
  const series: Series[] = [];
  for (let j = 0; j < list.length; j++) {
    const one = asRecord(list[j], `series[${j}]`);
    const key = parseKey(one.key, `series[${j}].key`);
    if (seen.has(key))
      throw bad(`series[${j}].key`, key, "a key that stands once in a batch; merge its values", { key });
    seen.add(key);
    const values = asArray(one.values, `series[${j}].values`);
    if (values.length !== steps.length) {
      throw bad(
        `series[${j}].values`,
        `${values.length} values`,
        `one value a step, ${steps.length}; write null where "${key}" was not logged`,
        { key },
      );
    }
    const column = parseColumn(values, rows, budget, key);
    if (column.values.length > 0) series.push({ key, column });
  }
  const resumed = input.resumedFromStep;
  if (resumed != null && batch !== 1)
    throw bad("resumedFromStep", resumed, `nothing in batch ${batch}: it belongs into an attempt's batch 1`);
  return {
    attempt,
    batch,
    axis: mergeAxis(steps, times, rows),
    series,
    points: budget.points,
    ...(resumed != null && {
      resumedFromStep: asInteger(resumed, "resumedFromStep", 0, Number.MAX_SAFE_INTEGER),
    }),
  };
}

/** The batch without the steps below `step`: they would go backwards. */
export function dropBefore(batch: Batch, step: number): Batch {
  const { steps, times } = batch.axis;
  const from = lowerBound(steps, step);
  if (from === 0) return batch;
  const series: Series[] = [];
  let points = 0;
  for (const { key, column } of batch.series) {
    const kept = dropRows(column, from, steps.length);
    if (kept.values.length > 0) series.push({ key, column: kept });
    points += kept.values.length;
  }
  return { ...batch, axis: { steps: steps.slice(from), times: times.slice(from) }, series, points };
}

function dropRows({ at, values, others }: Column, rows: number, rowCount: number): Column {
  const from = at === undefined ? rows : at.findIndex((row) => row >= rows);
  if (from < 0) return { values: new Float64Array(0) };
  const left = values.slice(from);
  const kept = others && new Map([...others].flatMap(([i, json]) => (i < from ? [] : [[i - from, json]])));
  return {
    values: left,
    ...(at && left.length < rowCount - rows && { at: at.slice(from).map((row) => row - rows) }),
    ...(kept && kept.size > 0 && { others: kept }),
  };
}

function parseSteps(json: unknown): Float64Array {
  const list = asArray(json, "steps");
  if (list.length > MAX_BATCH_STEPS) throw tooLarge(`${list.length} steps`, `${MAX_BATCH_STEPS} steps`);
  const steps = new Float64Array(list.length);
  let before = 0;
  for (let i = 0; i < list.length; i++) {
    const step = list[i];
    if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 0)
      throw bad(`steps[${i}]`, step, "an integer from 0 to 2^53-1");
    if (step < before)
      throw bad(`steps[${i}]`, step, `a step not below the one before it, ${before}: sort the batch by step`);
    steps[i] = before = step;
  }
  return steps;
}

function parseTimes(json: unknown, length: number, receivedAtMs: number): Float64Array {
  if (json == null) return new Float64Array(length).fill(receivedAtMs);
  const list = asArray(json, "times");
  if (list.length !== length) throw bad("times", `${list.length} times`, `one time a step, ${length}`);
  const times = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const time = list[i];
    if (typeof time !== "number" || !(time >= 0 && time <= MAX_TIME_MS))
      throw bad(`times[${i}]`, time, "milliseconds since 1970");
    times[i] = Math.round(time);
  }
  return times;
}

/** For each row of the input its row on the merged axis; undefined when all steps differ. */
function mergeEqualSteps(steps: Float64Array): Uint32Array | undefined {
  let equal = false;
  for (let i = 1; i < steps.length && !equal; i++) equal = steps[i] === steps[i - 1];
  if (!equal) return undefined;
  const rows = new Uint32Array(steps.length);
  for (let i = 1; i < steps.length; i++)
    rows[i] = (rows[i - 1] as number) + (steps[i] === steps[i - 1] ? 0 : 1);
  return rows;
}

function mergeAxis(steps: Float64Array, times: Float64Array, rows: Uint32Array | undefined): Axis {
  if (rows === undefined) return { steps, times };
  const length = (rows.at(-1) as number) + 1;
  const merged = { steps: new Float64Array(length), times: new Float64Array(length) };
  for (let i = 0; i < steps.length; i++) {
    merged.steps[rows[i] as number] = steps[i] as number;
    merged.times[rows[i] as number] = times[i] as number;
  }
  return merged;
}

function parseColumn(
  list: readonly unknown[],
  rows: Uint32Array | undefined,
  budget: { points: number; bytes: number },
  key: string,
): Column {
  const values = new Float64Array(list.length);
  const at = new Uint32Array(list.length);
  let others: Map<number, string> | undefined;
  let k = 0;
  for (let i = 0; i < list.length; i++) {
    const cell = list[i];
    if (cell === null || cell === undefined) continue;
    const row = rows === undefined ? i : (rows[i] as number);
    if (k > 0 && at[k - 1] === row) k--; // the same step again: the later value wins
    others?.delete(k);
    at[k] = row;
    if (typeof cell === "number") values[k] = cell;
    else {
      const number = typeof cell === "string" ? NON_FINITE.get(cell) : undefined;
      values[k] = number ?? Number.NaN;
      if (number === undefined) {
        const json = toJson(cell, key, i);
        others ??= new Map();
        others.set(k, json);
        budget.bytes += json.length;
        if (budget.bytes > MAX_BATCH_BYTES) throw tooLarge("the text values", `${MAX_BATCH_BYTES} bytes`);
      }
    }
    k++;
  }
  budget.points += k;
  if (budget.points > MAX_BATCH_POINTS) throw tooLarge("the batch", `${MAX_BATCH_POINTS} points`);
  const rowCount = rows === undefined ? list.length : (rows.at(-1) ?? -1) + 1;
  return {
    values: k === values.length ? values : values.slice(0, k),
    ...(k < rowCount && { at: at.slice(0, k) }),
    ...(others && others.size > 0 && { others }),
  };
}

const NON_FINITE: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function toJson(cell: unknown, key: string, i: number): string {
  if (typeof cell !== "object" && typeof cell !== "string" && typeof cell !== "boolean")
    throw bad(`"${key}" at values[${i}]`, typeof cell, "a JSON value");
  return JSON.stringify(cell);
}

/** Names are free text; NUL and half surrogates can't be stored by the database. */
function parseKey(key: unknown, place: string): string {
  if (typeof key !== "string" || key.length === 0 || key.length > MAX_KEY_LENGTH)
    throw bad(
      place,
      typeof key === "string" ? `${key.length} characters` : key,
      `a name of 1 to ${MAX_KEY_LENGTH} characters`,
    );
  if (key.includes("\0") || /\p{Surrogate}/u.test(key))
    throw bad(place, JSON.stringify(key), "a name without NUL and without half surrogates");
  return key;
}

function asRecord(json: unknown, place: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw bad(place, json, "an object");
  return json as Record<string, unknown>;
}

function asArray(json: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(json)) throw bad(place, json, "a list");
  return json;
}

function asInteger(json: unknown, place: string, min: number, max: number): number {
  if (typeof json !== "number" || !Number.isSafeInteger(json) || json < min || json > max)
    throw bad(place, json, `an integer from ${min} to ${max}`);
  return json;
}

function bad(
  place: string,
  value: unknown,
  expected: string,
  details: Record<string, unknown> = {},
): AppError {
  const shown = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return new AppError("BAD_INPUT", `metric batch: ${place} is ${shown.slice(0, 80)}, expected ${expected}`, {
    details: { place, ...details },
  });
}

function tooLarge(what: string, bound: string): AppError {
  return new AppError(
    "INPUT_TOO_LARGE",
    `metric batch: ${what} exceeds ${bound}: send it in several batches`,
    {
      details: { bound },
    },
  );
}
