import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "@/core/errors";
import { isValueMap, parseJson, stringifyJson, type Value } from "@/core/value";
import { type ExportedRun, ExportRuns } from "@/graphql/operations";
import { toCsvLine } from "../table";
import { notFound, type Terminal, toSweepId, withClient } from "./context";
import { readPages } from "./pages";

interface Flags {
  format: "csv" | "jsonl";
  output?: string;
  json?: boolean;
}

export function addExport(program: Command, terminal: Terminal): void {
  program
    .command("export <sweep>")
    .description("write a sweep's runs with their parameters and summaries, one a line")
    .option("-f, --format <format>", "csv or jsonl", toFormat, "csv")
    .option("-o, --output <file>", "instead of standard output")
    .option("--json", "the same as --format jsonl")
    .action((sweep: string, flags: Flags) => exportRuns(terminal, toSweepId(sweep), flags));
}

async function exportRuns(terminal: Terminal, id: string, { format, output, json }: Flags): Promise<void> {
  const file = output === undefined ? undefined : openOutput(terminal, output);
  const runs: ExportedRun[] = [];
  await withClient(terminal, (client) =>
    readPages(
      Number.POSITIVE_INFINITY,
      async (first, after) => {
        const { sweep } = await client.query(ExportRuns, { id, first, after });
        if (!sweep) throw notFound(id);
        return { owner: sweep, page: sweep.runs };
      },
      (run) => runs.push(run),
    ),
  );
  const lines = json || format === "jsonl" ? runs.map(toJsonLine) : toCsv(runs);
  if (file === undefined) return lines.forEach(terminal.out);
  // A pipe or a device has no length.
  if (fstatSync(file).isFile()) ftruncateSync(file);
  for (const line of lines) writeSync(file, `${line}\n`);
  closeSync(file);
  terminal.err(`${runs.length} runs written to ${output}`);
}

/** Before anything is asked for; what stands in the file stays until there is something to put in its place. */
function openOutput({ cwd }: Terminal, path: string): number {
  try {
    return openSync(resolve(cwd, path), "a");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new AppError("BAD_USAGE", `can't write ${path}: ${REASONS[code] ?? code}`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "a part of the path is no folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EROFS: "the disk can't be written to",
  ENOSPC: "the disk is full",
};

const FACTS = [
  "name",
  "displayName",
  "state",
  "attempt",
  "exitCode",
  "objective",
  "createdAt",
  "startedAt",
  "finishedAt",
] as const;

/** The parameters are put in as the server wrote them: 1.0 stays 1.0, and a long integer keeps its digits. */
export function toJsonLine({ params, summary, ...facts }: ExportedRun): string {
  const metrics = Object.fromEntries(summary.map(({ name, ...values }) => [name, values]));
  return `${JSON.stringify(facts).slice(0, -1)},"params":${params},"summary":${JSON.stringify(metrics)}}`;
}

/** A column a parameter (groups spelt with dots) and a metric (its last value), over all runs. */
export function toCsv(runs: readonly ExportedRun[]): string[] {
  const params = runs.map((run) => flatten(parseJson(run.params)));
  const names = unique(params.flatMap((map) => [...map.keys()]));
  const metrics = unique(runs.flatMap((run) => run.summary.map(({ name }) => name)));
  const heading = [
    ...FACTS,
    ...names.map((name) => `param.${name}`),
    ...metrics.map((name) => `metric.${name}`),
  ];
  const rows = runs.map((run, index) => {
    const last = new Map(run.summary.map((metric) => [metric.name, metric.last]));
    return [
      ...FACTS.map((fact) => String(run[fact] ?? "")),
      ...names.map((name) => toCell(params[index]?.get(name))),
      ...metrics.map((name) => String(last.get(name) ?? "")),
    ];
  });
  return [heading, ...rows].map(toCsvLine);
}

function flatten(value: Value, path = "", into = new Map<string, Value>()): Map<string, Value> {
  if (isValueMap(value))
    for (const [key, item] of Object.entries(value)) flatten(item, path ? `${path}.${key}` : key, into);
  else into.set(path, value);
  return into;
}

const toCell = (value: Value | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : stringifyJson(value);
const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

function toFormat(text: string): "csv" | "jsonl" {
  if (text === "csv" || text === "jsonl") return text;
  throw new AppError("BAD_USAGE", `${JSON.stringify(text)} is no format: expected csv or jsonl`);
}
