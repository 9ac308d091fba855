import type { Row } from "@/app/_live/sweep-store";
import { toPythonText } from "@/core/python";
import { toNumber, type Value } from "@/core/value";
import { type Cell, toCsv } from "@/ui/charts/export";

/** Runs as a table for other programs: one row a run, every digit of a number, parameters and metrics by their whole names. */
export function toRunsCsv(rows: readonly Row[], metric: string | undefined): string {
  const parameters = [...new Set(rows.flatMap((row) => [...row.flat.keys()]))].sort();
  const metrics = [...new Set(rows.flatMap((row) => [...row.metrics.keys()]))].sort();
  const columns: [name: string, toCell: (row: Row) => Cell][] = [
    ["run", (row) => row.displayName],
    ["name", (row) => row.name],
    ["id", (row) => row.id],
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
    ...parameters.map((name): [string, (row: Row) => Cell] => [
      `param.${name}`,
      (row) => toCell(row.flat.get(name)),
    ]),
    ...metrics.map((key): [string, (row: Row) => Cell] => [`metric.${key}`, (row) => row.metrics.get(key)]),
  ];
  return toCsv(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, toCell]) => toCell(row))),
  );
}

function toCell(value: Value | undefined): Cell {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean")
    return value;
  // An integer beyond 2^53 keeps its digits as text.
  return typeof value === "bigint" ? String(value) : (toNumber(value) ?? toPythonText(value));
}
