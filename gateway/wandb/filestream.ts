import { AppError, isAppError } from "@/core/errors";
import { isValueMap, parseJson, toNumber, type ValueMap } from "@/core/value";
import { readRunRecords } from "@/db/queries/run-records";
import { readSummaries } from "@/db/queries/summaries";
import { getSweep } from "@/db/queries/sweeps";
import { readWireRun, type WireRun } from "@/db/queries/wire";
import { systemAccess } from "@/engine/authorize";
import { toStorableText } from "@/engine/check";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { logSystem, MAX_NAMES, MAX_SAMPLES_A_CALL } from "@/engine/log-system";
import { markPreempting } from "@/engine/mark-preempting";
import { recordRun } from "@/engine/record-run";
import { type LogMetricsInput, type LogMetricsResult, logMetrics } from "@/engine/report-metrics";
import { logOutputLines } from "@/engine/report-output";
import { seenWireRuns } from "@/engine/wire";
import type { GatewayContext } from "./context";
import { findRun } from "./find-run";
import { toPieces } from "./history-lines";
import { toSystemName } from "./system-names";
import { parseObject } from "./words";

/** What a run's process posts every 15 s, and at its end (section 10 of the protocol). All is optional; nothing at all is a sign of life. */
export interface StreamBody {
  readonly files?: Readonly<
    Record<string, { readonly offset?: number; readonly content?: readonly string[] }>
  >;
  readonly uploaded?: readonly string[];
  readonly preempting?: boolean;
  readonly complete?: boolean;
  readonly exitcode?: number;
}

/**
 * Takes what came, in the order in which it must hold: data first, the end last (W50 to W58). Repeated whole or in part it changes nothing.
 * @throws AppError NOT_FOUND for a run that is deleted, FORBIDDEN, BAD_INPUT, UNAVAILABLE
 */
export async function takeStream(
  context: GatewayContext,
  path: { entity: string; project: string; name: string },
  body: StreamBody,
): Promise<{ stopped: boolean }> {
  const found = await findRun(context, path);
  if (found === undefined)
    throw new AppError("NOT_FOUND", `run ${path.entity}/${path.project}/${path.name} is unknown`, {
      details: path,
    });
  const [history, events, output, summary] = STREAMS.map((name) => readLines(body, name));
  const { run, stopped } = await beat(context, found);
  // After the beat, which asks whether the caller may do more than look.
  if (!run.ended) await seenWireRuns(context, [run]);
  const stop = await takeHistory(context, run, history);
  await takeEvents(context, run, events);
  await takeOutput(context, run, output);
  await takeSummary(context, run, summary);
  if (body.preempting) await markPreempting(context, { attempts: [run] });
  if (body.complete) await end(context, run, body.exitcode ?? 0);
  return { stopped: (stopped || stop) && !body.complete };
}

const STREAMS = ["wandb-history.jsonl", "wandb-events.jsonl", "output.log", "wandb-summary.json"] as const;
/** Lines of a run stand for numbers of batches, which are integers of 32 bits (engine/append-group.ts). */
const MOST_LINES_OF_RUN = 1_000_000_000;

/** @throws AppError BAD_INPUT */
function readLines(body: StreamBody, name: string): Lines {
  const given = body.files?.[name];
  if (given == null) return undefined;
  const { offset, content } = given;
  if (content == null) return undefined;
  if (!Array.isArray(content) || !content.every((line) => typeof line === "string"))
    throw new AppError("BAD_INPUT", `content of ${name} must be a list of texts`);
  const from = offset ?? 0;
  if (!Number.isSafeInteger(from) || from < 0 || from + content.length > MOST_LINES_OF_RUN)
    throw new AppError(
      "BAD_INPUT",
      `offset of ${name} is ${JSON.stringify(from).slice(0, 80)}, expected a whole number from 0 to ${MOST_LINES_OF_RUN}`,
    );
  return { offset: from, content };
}

/** The process lives: a run that had been given up for silence is its own again. Its agent's beats extend the lease as well. */
async function beat(context: GatewayContext, run: WireRun): Promise<{ run: WireRun; stopped: boolean }> {
  if (run.ended && !run.lapsed) return { run, stopped: run.current !== run.attempt };
  const { commands } = await heartbeat(context, { attempts: [run] });
  const now = run.lapsed
    ? await readWireRun(context.db.sql, { runId: run.runId, attempt: run.attempt })
    : run;
  return { run: now ?? run, stopped: commands.length > 0 };
}

type Lines = { readonly offset: number; readonly content: readonly string[] } | undefined;

/** @returns whether the process shall stop, as the last value showed */
async function takeHistory(context: GatewayContext, run: WireRun, lines: Lines): Promise<boolean> {
  if (!lines?.content.length) return false;
  let stop = false;
  let begins = run.attempt > 1 && run.lastStep === null && run.resumedFromStep === null;
  // What was taken before is not read again.
  const taken = Math.min(Math.max(0, run.historyLines - lines.offset), lines.content.length);
  const fresh = lines.content.slice(taken);
  for (const { from, to, steps, times, series } of toPieces(lines.offset + taken, fresh, Date.now())) {
    const first = steps[0];
    const earlier = begins && first !== undefined && first > 0 ? await lastStepBefore(context, run) : null;
    if (first !== undefined) begins = false;
    const { command } = await logLines(context, {
      runId: run.runId,
      metrics: {
        ...{ attempt: run.attempt, batch: 1, steps, times, series },
        // It counts on from what an attempt before it had logged: the run's history is both.
        ...(earlier !== null && first !== undefined && first > earlier && { resumedFromStep: earlier }),
      },
      lines: { from, to },
    });
    stop = command !== null || stop;
  }
  return stop;
}

async function logLines(context: GatewayContext, input: LogMetricsInput): Promise<LogMetricsResult> {
  try {
    return await logMetrics(context, input);
  } catch (error) {
    // Another delivery of the same lines was faster: what is left comes again with the client's next request.
    if (!isAppError(error) || error.code !== "BATCH_OUT_OF_ORDER") throw error;
    throw new AppError(
      "UNAVAILABLE",
      "the same lines are being taken from another request: send them again",
      { cause: error },
    );
  }
}

async function lastStepBefore({ db }: GatewayContext, { runId, attempt }: WireRun): Promise<number | null> {
  for (let number = attempt - 1; number > 0; number--) {
    const before = await readWireRun(db.sql, { runId, attempt: number });
    if (before?.lastStep != null) return before.lastStep;
  }
  return null;
}

/** What the machine was doing lands where our own agents' samples do; W&B's names keep their words behind `system.`. */
async function takeEvents(context: GatewayContext, run: WireRun, lines: Lines): Promise<void> {
  if (!lines?.content.length || run.ours) return;
  const samples = lines.content.flatMap((line) => {
    const sample = readSample(line);
    return sample ? [sample] : [];
  });
  const names = new Set(samples.flatMap(({ values }) => Object.keys(values)));
  const kept = new Set([...names].slice(0, MAX_NAMES));
  const within = samples.map(({ timeMs, values }) => ({
    timeMs,
    values: Object.fromEntries(Object.entries(values).filter(([name]) => kept.has(name))),
  }));
  for (let at = 0; at < within.length; at += MAX_SAMPLES_A_CALL)
    await logSystem(context, {
      ...{ runId: run.runId, attempt: run.attempt },
      samples: within.slice(at, at + MAX_SAMPLES_A_CALL),
    });
  await recordRun(context, { runId: run.runId, eventLines: lines.offset + lines.content.length });
}

const MAX_TIME_MS = 253_402_300_799_999;

function readSample(line: string): { timeMs: number; values: Record<string, number> } | undefined {
  let row: ValueMap;
  try {
    row = parseObject("a system sample", line);
  } catch {
    return undefined;
  }
  const seconds = toNumber(row._timestamp ?? null);
  if (seconds === undefined || !(seconds > 0 && seconds * 1_000 <= MAX_TIME_MS)) return undefined;
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(row)) {
    const number = toNumber(value);
    const word = name.startsWith("system.") ? toStorableText(toSystemName(name.slice("system.".length))) : "";
    if (word !== "" && number !== undefined && Math.abs(number) <= 1e30) values[word] = number;
  }
  return { timeMs: seconds * 1_000, values };
}

/** An agent of ours reads the process's output itself. */
async function takeOutput(context: GatewayContext, run: WireRun, lines: Lines): Promise<void> {
  if (!lines?.content.length || run.ours) return;
  const { content, offset } = lines;
  for (let at = 0; at < content.length; ) {
    let [end, bytes] = [at, 0];
    while (end < content.length && end - at < MOST_LINES && (end === at || bytes < MOST_BYTES))
      bytes += (content[end++] ?? "").length;
    await logOutputLines(context, {
      ...{ runId: run.runId, attempt: run.attempt, from: offset + at },
      lines: content.slice(at, end).map(readOutputLine),
    });
    at = end;
  }
}
const MOST_LINES = 10_000;
/** UTF-16 units, of at most 3 bytes each: with the longest line behind them they fit into a batch of output, of 4 MiB. */
const MOST_BYTES = 500_000;
const MOST_TEXT = 800_000;

/** Structured (`{"ts", "level", "content"}`), or W&B's older text: `ERROR <time> text` for standard error. */
function readOutputLine(line: string): { stream: string; time: number; text: string } {
  const structured = readStructured(line);
  if (structured) return structured;
  const legacy = /^(ERROR )?(\d{4}-\d\d-\d\dT[\d:.]+) (?:\[[^\]]*\] )?/.exec(line);
  const time = legacy ? toTime(legacy[2]) : Date.now();
  return {
    stream: legacy?.[1] ? "stderr" : "stdout",
    time,
    text: line.slice(legacy?.[0].length ?? 0, MOST_TEXT).replace(/\r?\n$/, ""),
  };
}

function readStructured(line: string) {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed = parseJson(line);
    if (!isValueMap(parsed) || typeof parsed.content !== "string") return undefined;
    return {
      stream: parsed.level === "error" ? "stderr" : "stdout",
      time: toTime(parsed.ts),
      text: parsed.content.slice(0, MOST_TEXT),
    };
  } catch {
    return undefined;
  }
}

/** W&B writes times without their zone: they are UTC. */
function toTime(text: unknown): number {
  const time =
    typeof text === "string" ? Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`) : Number.NaN;
  return time >= 0 && time <= MAX_TIME_MS ? time : Date.now();
}

/** The whole summary each time; the last one counts. */
async function takeSummary(context: GatewayContext, run: WireRun, lines: Lines): Promise<void> {
  const last = lines?.content.at(-1);
  if (last === undefined || run.current !== run.attempt) return;
  try {
    await recordRun(context, { runId: run.runId, summary: parseObject("wandb-summary.json", last) });
  } catch (error) {
    // A refusal would end the client's stream, and lose its history for the sake of its summary.
    if (!isAppError(error) || (error.code !== "BAD_INPUT" && error.code !== "INPUT_TOO_LARGE")) throw error;
    context.log.warn({ err: error, runId: run.runId }, "a run's summary can't be kept");
  }
}

/**
 * How it ended. An agent of ours says that itself, and knows more. A run whose sweep wants a metric that is in its summary alone
 * (`wandb.summary["loss"] = ...`) gets it as its last point.
 */
async function end(context: GatewayContext, run: WireRun, exitCode: number): Promise<void> {
  if (run.ours) return;
  const earlier = await joinEarlier(context, run);
  await logObjective(context, run, earlier);
  const state = exitCode === 0 ? "finished" : exitCode === INTERRUPTED ? "killed" : "failed";
  try {
    await finishRun(context, {
      // Windows has them without a sign.
      ...{ runId: run.runId, attempt: run.attempt, state, exitCode: Math.trunc(exitCode) | 0 },
      ...(state === "failed" && { reason: "exit_code" }),
    });
  } catch (error) {
    // Another attempt has its run, or it was ended otherwise: what it says is kept, and changes nothing.
    if (!isAppError(error) || error.code !== "STALE_ATTEMPT") throw error;
  }
}
/** What W&B says for a keyboard interrupt. */
const INTERRUPTED = 255;

/**
 * Begun again only to add a file or a word to its summary, a run keeps the history that it had: there was no first step to tell it by.
 * @returns the step that it goes on from
 */
async function joinEarlier(context: GatewayContext, run: WireRun): Promise<number | null> {
  if (!run.byHand || run.attempt === 1 || run.ended || run.current !== run.attempt) return null;
  const now = await readWireRun(context.db.sql, run);
  // Rewound, and ended without a step more.
  if (now?.resumedFromStep != null) return now.resumedFromStep;
  const earlier = now?.lastStep === null ? await lastStepBefore(context, run) : null;
  if (now === undefined || earlier === null) return null;
  await logLines(context, {
    runId: run.runId,
    metrics: { attempt: run.attempt, batch: 1, steps: [], series: [], resumedFromStep: earlier },
    lines: { from: now.historyLines, to: now.historyLines + 1 },
  });
  return earlier;
}

async function logObjective(context: GatewayContext, run: WireRun, earlier: number | null): Promise<void> {
  if (run.sweepId === null || run.current !== run.attempt) return;
  const { db } = context;
  const sweep = await getSweep(db, systemAccess(), run.sweepId);
  const name = sweep?.metricName;
  if (!name) return;
  const logged =
    (await readSummaries(db, systemAccess(), [run.runId], { names: [name] })).get(run.runId) ?? [];
  if (logged.some(({ count }) => count > 0)) return;
  const value = await readSummaryValue(context, run.runId, name);
  if (value === undefined) return;
  const now = await readWireRun(db.sql, run);
  const [step, line] = [(now?.lastStep ?? earlier ?? -1) + 1, now?.historyLines ?? 0];
  await logLines(context, {
    runId: run.runId,
    metrics: { attempt: run.attempt, batch: 1, steps: [step], series: [{ key: name, values: [value] }] },
    lines: { from: line, to: line + 1 },
  });
}

/** `loss`, or what `define_metric(summary=...)` made of it: an object such as `{"min": 0.1}`. */
async function readSummaryValue(
  context: GatewayContext,
  runId: number,
  name: string,
): Promise<number | undefined> {
  const record = (await readRunRecords(context.db.sql, [runId])).get(runId);
  if (record === undefined) return undefined;
  let inside = parseJson(record.summary);
  for (const word of isValueMap(inside) && name in inside ? [name] : name.split(".")) {
    const next = isValueMap(inside) ? inside[word] : undefined;
    if (next === undefined) return undefined;
    inside = next;
  }
  const plain = isValueMap(inside)
    ? (inside.best ?? inside.min ?? inside.max ?? inside.last ?? inside.mean ?? null)
    : inside;
  const number = toNumber(plain);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}
