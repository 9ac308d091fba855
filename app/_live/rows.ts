import { type RunColumns, unpackLine } from "@/core/run-columns";
import type { RunLine } from "@/graphql/operations/pages";
import { type FlatParams, flattenParams } from "@/ui/charts/prepare/rows";

/** A run as the page uses it: its parameters read once, not at each drawing. */
export interface Row extends RunLine {
  readonly flat: FlatParams;
  /** By `toMetricKey`: of the columns that were asked for, what it logged. */
  readonly metrics: ReadonlyMap<string, number>;
}

/** What was read of one run: all of it, or the numbers of some metrics, in the order of their keys. */
export type ReadRow = Row | { readonly id: string; readonly values: readonly (number | null)[] };

/** Rows made in one go: about 3 ms of a fast core. */
const PIECE = 500;

/**
 * The runs of a page of columns, in pieces: all ten thousand take a tenth of a second, and a page must not stand still for more than half
 * of that.
 */
export function* readRows(
  columns: RunColumns,
  keys: readonly string[],
  known: (id: string) => Row | undefined,
): Generator<ReadRow[]> {
  for (let from = 0; from < columns.count; from += PIECE) {
    const piece: ReadRow[] = [];
    for (let i = from; i < Math.min(from + PIECE, columns.count); i++) {
      const values = columns.values.map((column) => column[i] ?? null);
      if (columns.lines === undefined) piece.push({ id: String(columns.id[i]), values });
      else {
        const line = unpackLine(columns, i);
        piece.push(toRow(line, known(line.id), { keys, values }));
      }
    }
    yield piece;
  }
}

interface Told {
  readonly keys: readonly string[];
  readonly values: readonly (number | null)[];
}

const NOTHING: Told = { keys: [], values: [] };

/** What is known of it stays as far as nothing else is told. */
export const toRow = (line: RunLine, known?: Row, told = NOTHING): Row => ({
  ...line,
  flat: known?.params === line.params ? known.flat : flattenParams(line.params),
  metrics: withValues(known?.metrics ?? NO_METRICS, told),
});

/** The same map where nothing is new. */
export function withValues(
  metrics: ReadonlyMap<string, number>,
  { keys, values }: Told,
): ReadonlyMap<string, number> {
  let changed: Map<string, number> | undefined;
  for (const [i, key] of keys.entries()) {
    const value = values[i] ?? undefined;
    if (metrics.get(key) === value) continue;
    changed ??= new Map(metrics);
    if (value === undefined) changed.delete(key);
    else changed.set(key, value);
  }
  return changed ?? metrics;
}

const NO_METRICS: ReadonlyMap<string, number> = new Map();
