import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "@/core/errors";
import { type ExportedRun, ExportRuns } from "@/graphql/operations";
import { toCsv, toJson, toJsonLine } from "../export/text";
import { notFound, type Terminal, toSweepId, withClient } from "./context";
import { readPages } from "./pages";

const FORMATS = ["csv", "json", "jsonl", "parquet"] as const;
type Format = (typeof FORMATS)[number];

interface Flags {
  format: Format;
  output?: string;
  json?: boolean;
}

export function addExport(program: Command, terminal: Terminal): void {
  program
    .command("export <sweep>")
    .description("write a sweep's runs with their parameters and summaries, one a line")
    .option("-f, --format <format>", FORMATS.join(", "), toFormat, "csv")
    .option("-o, --output <file>", "instead of standard output")
    .option("--json", "the same as --format jsonl")
    .action((sweep: string, flags: Flags) => exportRuns(terminal, toSweepId(sweep), flags));
}

async function exportRuns(terminal: Terminal, id: string, flags: Flags): Promise<void> {
  const { output } = flags;
  const format = flags.json ? "jsonl" : flags.format;
  if (format === "parquet" && output === undefined)
    throw new AppError("BAD_USAGE", "parquet is no text for a terminal: name a file with --output FILE");
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
  const lines = format === "parquet" ? [] : toLines(format, runs);
  if (file === undefined || output === undefined) return lines.forEach(terminal.out);
  // Only here: its encoders would cost each start of an agent their reading.
  const pieces =
    format === "parquet"
      ? [(await import("../export/parquet")).toParquet(runs)]
      : lines.map((line) => Buffer.from(`${line}\n`));
  try {
    // A pipe or a device has no length.
    if (fstatSync(file).isFile()) ftruncateSync(file);
    for (const piece of pieces) writeAll(file, piece);
    closeSync(file);
  } catch (cause) {
    throw notWritten(output, cause);
  }
  terminal.err(`${runs.length} runs written to ${output}`);
}

function toLines(format: Exclude<Format, "parquet">, runs: readonly ExportedRun[]): string[] {
  if (format === "jsonl") return runs.map(toJsonLine);
  return format === "json" ? toJson(runs) : toCsv(runs);
}

/** A pipe takes what it has room for. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Before anything is asked for; what stands in the file stays until there is something to put in its place. */
function openOutput({ cwd }: Terminal, path: string): number {
  try {
    return openSync(resolve(cwd, path), "a");
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

function notWritten(path: string, cause: unknown): AppError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new AppError("BAD_USAGE", `can't write ${path}: ${REASONS[code] ?? code}`, { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "a part of the path is no folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EROFS: "the disk can't be written to",
  ENOSPC: "the disk is full",
};

function toFormat(text: string): Format {
  const format = FORMATS.find((known) => known === text);
  if (format) return format;
  throw new AppError("BAD_USAGE", `${JSON.stringify(text)} is no format: expected ${FORMATS.join(", ")}`);
}
