import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import { type HistorySeries, MAX_SAMPLES } from "@/core/history";
import { unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { type Axis, toPoints } from "@/core/history/column";
import {
  drawLine,
  type Line,
  type Piece,
  planReading,
  type Reading,
  type StoredChunk,
} from "@/core/history/line";
import { type AttemptFacts, lineageOf, type Segment } from "@/core/history/lineage";
import type { Database, Tx } from "../client";
import { visible } from "./visible";

export interface HistoryQuery {
  runIds: readonly number[];
  /** Metric names; absent means all that the runs have logged, MAX_SERIES lines at the most. */
  keys?: readonly string[];
  /** The most points or buckets a line comes back with, 1 to MAX_SAMPLES. */
  samples: number;
  /** Both ends included. */
  minStep?: number;
  maxStep?: number;
  /** One attempt's own view of the history; absent means each run's current attempt. */
  attempt?: number;
}

/** Points and buckets that one answer may have: 1,000 lines of 1,500. */
const MAX_ANSWER_POINTS = 1_500_000;

/**
 * Lines for charts: per run and metric the exact points when the range holds no more than `samples`, else buckets.
 * Lines without a point in the range are absent; runs that `access` may not see too.
 *
 * Three exchanges in one snapshot, so that merging, which moves points from tails to chunks, is never seen
 * half done: who the attempts are; what their chunks say about themselves, with the tails; then the blocks of those
 * chunks alone that don't lie within one bucket. Measured (bench/metrics-read.ts): a run of a million steps in 500 buckets
 * 0.2 s, with all 488 blocks read; in 30 buckets 0.02 s, most of it from statistics.
 */
export async function readHistory(
  db: Database,
  access: Access,
  query: HistoryQuery,
): Promise<HistorySeries[]> {
  check(query);
  if (query.runIds.length === 0) return [];
  return db.sql.begin("isolation level repeatable read read only", async (tx) => {
    const runs = await readRuns(tx, access, query);
    const names = await readNames(tx, runs, query.keys);
    refuseTooMany(runs.length * names.size * query.samples);
    const lines = await readLines(tx, runs, names, query);
    const plan = planReading(lines, query);
    await readBlocks(tx, plan.toRead);
    return lines.flatMap((line) => drawLine(line, plan) ?? []);
  }) as Promise<HistorySeries[]>;
}

function check({ samples, minStep, maxStep }: HistoryQuery): void {
  if (!(Number.isInteger(samples) && samples >= 1 && samples <= MAX_SAMPLES)) {
    throw new AppError(
      "BAD_INPUT",
      `samples is ${samples}, expected a whole number from 1 to ${MAX_SAMPLES}`,
    );
  }
  for (const [name, step] of Object.entries({ minStep, maxStep })) {
    if (step === undefined || Number.isSafeInteger(step)) continue;
    throw new AppError("BAD_INPUT", `${name} is ${step}, expected a whole number`);
  }
}

interface RunView {
  runId: number;
  segments: Segment[];
}

async function readRuns(tx: Tx, access: Access, { runIds, attempt }: HistoryQuery): Promise<RunView[]> {
  const rows = await tx<(AttemptFacts & { runId: number; current: number })[]>`
    select r.id as "runId", r.attempt as current, a.number, a.resumed_from_step as "resumedFromStep",
      a.last_step as "lastStep", a.overtaken_at_step as "overtakenAtStep"
    from runs r join attempts a on a.run_id = r.id
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(tx, access, tx`r.project_id`, tx`r.id`)}`;
  const byRun = new Map<number, (typeof rows)[number][]>();
  for (const row of rows) push(byRun, row.runId, row);
  return Array.from(byRun, ([runId, attempts]) => ({
    runId,
    segments: lineageOf(attempts, attempt ?? attempts[0]?.current ?? 0),
  }));
}

/** Metric names by id. */
async function readNames(
  tx: Tx,
  runs: readonly RunView[],
  keys: readonly string[] | undefined,
): Promise<Map<number, string>> {
  if (runs.length === 0) return new Map();
  const runIds = runs.map(({ runId }) => runId);
  const rows = keys
    ? await tx<{ id: number; name: string }[]>`
      select m.id, m.name from metrics m
      where m.project_id in (select project_id from runs where id = any(${runIds}::bigint[]))
        and m.name = any(${[...keys]}::text[])`
    : await tx<{ id: number; name: string }[]>`
      select m.id, m.name from metrics m
      where m.id in (select metric_id from metric_summaries where run_id = any(${runIds}::bigint[]))`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

function refuseTooMany(points: number): void {
  if (points <= MAX_ANSWER_POINTS) return;
  throw new AppError(
    "INPUT_TOO_LARGE",
    `this history might have ${points} points (runs x metrics x samples), at most ${MAX_ANSWER_POINTS} are sent: ask for fewer runs, metrics or samples`,
    { details: { points, max: MAX_ANSWER_POINTS } },
  );
}

interface ChunkRow extends StoredChunk {
  runId: number;
}

interface TailRow {
  runId: number;
  attempt: number;
  block: Uint8Array;
}

/** All chunks (without their blocks) and tails that touch the range, as the pieces of each line in order. */
async function readLines(
  tx: Tx,
  runs: readonly RunView[],
  names: ReadonlyMap<number, string>,
  { minStep = 0, maxStep = Number.MAX_SAFE_INTEGER }: HistoryQuery,
): Promise<Line[]> {
  const parts = runs.flatMap(({ runId, segments }) => segments.map((segment) => ({ runId, ...segment })));
  if (parts.length === 0 || names.size === 0) return [];
  const asked = tx`unnest(${parts.map((part) => part.runId)}::bigint[], ${parts.map((part) => part.attempt)}::int[],
    ${parts.map((part) => Math.min(part.maxStep, maxStep))}::bigint[]) k (run_id, attempt, max_step)`;
  const metricIds = [...names.keys()];
  const [chunks, tails] = await Promise.all([
    tx<ChunkRow[]>`
      select v.run_id as "runId", v.attempt, v.chunk, v.metric_id as "metricId", x.first_step as "axisFirst",
        x.last_step as "axisLast", v.count, v.non_finite as "nonFinite", v.others, v.first, v.first_step as "firstStep",
        v.last, v.last_step as "lastStep", v.min, v.max, v.mean
      from ${asked}
      join metric_axes x on x.run_id = k.run_id and x.attempt = k.attempt
      join metric_values v on v.run_id = x.run_id and v.attempt = x.attempt and v.chunk = x.chunk
      where x.last_step >= ${minStep} and x.first_step <= k.max_step and v.metric_id = any(${metricIds}::int[])
      order by v.run_id, v.attempt, v.chunk`,
    tx<TailRow[]>`
      select t.run_id as "runId", t.attempt, t.block
      from ${asked} join metric_tails t on t.run_id = k.run_id and t.attempt = k.attempt
      where t.last_step >= ${minStep} and t.first_step <= k.max_step
      order by t.run_id, t.attempt, t.batch`,
  ]);
  return toLines(parts, names, chunks, tails);
}

function toLines(
  parts: readonly (Segment & { runId: number })[],
  names: ReadonlyMap<number, string>,
  chunks: readonly ChunkRow[],
  tails: readonly TailRow[],
): Line[] {
  const chunksOf = new Map<string, ChunkRow[]>();
  const tailsOf = new Map<string, TailRow[]>();
  for (const row of chunks) push(chunksOf, `${row.runId}/${row.attempt}`, row);
  for (const row of tails) push(tailsOf, `${row.runId}/${row.attempt}`, row);
  const wanted = new Set(names.keys());
  const lines = new Map<string, Line & { pieces: Piece[] }>();
  const add = (runId: number, metricId: number, piece: Piece) => {
    const key = names.get(metricId) ?? "";
    const line = lines.get(`${runId}/${metricId}`);
    if (line) line.pieces.push(piece);
    else lines.set(`${runId}/${metricId}`, { runId, key, pieces: [piece] });
  };
  // Parts are in the order of the run's attempts, and within one all chunks come before all tails.
  for (const { runId, attempt, maxStep } of parts) {
    for (const row of chunksOf.get(`${runId}/${attempt}`) ?? [])
      add(runId, row.metricId, { maxStep, axisFirst: row.axisFirst, axisLast: row.axisLast, chunk: row });
    for (const { block } of tailsOf.get(`${runId}/${attempt}`) ?? []) {
      const { axis, series } = unpackTail(block, wanted);
      const [axisFirst, axisLast] = endsOf(axis);
      for (const { metricId, column } of series)
        add(runId, metricId, { maxStep, axisFirst, axisLast, points: toPoints(axis, column) });
    }
  }
  return [...lines.values()].sort((a, b) => a.runId - b.runId || (a.key < b.key ? -1 : 1));
}

const endsOf = ({ steps }: Axis): [number, number] => [steps[0] ?? 0, steps.at(-1) ?? -1];

/** Puts the points of these chunks in place. */
async function readBlocks(tx: Tx, toRead: Reading["toRead"]): Promise<void> {
  const wanted = toRead.flatMap(({ runId, piece }) =>
    piece.chunk ? [{ runId, piece, ...piece.chunk }] : [],
  );
  if (wanted.length === 0) return;
  const axisKeys = [
    ...new Map(wanted.map((one) => [`${one.runId}/${one.attempt}/${one.chunk}`, one])).values(),
  ];
  const [axes, values] = await Promise.all([
    tx<{ runId: number; attempt: number; chunk: number; block: Uint8Array }[]>`
      select x.run_id as "runId", x.attempt, x.chunk, x.block
      from unnest(${axisKeys.map((one) => one.runId)}::bigint[], ${axisKeys.map((one) => one.attempt)}::int[],
        ${axisKeys.map((one) => one.chunk)}::int[]) k (run_id, attempt, chunk)
      join metric_axes x on x.run_id = k.run_id and x.attempt = k.attempt and x.chunk = k.chunk`,
    tx<{ i: number; block: Uint8Array }[]>`
      select k.i, v.block
      from unnest(${wanted.map((_, i) => i)}::int[], ${wanted.map((one) => one.runId)}::bigint[],
        ${wanted.map((one) => one.attempt)}::int[], ${wanted.map((one) => one.metricId)}::int[],
        ${wanted.map((one) => one.chunk)}::int[]) k (i, run_id, attempt, metric_id, chunk)
      join metric_values v on v.run_id = k.run_id and v.attempt = k.attempt and v.metric_id = k.metric_id
        and v.chunk = k.chunk`,
  ]);
  const axisOf = new Map(
    axes.map(({ runId, attempt, chunk, block }) => [`${runId}/${attempt}/${chunk}`, unpackAxis(block)]),
  );
  for (const { i, block } of values) {
    const one = wanted[i];
    const axis = one && axisOf.get(`${one.runId}/${one.attempt}/${one.chunk}`);
    if (one && axis) one.piece.points = toPoints(axis, unpackColumn(block, axis.steps.length));
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
