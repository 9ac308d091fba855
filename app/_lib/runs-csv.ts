import { toPythonText } from "@/core/python";
import { toNumber, type Value } from "@/core/value";
import type { RunLine } from "@/graphql/operations/pages";
import { type Cell, toCsv } from "@/ui/charts/export";

/** A run as a table of runs has it, of a sweep or of a project. */
export type CsvRun = Omit<RunLine, "params"> & {
  readonly flat: ReadonlyMap<string, Value>;
  readonly metrics: ReadonlyMap<string, number>;
  /** Where the runs of several are listed. */
  readonly sweep?: { readonly name: string } | null;
};

/** Runs as a table for other programs: one row a run, every digit of a number, parameters and metrics by their whole names. */
export function toRunsCsv(rows: readonly CsvRun[], metric: string | undefined): string {
  const parameters = [...new Set(rows.flatMap((row) => [...row.flat.keys()]))].sort();
  const metrics = [...new Set(rows.flatMap((row) => [...row.metrics.keys()]))].sort();
  const columns: Column[] = [
    ["run", (row) => row.displayName],
    ["name", (row) => row.name],
    ["id", (row) => row.id],
    ...(rows.some(({ sweep }) => sweep) ? [["sweep", (row) => row.sweep?.name] satisfies Column] : []),
    ["number", (row) => row.ordinal],
    ["state", (row) => row.state],
    ["reason", (row) => row.stateReason],
    [metric === undefined ? "objective" : `objective (${metric})`, (row) => row.objective],
    ["feasible", (row) => row.feasible],
    ["created", (row) => row.createdAt],
    ["started", (row) => row.startedAt],
    ["finished", (row) => row.finishedAt],
    ["agent", (row) => row.agent?.host],
    ["tags", (row) => row.tags.join(", ")],
    ["notes", (row) => row.notes],
    ...parameters.map((name): Column => [`param.${name}`, (row) => toCell(row.flat.get(name))]),
    ...metrics.map((key): Column => [`metric.${key}`, (row) => row.metrics.get(key)]),
  ];
  return toCsv(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, toCell]) => toCell(row))),
  );
}

type Column = [name: string, toCell: (row: CsvRun) => Cell];

function toCell(value: Value | undefined): Cell {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean")
    return value;
  // An integer beyond 2^53 keeps its digits as text.
  return typeof value === "bigint" ? String(value) : (toNumber(value) ?? toPythonText(value));
}
