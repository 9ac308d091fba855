import { MAX_BATCH_BYTES, MAX_BATCH_KEYS, MAX_KEY_LENGTH } from "@/core/history/batch";
import {
  Float,
  isValueMap,
  parseJson,
  stringifyJson,
  toNumber,
  type Value,
  type ValueMap,
} from "@/core/value";
import { toStorableText } from "@/engine/check";

/** Lines of `wandb-history.jsonl` as columns (W51), in pieces that the engine takes. */
export interface HistoryPiece {
  /** Number of its first line, and of the one behind its last. */
  readonly from: number;
  readonly to: number;
  readonly steps: number[];
  readonly times: number[];
  readonly series: { key: string; values: unknown[] }[];
}

/** One line, read. */
interface Row {
  readonly step: number;
  readonly timeMs: number;
  readonly values: ReadonlyMap<string, unknown>;
}

/** Text of lines in one piece: values are longer as columns when most are absent. */
const PIECE_BYTES = 2_000_000;
const PIECE_LINES = 10_000;
/** Cells of the columns, absent ones included. */
const PIECE_CELLS = 500_000;
const MAX_TIME_MS = 253_402_300_799_999;

/** A line that can't be read stands for nothing, and keeps its number. */
export function* toPieces(offset: number, lines: readonly string[], nowMs: number): Generator<HistoryPiece> {
  let rows: Row[] = [];
  let keys = new Set<string>();
  let [from, bytes] = [offset, 0];
  for (const [i, line] of lines.entries()) {
    const row = readRow(line, offset + i, nowMs);
    const more = row ? [...row.values.keys()].filter((key) => !keys.has(key)).length : 0;
    const cells = (rows.length + 1) * (keys.size + more);
    if (
      rows.length > 0 &&
      (bytes + line.length > PIECE_BYTES ||
        rows.length >= PIECE_LINES ||
        cells > PIECE_CELLS ||
        keys.size + more > MAX_BATCH_KEYS)
    ) {
      yield toPiece(from, offset + i, rows);
      [rows, keys, from, bytes] = [[], new Set(), offset + i, 0];
    }
    bytes += line.length;
    if (row === undefined) continue;
    for (const key of row.values.keys()) keys.add(key);
    rows.push(row);
  }
  if (offset + lines.length > from) yield toPiece(from, offset + lines.length, rows);
}

/** Steps that fall back are the engine's to leave out and to count; within a piece they have to stand in order. */
function toPiece(from: number, to: number, rows: readonly Row[]): HistoryPiece {
  const rising: Row[] = [];
  for (const row of rows) if (row.step >= (rising.at(-1)?.step ?? 0)) rising.push(row);
  const columns = new Map<string, unknown[]>();
  for (const [i, { values }] of rising.entries()) {
    for (const [key, value] of values) {
      let column = columns.get(key);
      if (column === undefined) {
        column = new Array<unknown>(rising.length).fill(null);
        columns.set(key, column);
      }
      column[i] = value;
    }
  }
  return {
    ...{ from, to },
    steps: rising.map(({ step }) => step),
    times: rising.map(({ timeMs }) => timeMs),
    series: Array.from(columns, ([key, values]) => ({ key, values })),
  };
}

function readRow(line: string, number: number, nowMs: number): Row | undefined {
  let parsed: Value;
  try {
    parsed = parseJson(line);
  } catch {
    return undefined;
  }
  if (!isValueMap(parsed)) return undefined;
  const step = toNumber(parsed._step ?? null);
  const seconds = toNumber(parsed._timestamp ?? null);
  const timeMs = seconds === undefined ? nowMs : seconds * 1_000;
  const values = new Map<string, unknown>();
  for (const [key, value] of Object.entries(parsed)) if (!OWN.has(key)) flatten(key, value, values);
  if (values.size > MAX_BATCH_KEYS || line.length > PIECE_BYTES) keepWithin(values);
  return {
    step: step !== undefined && step >= 0 && step <= Number.MAX_SAFE_INTEGER ? Math.trunc(step) : number,
    timeMs: timeMs >= 0 && timeMs <= MAX_TIME_MS ? timeMs : nowMs,
    values,
  };
}

/** What of one line the engine would refuse is left out: a refusal ends the client's stream, and with it all that would come behind. */
function keepWithin(values: Map<string, unknown>): void {
  let [names, bytes] = [0, 0];
  for (const [key, value] of values) {
    const size = typeof value === "number" ? 0 : JSON.stringify(value).length;
    if (names >= MAX_BATCH_KEYS || bytes + size > MAX_BATCH_BYTES) values.delete(key);
    else [names, bytes] = [names + 1, bytes + size];
  }
}

/** What the client writes on each line for itself: step and time are the axis, and the runtime follows from the time. */
const OWN = new Set(["_step", "_timestamp", "_runtime", "_wandb"]);

/** `{"d": {"x": 1}}` is d.x; an object with a `_type` is a picture, a table or the like, and stays one value. */
function flatten(key: string, value: Value, into: Map<string, unknown>): void {
  if (isValueMap(value) && value._type === undefined && Object.keys(value).length > 0) {
    for (const [name, inner] of Object.entries(value as ValueMap)) flatten(`${key}.${name}`, inner, into);
  } else if (key.length <= MAX_KEY_LENGTH && key !== "") into.set(toStorableText(key), toWire(value));
}

/** As `MetricBatch` has values: non-finite numbers are texts, and null is no value. */
function toWire(value: Value): unknown {
  const number = toNumber(value);
  if (number !== undefined) return Number.isFinite(number) ? number : String(number);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Float) return value.value;
  return JSON.parse(stringifyJson(value)) as unknown;
}
