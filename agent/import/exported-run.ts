import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { stringifyJson, toNumber, type ValueMap } from "@/core/value";
import { readCsvRows } from "./csv-rows";
import { digestFiles } from "./digest-files";
import { readAbout } from "./exported-about";
import { readConfig } from "./exported-config";
import type { FoundRun, Line, RunHead, Stream } from "./found-run";
import { parseMap, readJsonFile } from "./json-files";
import { toFacts } from "./metadata";
import { toLine } from "./output-lines";
import { readText } from "./read-text";
import { listRunFiles } from "./run-files";
import { splitLines } from "./text-lines";

/*
 * A run as a folder of plain files, each of them optional: what people get out of `wandb.Api()` (docs/wandb.md has the program), and the
 * `files` that the client leaves in a run's folder.
 */

const NAMES = {
  about: ["run.json"],
  config: ["config.json", "config.yaml"],
  summary: ["summary.json", "wandb-summary.json"],
  metadata: ["metadata.json", "wandb-metadata.json"],
  requirements: ["requirements.txt"],
  history: ["history.jsonl", "history.csv"],
  events: ["events.jsonl"],
  output: ["output.log"],
} as const;
type Part = keyof typeof NAMES;

/** One of these makes a folder a run: a config.json lies in many repositories, above the folder of the client. */
const MARKS = ["run.json", "history.jsonl", "history.csv", "wandb-summary.json", "files/wandb-summary.json"];

export const isExportedRun = (folder: string): boolean =>
  MARKS.some((name) => existsSync(join(folder, name)));

function findPart(folder: string, part: Part): string | undefined {
  const paths = [folder, join(folder, "files")].flatMap((place) =>
    NAMES[part].map((name) => join(place, name)),
  );
  return paths.find((path) => existsSync(path) && statSync(path).isFile());
}

export function openExportedRun(folder: string): FoundRun {
  const part = (name: Part) => findPart(folder, name);
  let head: RunHead | undefined;
  const readHead = () => {
    head ??= readAll(folder, part);
    return head;
  };
  return {
    place: folder,
    readHead,
    *readLines() {
      const { startedMs } = readHead();
      for (const stream of ["history", "events"] as const)
        for (const { json } of readRows(part(stream), [])) yield { stream, text: json };
      yield* readOutput(part("output"), startedMs);
    },
    digestOf: () => undefined,
    listFiles: () => listRunFiles(join(folder, "files")),
  };
}

function readAll(folder: string, part: (name: Part) => string | undefined): RunHead {
  const about = readAbout(part("about"), basename(folder));
  const remarks: string[] = [];
  const history = readSpan(part("history"), remarks);
  readSpan(part("events"), remarks);
  const summary = readJsonFile(part("summary"));
  const metadata = readPlain(part("metadata"));
  const { startedMs = history.beganMs ?? timeOf(metadata.startedAt), finishedMs = history.lastMs } = about;
  const runtimeS = toNumber(summary._runtime ?? null);
  const ranUntilMs =
    startedMs !== undefined && runtimeS !== undefined ? startedMs + runtimeS * 1_000 : undefined;
  const requirements = part("requirements");
  return {
    ...about,
    host: textOf(metadata.host),
    program: textOf(metadata.program),
    config: readConfig(part("config")),
    summary,
    facts: toFacts(metadata, requirements === undefined ? "" : readText(requirements)),
    startedMs,
    finishedMs: finishedMs ?? ranUntilMs,
    historyLines: history.lines,
    digest: digestFiles((Object.keys(NAMES) as Part[]).flatMap((name) => part(name) ?? [])),
    remarks,
  };
}

/** How many rows there are, and from when to when. All of them are read, so that a mistake is found before anything is sent. */
function readSpan(path: string | undefined, remarks: string[]) {
  let lines = 0;
  let beganMs: number | undefined;
  let lastMs: number | undefined;
  for (const { row } of readRows(path, remarks)) {
    lines++;
    const seconds = toNumber(row._timestamp ?? null);
    if (seconds === undefined || !(seconds > 0)) continue;
    beganMs ??= (seconds - (toNumber(row._runtime ?? null) ?? 0)) * 1_000;
    lastMs = Math.max(lastMs ?? 0, seconds * 1_000);
  }
  return { lines, beganMs, lastMs };
}

/** @throws AppError BAD_INPUT naming the line */
function* readRows(path: string | undefined, remarks: string[]): Generator<{ json: string; row: ValueMap }> {
  if (path === undefined) return;
  if (path.endsWith(".csv")) {
    for (const { number, json } of readCsvRows(path))
      yield { json, row: parseMap(json, `line ${number} of ${path}`) };
    return;
  }
  for (const { number, text, whole } of splitLines(path)) {
    if (text.trim() === "") continue;
    try {
      yield { json: text, row: parseMap(text, `line ${number} of ${path}`) };
    } catch (error) {
      if (whole) throw error;
      remarks.push(`${path} breaks off within line ${number}: the lines before it are taken`);
    }
  }
}

/** Lines of the client's own form keep their times; others have none, and stand at the run's beginning. */
function* readOutput(path: string | undefined, startedMs: number | undefined): Generator<Line> {
  if (path === undefined) return;
  const stream: Stream = "output";
  for (const { text } of splitLines(path)) {
    const own = /^(?:ERROR )?\d{4}-\d\d-\d\dT[\d:.]+ /.test(text);
    yield { stream, text: own ? text : toLine("stdout", startedMs, text) };
  }
}

/** What is for people, or for programs that look for what they know: anything else in it does no harm. */
function readPlain(path: string | undefined): Record<string, unknown> {
  return JSON.parse(stringifyJson(readJsonFile(path))) as Record<string, unknown>;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

function timeOf(value: unknown): number | undefined {
  const timeMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return timeMs > 0 ? timeMs : undefined;
}
