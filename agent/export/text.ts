import { stringifyJson, type Value } from "@/core/value";
import type { ExportedRun } from "@/graphql/operations";
import { toCsvLine } from "../table";
import { toColumns } from "./columns";

/** The parameters are put in as the server wrote them: 1.0 stays 1.0, and a long integer keeps its digits. */
export function toJsonLine({ params, summary, ...facts }: ExportedRun): string {
  const metrics = Object.fromEntries(summary.map(({ name, ...values }) => [name, values]));
  return `${JSON.stringify(facts).slice(0, -1)},"params":${params},"summary":${JSON.stringify(metrics)}}`;
}

/** One array, a run a line. */
export const toJson = (runs: readonly ExportedRun[]): string[] =>
  runs.length === 0 ? ["[]"] : ["[", runs.map(toJsonLine).join(",\n"), "]"];

export function toCsv(runs: readonly ExportedRun[]): string[] {
  const { facts, params, metrics } = toColumns(runs);
  const columns = [
    ...facts.map(({ name, values }) => [name, ...values.map((value) => String(value ?? ""))]),
    ...params.map(({ name, values }) => [`param.${name}`, ...values.map(toCell)]),
    ...metrics.map(({ name, values }) => [`metric.${name}`, ...values.map((value) => String(value ?? ""))]),
  ];
  return Array.from({ length: runs.length + 1 }, (_, row) =>
    toCsvLine(columns.map((column) => column[row] ?? "")),
  );
}

const toCell = (value: Value | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : stringifyJson(value);
