import { AppError } from "@/core/errors";
import { TableReader } from "@/core/table-file";
import { isList, parseJson, stringifyJson, toNumber, type Value } from "@/core/value";
import type { Store } from "@/store/store";

/** A page of a table file. */
export interface TablePage {
  /** As many as a row has cells; empty where the file names none, or not before its rows. */
  readonly columns: readonly string[];
  /** Cells as plain JSON; numbers that are none in JSON are "NaN", "Infinity" and "-Infinity", integers beyond 2^53 (keys of
   * rows, hashes) their digits as text. */
  readonly rows: readonly (readonly unknown[])[];
  /** The first byte behind the last row; undefined when no row follows. */
  readonly next: number | undefined;
}

/** Rows of one page in bytes of their file: a page of ten rows that are pictures' numbers each is long enough. */
const MAX_PAGE_BYTES = 2_000_000;
/** For one page. Where no row ends in so many, it is no table for looking at. */
const MAX_LOOKED_BYTES = 16_000_000;
const MOST_COLUMNS = 1_000;

/**
 * Rows out of the store, from the file's beginning or from behind a row; no more of the file is read than they take.
 * @param from where the page before ended
 * @throws AppError NOT_FOUND where the bytes are gone, INPUT_TOO_LARGE for what is no table
 */
export async function readTablePage(
  store: Store,
  file: { readonly name: string; readonly place: string; readonly bytes: number },
  { first, from = 0 }: { first: number; from?: number | undefined },
): Promise<TablePage> {
  const head = new TableReader();
  await read(store, file, head, 0, () => head.columns !== undefined || head.rows.length > 0);
  const columns = toColumns(head.columns);
  const page = from === 0 ? head : new TableReader(from);
  const isFull = () => page.rows.length > first || sizeOf(page) > MAX_PAGE_BYTES;
  if (from === 0) await read(store, file, page, head.position, isFull);
  else await read(store, file, page, from, isFull);
  const { rows } = page;
  let [count, bytes] = [0, 0];
  for (const { json } of rows.slice(0, first)) {
    bytes += json.length;
    if (count > 0 && bytes > MAX_PAGE_BYTES) break;
    count++;
  }
  const shown = rows.slice(0, count);
  return {
    columns,
    rows: shown.map(({ json }) => toCells(json)),
    next: count < rows.length || !page.ended ? shown.at(-1)?.end : undefined,
  };
}

async function read(
  store: Store,
  file: { readonly name: string; readonly place: string; readonly bytes: number },
  reader: TableReader,
  from: number,
  isEnough: () => boolean,
): Promise<void> {
  if (isEnough() || reader.ended) return;
  if (from >= file.bytes) {
    reader.ended = true;
    return;
  }
  const stream = await store.get(file.place, { from, to: file.bytes - 1 });
  if (stream === undefined)
    throw new AppError(
      "NOT_FOUND",
      `the bytes of ${file.name} are not where files lie: were they part of the backup?`,
    );
  try {
    for await (const chunk of stream) {
      reader.add(chunk);
      if (isEnough() || reader.ended) return;
      if (reader.position - from <= MAX_LOOKED_BYTES) continue;
      if (reader.rows.length > 0) return;
      throw new AppError(
        "INPUT_TOO_LARGE",
        `${file.name} has no row in ${MAX_LOOKED_BYTES} bytes, expected a table {"columns": [...], "data": [[...], ...]}: download it instead`,
      );
    }
    // A file that ends in the middle of its rows, or is no table at all, has no more of them.
    reader.ended = true;
  } finally {
    stream.destroy();
  }
}

const sizeOf = ({ rows }: TableReader): number => rows.reduce((sum, { json }) => sum + json.length, 0);

function toColumns(json: string | undefined): string[] {
  const names = json === undefined ? undefined : tryParse(json);
  return names !== undefined && isList(names)
    ? names.slice(0, MOST_COLUMNS).map((name) => (typeof name === "string" ? name : stringifyJson(name)))
    : [];
}

function toCells(json: string): unknown[] {
  const row = tryParse(json);
  return row !== undefined && isList(row) ? row.slice(0, MOST_COLUMNS).map(toPlain) : [];
}

function toPlain(value: Value): unknown {
  if (typeof value === "bigint") return String(value);
  const number = toNumber(value);
  if (number !== undefined) return Number.isFinite(number) ? number : String(number);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  return JSON.parse(stringifyJson(value)) as unknown;
}

function tryParse(json: string): Value | undefined {
  try {
    return parseJson(json);
  } catch {
    return undefined;
  }
}
