import { Float, isList, isValueMap, parseJson, toNumber, type Value } from "@/core/value";

/** What a table sorts by: numbers before text, text before nothing. */
export type SortKey = number | string | undefined;

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** One of the columns that a table is sorted by. */
export interface SortBy<T> {
  readonly descending: boolean;
  toKey(row: T): SortKey;
  /** Rows of a higher one come after all of a lower one, in either direction. */
  toRank?(row: T): number;
}

/**
 * Rows in the order to show, by the first column, where that is equal by the second, and so on. Stable (equal rows keep the
 * order they came in), and what has no value comes last in both directions: an unfinished run is never "the lowest loss".
 */
export function sortRows<T>(rows: readonly T[], by: readonly SortBy<T>[]): T[] {
  // Keys are made once a row, not once a comparison: sorting 10,000 rows compares 130,000 times.
  const columns = by.map(({ descending, toKey, toRank }) => ({
    descending,
    keys: rows.map((row) => toKey(row)),
    ranks: toRank && rows.map((row) => toRank(row)),
  }));
  const order = rows.map((_, index) => index);
  order.sort((a, b) => {
    for (const { keys, ranks, descending } of columns) {
      const way =
        (ranks ? (ranks[a] ?? 0) - (ranks[b] ?? 0) : 0) || compareKeys(keys[a], keys[b], descending);
      if (way !== 0) return way;
    }
    return a - b;
  });
  return order.map((index) => rows[index] as T);
}

function compareKeys(a: SortKey, b: SortKey, descending: boolean): number {
  if (typeof a === "number" && typeof b === "number") {
    const way = a - b;
    if (!Number.isNaN(way)) return descending ? -way : way;
    if (a === b) return 0;
  }
  const [rankA, rankB] = [rank(a), rank(b)];
  if (rankA === 2 || rankB === 2) return rankA - rankB;
  const order = rankA !== rankB ? rankA - rankB : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  return descending ? -order : order;
}

const rank = (key: SortKey): 0 | 1 | 2 =>
  key === undefined || (typeof key === "number" && Number.isNaN(key)) ? 2 : typeof key === "number" ? 0 : 1;

/**
 * The order while someone reads the table: rows that are shown stay where they are, whatever their values do, rows
 * that are gone leave, and new ones that belong at the end join there. Those that would push others down wait
 * (`waiting`) until the reader lets them in or leaves.
 */
export function holdOrder(
  shown: readonly string[],
  wanted: readonly string[],
): { order: readonly string[]; waiting: number } {
  const present = new Set(wanted);
  const order = shown.filter((id) => present.has(id));
  const known = new Set(order);
  let end = wanted.length;
  while (end > 0 && !known.has(wanted[end - 1] ?? "")) end--;
  const joined = order.length === 0 ? wanted : [...order, ...wanted.slice(end)];
  return { order: joined, waiting: wanted.length - joined.length };
}

export type FlatParams = ReadonlyMap<string, Value>;

/** Nested groups by dotted name, as they are written on a command line. */
export function flattenParams(text: string): FlatParams {
  const flat = new Map<string, Value>();
  const walk = (value: Value, path: string): void => {
    if (isValueMap(value) && Object.keys(value).length > 0)
      for (const [key, item] of Object.entries(value)) walk(item, path === "" ? key : `${path}.${key}`);
    else if (path !== "") flat.set(path, value);
  };
  walk(parseJson(text), "");
  return flat;
}

/** Names of the parameters that take more than one value in these runs, by name: no run's absence moves a column. */
export function variedNames(runs: readonly FlatParams[]): string[] {
  const seen = new Map<string, { first: string; count: number; varied: boolean }>();
  for (const params of runs)
    for (const [name, value] of params) {
      const text = identity(value);
      const known = seen.get(name);
      if (!known) seen.set(name, { first: text, count: 1, varied: false });
      else {
        known.count++;
        known.varied ||= known.first !== text;
      }
    }
  const names = [...seen].filter(([, p]) => p.varied || p.count < runs.length).map(([name]) => name);
  return names.sort();
}

const identity = (value: Value): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : value instanceof Float
      ? `${value.value}f`
      : deep(value);

const deep = (value: Value): string =>
  isList(value)
    ? `[${value.map(identity).join()}]`
    : isValueMap(value)
      ? `{${Object.entries(value)
          .map(([key, item]) => `${key}:${identity(item)}`)
          .join()}}`
      : String(value);

/** Numbers sort as numbers, everything else as its text. */
export function toSortKey(value: Value | undefined): SortKey {
  if (value === undefined || value === null) return undefined;
  const number = toNumber(value);
  if (number !== undefined) return number;
  return typeof value === "string" ? value : deep(value);
}
