import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, isAppError } from "@/core/errors";
import type { FoundRun, Line, RunHead } from "./found-run";
import { checkJson, toEventLine, toHistoryLine } from "./line-text";
import { OutputLines, toLine } from "./output-lines";
import { readText } from "./read-text";
import { readRecordLog, type Torn } from "./record-log";
import { listRunFiles } from "./run-files";
import { RunFold } from "./run-fold";
import { splitLines } from "./text-lines";
import { readWandbRecord, type WandbRecord } from "./wandb-records";

/**
 * A run as W&B's client keeps it on disk: `.wandb` files of one run id in the order in which they were begun. A later one goes on from an
 * earlier one where its first step lies behind that one's last; else the run was begun anew, which leaves only the later one, as at W&B.
 */
export function openRunFiles(paths: readonly string[]): FoundRun {
  let known: Reading | undefined;
  const read = () => {
    known ??= readAll(paths);
    return known;
  };
  return {
    place: paths.join(", "),
    readHead: () => read().head,
    *readLines() {
      const { used, head, printed } = read();
      for (const path of used) yield* readLines(path);
      if (!printed) yield* readOutputFile(used.at(-1) ?? "", head.startedMs);
    },
    digestOf: (records) => digestOf(read().used, records),
    *listFiles() {
      for (const path of read().used) yield* listRunFiles(join(dirname(path), "files"));
    },
  };
}

/** Of the first record that tells it: enough to put the files of one run together. @throws AppError BAD_INPUT */
export function readIdentity(path: string): { id: string; project: string; startedMs: number } {
  for (const { record } of readRecords(path))
    if (record.kind === "run" && record.run.id !== "")
      return { id: record.run.id, project: record.run.project, startedMs: record.run.startedMs ?? 0 };
  throw noRun(path);
}

interface Reading {
  readonly head: RunHead;
  /** The files that count. */
  readonly used: readonly string[];
  /** Whether their records hold what the run printed. */
  readonly printed: boolean;
}

function readAll(paths: readonly string[]): Reading {
  let used: string[] = [];
  let [fold, trace] = [new RunFold(), new Trace()];
  let remarks: string[] = [];
  for (const path of paths) {
    let torn = foldFile(path, fold, trace);
    if (torn === "anew") {
      remarks = [`${used.join(", ")} is left out: ${path} begins the same run anew`];
      [fold, trace, used] = [new RunFold(), new Trace(), []];
      torn = foldFile(path, fold, trace);
    }
    used.push(path);
    if (torn !== undefined && torn !== "anew")
      remarks.push(`${path} breaks off at byte ${torn.at} (${torn.why}): what is whole before it is taken`);
  }
  const last = used.at(-1) ?? "";
  if (fold.run === undefined) throw noRun(last);
  const files = join(dirname(last), "files");
  const head = fold.toHead({
    ...{ digest: trace.digest(), records: trace.records, remarks },
    requirements: readBeside(join(files, "requirements.txt")) ?? "",
    metadata: readBeside(join(files, "wandb-metadata.json")),
  });
  return { head, used, printed: fold.printed };
}

/** @returns where the file breaks off; `anew` as soon as its first step is not behind the last one of the files before */
function foldFile(path: string, fold: RunFold, trace: Trace): Torn | "anew" | undefined {
  fold.begin();
  const records = readRecords(path, trace);
  for (;;) {
    const next = records.next();
    if (next.done) return next.value;
    const { at, record } = next.value;
    if (record.kind === "history" && fold.isAnew(record)) return "anew";
    placed(path, at, () => {
      if (record.kind === "history") for (const { path: name, json } of record.items) checkJson(name, json);
      fold.take(record);
    });
  }
}

function* readLines(path: string): Generator<Line> {
  const output = new OutputLines();
  for (const { at, record } of readRecords(path)) {
    if (record.kind === "history") {
      yield { stream: "history", text: placed(path, at, () => toHistoryLine(record)) };
    } else if (record.kind === "stats" && record.timeMs !== undefined) {
      yield { stream: "events", text: placed(path, at, () => toEventLine(record)) };
    } else if (record.kind === "output") {
      for (const text of output.take(record)) yield { stream: "output", text };
    }
  }
  for (const text of output.end()) yield { stream: "output", text };
}

/** What the client captured where it kept no records of it. */
function* readOutputFile(path: string, startedMs: number | undefined): Generator<Line> {
  const file = join(dirname(path), "files", "output.log");
  if (!existsSync(file)) return;
  for (const { text } of splitLines(file))
    yield { stream: "output", text: toLine("stdout", startedMs, text) };
}

function* readRecords(
  path: string,
  trace?: Trace,
): Generator<{ at: number; record: WandbRecord }, Torn | undefined> {
  const log = readRecordLog(path);
  for (;;) {
    const next = log.next();
    if (next.done) return next.value;
    const { at, bytes } = next.value;
    trace?.add(bytes);
    const record = placed(path, at, () => readWandbRecord(bytes));
    if (record !== undefined) yield { at, record };
  }
}

/** What a run was read from, as one number. */
class Trace {
  records = 0;
  private readonly hash = createHash("sha256");

  add(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.records++;
  }

  digest(): string {
    return this.hash.digest("hex");
  }
}

function digestOf(paths: readonly string[], records: number): string | undefined {
  const trace = new Trace();
  for (const path of paths)
    for (const { bytes } of readRecordLog(path)) {
      if (trace.records === records) return trace.digest();
      trace.add(bytes);
    }
  return trace.records === records ? trace.digest() : undefined;
}

/** Says of a mistake in a record where it stands. */
function placed<T>(path: string, at: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw new AppError(error.code, `the record at byte ${at} of ${path} can't be read: ${error.message}`, {
      cause: error,
      details: { path, at },
    });
  }
}

const noRun = (path: string): AppError =>
  new AppError(
    "BAD_INPUT",
    `${path} holds no run: its client was ended before it had written down what the run is`,
    { details: { path } },
  );

const readBeside = (path: string): string | undefined => (existsSync(path) ? readText(path) : undefined);
