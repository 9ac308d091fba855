import { AppError } from "@/core/errors";
import { isList, isValueMap, parseJson, toNumber, type Value } from "@/core/value";
import { type RowsQuery, scanRows } from "@/db/queries/read-rows";
import { readSamples, type SampleRow } from "@/db/queries/read-samples";
import type { SummaryRow } from "@/db/queries/summaries";
import type { ContinuedAttempt } from "@/db/queries/wire";
import type { WireRunRow } from "@/db/queries/wire-runs";
import { type GatewayContext, reading } from "./context";
import { OWN_KEYS, Sampler, toLine, toObject } from "./history-rows";
import { type LineArgs, readLines } from "./output-lines";
import { fromSystemName } from "./system-names";

export interface HistoryArgs {
  readonly minStep?: number | string | null;
  readonly maxStep?: number | string | null;
  readonly samples?: number | null;
}
export interface FileArgs {
  readonly names?: readonly (string | null)[] | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly pattern?: string | null;
}

/** What is read of a run beyond its row (W31). */
export interface RunReads {
  systemMetrics(context: GatewayContext): Promise<string>;
  historyKeys(context: GatewayContext): Promise<unknown>;
  historyTail(context: GatewayContext): Promise<string>;
  eventsTail(context: GatewayContext): Promise<string>;
  history(args: HistoryArgs, context: GatewayContext): Promise<string[]>;
  events(args: { samples?: number | null }, context: GatewayContext): Promise<string[]>;
  sampledHistory(args: { specs: readonly string[] }, context: GatewayContext): Promise<unknown[]>;
  logLines(args: LineArgs, context: GatewayContext): Promise<unknown>;
}

/** @param continued whose history a process that begins now goes on with: its attempt has none of its own yet */
export function readsOf(row: WireRunRow, continued?: ContinuedAttempt): RunReads {
  return {
    systemMetrics: async (context) => {
      const sample = await context.loaders.lastSamples.load(row.id);
      return sample === undefined ? "{}" : toEvent(sample);
    },
    historyKeys: async (context) => historyKeys(row, await context.loaders.summaries.load(row.id)),
    historyTail: (context) => historyTail(context, { ...row, ...continued }),
    eventsTail: async (context) => {
      const sample = await context.loaders.lastSamples.load(row.id);
      return JSON.stringify(sample === undefined ? [] : [toEvent(sample)]);
    },
    history: (args, context) => history(context, row, args),
    events: async ({ samples }, context) => {
      const wanted = readSampleCount(samples);
      return (await readSamples(reading(context), context.access, [row.id], { samples: wanted })).map(
        toEvent,
      );
    },
    sampledHistory: ({ specs }, context) => sampledHistory(context, row, specs),
    logLines: (args, context) => readLines(context, row, args),
  };
}

/** What `samples` is where nobody says, as W&B's clients ask for. */
const DEFAULT_SAMPLES = 500;
/** A page of `scan_history` may be as long as its caller likes; W&B's own scheduler asks for 100,000 of one metric. */
const MAX_SAMPLES = 100_000;

/** @throws AppError BAD_INPUT */
function readSampleCount(samples: number | null | undefined): number {
  if (samples === null || samples === undefined) return DEFAULT_SAMPLES;
  if (Number.isInteger(samples) && samples >= 1) return Math.min(samples, MAX_SAMPLES);
  throw new AppError("BAD_INPUT", `samples is ${samples}, expected a whole number from 1`);
}

/** Lines of the run's history, whole, at equal distances where there are more than are wanted; `maxStep` is the first that is not (W90). */
async function history(
  context: GatewayContext,
  row: WireRunRow,
  { minStep, maxStep, samples }: HistoryArgs,
): Promise<string[]> {
  const [min, end] = [readStep("minStep", minStep), readStep("maxStep", maxStep)];
  const { rows, startedAt } = await sample(context, {
    runId: row.id,
    samples: readSampleCount(samples),
    ...(min !== undefined && { minStep: min }),
    ...(end !== undefined && { maxStep: end - 1 }),
  });
  return rows.map((one) => toLine(one, startedAt));
}

/** Lines in all answers of one request: some 200 MB of text. A page of a thousand runs may ask for a hundred thousand of each. */
const MOST_ROWS = 1_000_000;
const taken = new WeakMap<GatewayContext, number>();

/** @throws AppError QUERY_TOO_LARGE */
function charge(context: GatewayContext, rows: number): void {
  const sum = (taken.get(context) ?? 0) + rows;
  taken.set(context, sum);
  if (sum > MOST_ROWS)
    throw new AppError(
      "QUERY_TOO_LARGE",
      `the histories that are asked for have more than ${MOST_ROWS} lines: ask for fewer runs or samples at once`,
    );
}

/** Evenly, the last one among them: it is what people look at first. */
async function sample(context: GatewayContext, { samples, ...query }: RowsQuery & { samples: number }) {
  charge(context, 0);
  const sampler = new Sampler(samples);
  let last = -1;
  const scanned = await scanRows(reading(context), context.access, query, (row) => {
    sampler.offer(row);
    last = row.step;
  });
  const rows = sampler.take();
  charge(context, rows.length);
  const shown = rows.at(-1)?.step ?? -1;
  if (shown < last) {
    await scanRows(reading(context), context.access, { ...query, minStep: last, maxStep: last }, (row) => {
      rows.splice(-1, rows.length < samples ? 0 : 1, { step: row.step, time: row.time, cells: row.cells() });
    });
  }
  return { rows, startedAt: scanned?.startedAt ?? 0 };
}

/** Text where it may be beyond 2^53. @throws AppError BAD_INPUT */
function readStep(name: string, step: number | string | null | undefined): number | undefined {
  if (step === null || step === undefined) return undefined;
  const number = Number(step);
  if (Number.isFinite(number)) return Math.min(Math.max(Math.trunc(number), 0), Number.MAX_SAFE_INTEGER);
  throw new AppError(
    "BAD_INPUT",
    `${name} is ${JSON.stringify(step).slice(0, 100)}, expected a whole number`,
  );
}

/** `{"keys": [...], "samples": 500, "minStep": 0, "maxStep": 999}`: rows that have all of the keys, and nothing else of them (W91). */
interface Spec {
  readonly keys: readonly string[];
  readonly samples: number;
  readonly minStep?: number;
  readonly maxStep?: number;
}

const MAX_SPECS = 100;
const MAX_KEYS = 1_000;

async function sampledHistory(
  context: GatewayContext,
  row: WireRunRow,
  texts: readonly string[],
): Promise<unknown[]> {
  if (texts.length > MAX_SPECS)
    throw new AppError("BAD_INPUT", `specs has ${texts.length} entries, expected at most ${MAX_SPECS}`);
  const answers: unknown[] = [];
  for (const spec of texts.map(readSpec)) {
    const keys = new Set(spec.keys);
    const names = [...keys].filter((key) => !OWN_KEYS.has(key));
    if (keys.size === 0) {
      answers.push([]);
      continue;
    }
    const { samples, minStep, maxStep } = spec;
    const { rows, startedAt } = await sample(context, {
      ...{ runId: row.id, samples },
      // Steps alone are those at which anything was logged.
      ...(names.length > 0 && { names }),
      ...(minStep !== undefined && { minStep }),
      ...(maxStep !== undefined && { maxStep }),
    });
    answers.push(
      rows.map((one) => toObject(names.length > 0 ? one : { ...one, cells: new Map() }, startedAt, keys)),
    );
  }
  return answers;
}

/** @throws AppError BAD_INPUT */
function readSpec(text: string): Spec {
  const parsed = parseSpec(text);
  const keys = isValueMap(parsed) ? (parsed.keys ?? []) : null;
  if (
    !isValueMap(parsed) ||
    keys === null ||
    !isList(keys) ||
    !keys.every((key) => typeof key === "string") ||
    keys.length > MAX_KEYS
  )
    throw new AppError(
      "BAD_INPUT",
      `specs has ${text.slice(0, 100)}, expected {"keys": [up to ${MAX_KEYS} names], "samples": 500}`,
    );
  const step = (name: "minStep" | "maxStep") => {
    const given = parsed[name] ?? null;
    const read = readStep(name, typeof given === "string" ? given : toNumber(given));
    return read === undefined ? {} : { [name]: read };
  };
  return {
    keys: keys as readonly string[],
    samples: readSampleCount(toNumber(parsed.samples ?? null)),
    ...step("minStep"),
    ...step("maxStep"),
  };
}

function parseSpec(text: string): Value {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** An object, where config and summaries are texts (W84). */
function historyKeys(row: WireRunRow, summaries: readonly SummaryRow[]) {
  const keys: Record<string, unknown> = Object.create(null);
  for (const { name, count, nonFinite, last, lastOther } of summaries) {
    const typeCounts = [
      ...(count + nonFinite > 0 ? [{ type: "number", count: count + nonFinite }] : []),
      ...(lastOther === null ? [] : [{ type: typeOf(lastOther), count: 1 }]),
    ];
    keys[name] = { typeCounts, monotonic: false, previousValue: last ?? toPlain(lastOther) };
  }
  const lines = Math.max(row.historyLines, ...summaries.map(({ count, nonFinite }) => count + nonFinite));
  if (row.lastStep !== null)
    for (const name of OWN_KEYS)
      keys[name] = {
        typeCounts: [{ type: "number", count: lines }],
        monotonic: true,
        previousValue: name === "_step" ? row.lastStep : null,
      };
  return { lastStep: row.lastStep ?? -1, keys, sets: [] };
}

/** Of JSON text: what W&B calls it, which for pictures and tables is their own word. */
function typeOf(json: string | undefined): string {
  const value = toPlain(json);
  if (Array.isArray(value)) return "list";
  if (typeof value !== "object" || value === null) return typeof value;
  const { _type } = value as { _type?: unknown };
  return typeof _type === "string" ? _type : "map";
}

const toPlain = (json: string | null | undefined): unknown =>
  json === null || json === undefined ? null : JSON.parse(json);

const TAIL = 10;

/** The last lines, as JSON text of a list of such texts: what a run that resumes goes on from (W93). */
async function historyTail(context: GatewayContext, row: WireRunRow): Promise<string> {
  const last: {
    step: number;
    time: number;
    cells: ReturnType<Parameters<Parameters<typeof scanRows>[3]>[0]["cells"]>;
  }[] = [];
  const scanned = await scanRows(
    reading(context),
    context.access,
    {
      runId: row.id,
      attempt: row.attempt,
      minStep: Math.max(0, (row.lastStep ?? 0) - TAIL + 1),
      lastPiece: true,
    },
    ({ step, time, cells }) => {
      last.push({ step, time, cells: cells() });
      if (last.length > TAIL) last.shift();
    },
  );
  return JSON.stringify(last.map((one) => toLine(one, scanned?.startedAt ?? 0)));
}

/** A line of what the machine was doing, under W&B's names (W92). */
function toEvent({ time, values, startedAt }: SampleRow): string {
  const own = { _wandb: true, _timestamp: time / 1_000, _runtime: Math.max(0, time - startedAt) / 1_000 };
  const measured = Object.entries(JSON.parse(values) as Record<string, number>).map(([name, value]) => [
    `system.${fromSystemName(name)}`,
    value,
  ]);
  return JSON.stringify({ ...own, ...Object.fromEntries(measured) });
}
