import { AppError } from "@/core/errors";
import { MAX_TIME_MS } from "@/core/filter/kinds";
import { MAX_VALUE_DEPTH } from "@/core/value";
import { Message } from "./protobuf";

/*
 * What of a W&B client's records says something about a run. The numbers are those of wandb_internal.proto, which the client may add to but
 * never changes: a newer client reads what an older one wrote.
 */

/** A value as JSON text (NaN and infinities bare), and where it goes. */
export interface Item {
  readonly path: readonly string[];
  readonly json: string;
}

export interface RunRecord {
  readonly id: string;
  readonly project: string;
  readonly config: Changes;
  readonly summary: Changes;
  readonly group: string;
  readonly jobType: string;
  readonly displayName: string;
  readonly notes: string;
  readonly tags: readonly string[];
  readonly sweepId: string;
  readonly host: string;
  readonly startedMs: number | undefined;
  readonly git: Git | undefined;
}

export interface Changes {
  readonly update: readonly Item[];
  readonly remove: readonly Item[];
}

export interface Git {
  readonly remote?: string;
  readonly commit?: string;
}

export type WandbRecord =
  | { readonly kind: "client"; readonly version: string }
  | { readonly kind: "run"; readonly run: RunRecord }
  | ({ readonly kind: "config" | "summary" } & Changes)
  | HistoryRecord
  | StatsRecord
  | OutputRecord
  | { readonly kind: "environment"; readonly metadata: Readonly<Record<string, unknown>> }
  | { readonly kind: "exit"; readonly code: number; readonly runtimeS: number };

export interface HistoryRecord {
  readonly kind: "history";
  readonly step: number | undefined;
  readonly items: readonly Item[];
}

/** A sample of the machine. */
export interface StatsRecord {
  readonly kind: "stats";
  readonly timeMs: number | undefined;
  readonly items: readonly Item[];
}

/** A piece of what the program printed, line ends included. */
export interface OutputRecord {
  readonly kind: "output";
  readonly stream: "stdout" | "stderr";
  readonly timeMs: number | undefined;
  readonly text: string;
}

/** @returns undefined for what says nothing about the run itself @throws AppError BAD_INPUT for bytes that are no record */
export function readWandbRecord(bytes: Buffer): WandbRecord | undefined {
  const message = new Message(bytes);
  let found: WandbRecord | undefined;
  while (message.next()) found = readKind(message) ?? found;
  return found;
}

function readKind(record: Message): WandbRecord | undefined {
  switch (record.field) {
    case 2:
      return readHistory(record.message());
    case 3:
      return { kind: "summary", ...readChanges(record.message()) };
    case 4:
    case 13:
      return readOutput(record.message());
    case 5:
      return { kind: "config", ...readChanges(record.message()) };
    case 7:
      return readStats(record.message());
    case 11:
      return readTelemetry(record.message());
    case 17:
      return { kind: "run", run: readRun(record.message()) };
    case 18:
      return readExit(record.message());
    case 21:
      return readHeader(record.message());
    case 26:
      return { kind: "environment", metadata: readEnvironment(record.message()) };
    case 27:
      return readLoggedLine(record.message());
    default:
      return undefined;
  }
}

function readItem(message: Message): Item {
  let [key, json] = ["", ""];
  const nested: string[] = [];
  while (message.next()) {
    if (message.field === 1) key = message.text();
    else if (message.field === 2) nested.push(message.text());
    else if (message.field === 16) json = message.text();
  }
  if (nested.length > MAX_VALUE_DEPTH)
    throw new AppError(
      "BAD_INPUT",
      `a value stands ${nested.length} names deep, at most ${MAX_VALUE_DEPTH} are expected`,
    );
  return { path: nested.length > 0 ? nested : [key], json };
}

function readChanges(message: Message): Changes {
  const update: Item[] = [];
  const remove: Item[] = [];
  while (message.next()) {
    if (message.field === 1) update.push(readItem(message.message()));
    else if (message.field === 2) remove.push(readItem(message.message()));
  }
  return { update, remove };
}

function readHistory(message: Message): HistoryRecord {
  const items: Item[] = [];
  let step: number | undefined;
  while (message.next()) {
    if (message.field === 1) items.push(readItem(message.message()));
    else if (message.field === 2) step = readNumber(message.message());
  }
  return { kind: "history", step, items };
}

/** A message whose one field that counts is its first. */
function readNumber(message: Message): number {
  let number = 0;
  while (message.next()) if (message.field === 1) number = message.integer();
  return number;
}

function readStats(message: Message): StatsRecord {
  const items: Item[] = [];
  let timeMs: number | undefined;
  while (message.next()) {
    if (message.field === 2) timeMs = readTime(message.message());
    else if (message.field === 3) items.push(readItem(message.message()));
  }
  return { kind: "stats", timeMs, items };
}

function readOutput(message: Message): OutputRecord {
  let [text, type] = ["", 0];
  let timeMs: number | undefined;
  while (message.next()) {
    if (message.field === 1) type = message.integer();
    else if (message.field === 2) timeMs = readTime(message.message());
    else if (message.field === 3) text = message.text();
  }
  return { kind: "output", stream: type === 1 ? "stdout" : "stderr", timeMs, text };
}

/** `run.write_logs`: whole lines, which have no time of their own. */
function readLoggedLine(message: Message): OutputRecord {
  let text = "";
  while (message.next()) if (message.field === 1) text = message.text();
  return { kind: "output", stream: "stdout", timeMs: undefined, text: `${text}\n` };
}

function readExit(message: Message): WandbRecord | undefined {
  let [code, runtimeS, incomplete] = [0, 0, false];
  while (message.next()) {
    if (message.field === 1) code = message.integer() | 0;
    else if (message.field === 2) runtimeS = message.integer();
    else if (message.field === 3) incomplete = message.integer() !== 0;
  }
  // One of several writers of a run has left: the run itself goes on.
  return incomplete ? undefined : { kind: "exit", code, runtimeS };
}

function readHeader(message: Message): WandbRecord {
  let version = "";
  while (message.next()) {
    if (message.field !== 1) continue;
    const info = message.message();
    while (info.next()) if (info.field === 1) version = info.text().split("+")[0] ?? "";
  }
  return { kind: "client", version };
}

/** Clients before 0.17 write no header. */
function readTelemetry(message: Message): WandbRecord | undefined {
  let version = "";
  while (message.next()) if (message.field === 5) version = message.text();
  return version === "" ? undefined : { kind: "client", version };
}

const NO_CHANGES: Changes = { update: [], remove: [] };

function readRun(message: Message): RunRecord {
  const text: Record<number, string> = {};
  const tags: string[] = [];
  let [config, summary] = [NO_CHANGES, NO_CHANGES];
  let startedMs: number | undefined;
  let git: Git | undefined;
  while (message.next()) {
    const { field } = message;
    if (field === 4) config = readChanges(message.message());
    else if (field === 5) summary = readChanges(message.message());
    else if (field === 10) tags.push(message.text());
    else if (field === 17) startedMs = readTime(message.message());
    else if (field === 21) git = readGit(message.message());
    else if (field <= 13 && field !== 11) text[field] = message.text();
  }
  const word = (field: number): string => text[field] ?? "";
  return {
    ...{ id: word(1), project: word(3), group: word(6), jobType: word(7), displayName: word(8) },
    ...{ notes: word(9), sweepId: word(12), host: word(13) },
    ...{ tags, config, summary, startedMs, git },
  };
}

function readGit(message: Message): Git {
  const git: { remote?: string; commit?: string } = {};
  while (message.next()) {
    if (message.field === 1) git.remote = message.text();
    else if (message.field === 2) git.commit = message.text();
  }
  return git;
}

/** Milliseconds since 1970; undefined for a time that no page could show. */
function readTime(message: Message): number | undefined {
  let [seconds, nanos] = [0, 0];
  while (message.next()) {
    if (message.field === 1) seconds = message.integer();
    else if (message.field === 2) nanos = message.integer();
  }
  const timeMs = seconds * 1_000 + nanos / 1e6;
  return timeMs > 0 && timeMs <= MAX_TIME_MS ? timeMs : undefined;
}

/** Under the names that the client's own wandb-metadata.json has, of which this record is the binary form. */
function readEnvironment(message: Message): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  const args: string[] = [];
  const gpus: object[] = [];
  while (message.next()) {
    const { field } = message;
    const name = ENVIRONMENT_TEXTS[field] ?? "";
    if (name !== "") metadata[name] = message.text();
    else if (field === 3) metadata.startedAt = readTime(message.message());
    else if (field === 5) args.push(message.text());
    else if (field === 9) metadata.git = readGit(message.message());
    else if (field === 16) metadata.cpu_count = message.integer();
    else if (field === 17) metadata.cpu_count_logical = message.integer();
    else if (field === 19) metadata.gpu_count = message.integer();
    else if (field === 21) metadata.memory = { total: readNumber(message.message()) };
    else if (field === 24) gpus.push(readGpu(message.message()));
  }
  if (args.length > 0) metadata.args = args;
  if (gpus.length > 0) metadata.gpu_nvidia = gpus;
  return metadata;
}

const ENVIRONMENT_TEXTS: Readonly<Record<number, string>> = {
  ...{ 1: "os", 2: "python", 6: "program", 7: "codePath", 11: "root", 12: "host" },
  ...{ 13: "username", 14: "executable", 18: "gpu" },
};

function readGpu(message: Message): object {
  const gpu: Record<string, unknown> = {};
  while (message.next()) {
    if (message.field === 1) gpu.name = message.text();
    else if (message.field === 2) gpu.memoryTotal = message.integer();
  }
  return gpu;
}
