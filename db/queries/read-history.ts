import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import { type HistorySeries, type HistoryX, MAX_SAMPLES } from "@/core/history";
import { type Asked, countOf, drawLines, type Layout, type Line, type Piece } from "@/core/history/line";
import { type AttemptFacts, lineageOf } from "@/core/history/lineage";
import { MAX_UNPACKED, type PieceToRead, planReading } from "@/core/history/plan";
import type { Database, Tx } from "../client";
import { type RunView, readAxes, readBlocks, readLines } from "./history-blocks";
import { visible } from "./visible";

export interface HistoryQuery {
  runIds: readonly number[];
  /** Metric names; absent means all that the runs have logged. */
  keys?: readonly string[];
  /** Without keys: only those that have a number. */
  numbers?: boolean;
  /** Along steps when absent. */
  x?: HistoryX;
  /** The most points or buckets a line comes back with, 1 to MAX_SAMPLES. */
  samples: number;
  /** All lines in the same buckets; else each run has its own. */
  aligned?: boolean;
  /** Both ends included. */
  minStep?: number;
  maxStep?: number;
  /** On the x axis, both ends included. */
  min?: number;
  max?: number;
  /** One attempt's own view of the history; absent means each run's current attempt. */
  attempt?: number;
}

/** Points and buckets that one answer may have: 1,000 lines of 1,500. */
const MAX_ANSWER_POINTS = 1_500_000;
/** A line costs much however short it is: 100,000 of two points each kept the server busy for seconds. */
const MAX_ANSWER_LINES = 15_000;

/** The lines of `readLayout` alone. */
export async function readHistory(
  db: Database,
  access: Access,
  query: HistoryQuery,
): Promise<readonly HistorySeries[]> {
  return (await readLayout(db, access, query)).lines;
}

/**
 * Lines for charts: per run and metric the exact points when the range holds no more than `samples`, else buckets.
 * Lines without a point in the range are absent; runs that `access` may not see too.
 *
 * Three exchanges in one snapshot, however many runs there are, so that merging, which moves points from tails to
 * chunks, is never seen half done: who the attempts are; what their chunks say about themselves, with the tails; then
 * the blocks of those chunks alone that don't lie within one bucket. Along time the axes come before that, since a
 * clock that jumps makes a chunk's ends say nothing about what lies between; along another metric all blocks are read.
 * Measured (bench/metrics-read.ts): a run of a million steps in 500 buckets 0.2 s, with all 488 blocks read; in 30
 * buckets 0.02 s, most of it from statistics. 100 runs together: bench/history-chart.ts.
 */
export async function readLayout(db: Database, access: Access, query: HistoryQuery): Promise<Layout> {
  const asked = toAsked(query);
  if (query.runIds.length === 0) return { lines: [] };
  return db.sql.begin("isolation level repeatable read read only", async (tx) => {
    const runs = await readRuns(tx, access, query);
    const names = await readNames(tx, runs, query, asked.x);
    const metric = asked.x.axis === "METRIC" ? asked.x.metric : undefined;
    const wanted = query.keys && new Set(query.keys);
    const asLines = wanted ? [...names.values()].filter((name) => wanted.has(name)).length : names.size;
    refuseTooMany(runs.length * asLines, query.samples);
    const lines = await readLines(tx, runs, names, asked);
    if (metric !== undefined) return drawAlongMetric(tx, lines, wanted, metric, asked);
    if (asked.x.axis !== "STEP") await readAxes(tx, worthReading(lines));
    const plan = planReading(lines, asked);
    await readBlocks(tx, plan.toRead);
    return drawLines(lines, asked, plan);
  }) as Promise<Layout>;
}

async function drawAlongMetric(
  tx: Tx,
  all: readonly Line[],
  wanted: ReadonlySet<string> | undefined,
  metric: string,
  asked: Asked,
): Promise<Layout> {
  const partners = new Map(all.flatMap((line) => (line.key === metric ? [[line.runId, line.pieces]] : [])));
  const lines = all.flatMap((line) => {
    const partner = partners.get(line.runId);
    const shown = partner !== undefined && (wanted === undefined || wanted.has(line.key));
    return shown ? [{ ...line, partner }] : [];
  });
  const toRead = lines.flatMap(({ runId, pieces, partner }) =>
    [...pieces, ...partner].map((piece) => ({ runId, piece, stepsOnly: false })),
  );
  const points = pointsIn(toRead.map(({ piece }) => piece));
  if (points > MAX_UNPACKED) {
    throw new AppError(
      "INPUT_TOO_LARGE",
      `along a metric every point must be read, ${points} here and at most ${MAX_UNPACKED} at once: ask for fewer runs or metrics, or a part of their steps`,
      { details: { points, max: MAX_UNPACKED } },
    );
  }
  await readBlocks(tx, toRead);
  return drawLines(lines, asked);
}

/** All chunks; none when that would be too many steps. */
function worthReading(lines: readonly Line[]): PieceToRead[] {
  const toRead = lines.flatMap(({ runId, pieces }) =>
    pieces.flatMap((piece) => (piece.chunk ? [{ runId, piece, stepsOnly: false }] : [])),
  );
  const counts = new Map<string, number>();
  for (const { runId, piece } of toRead) {
    const { attempt = 0, chunk = 0, axisCount = 0 } = piece.chunk ?? {};
    counts.set(`${runId}/${attempt}/${chunk}`, axisCount);
  }
  let steps = 0;
  for (const count of counts.values()) steps += count;
  return steps <= MAX_UNPACKED ? toRead : [];
}

function pointsIn(pieces: readonly Piece[]): number {
  let points = 0;
  for (const { chunk } of new Set(pieces)) points += chunk ? countOf(chunk) : 0;
  return points;
}

function toAsked({ x = { axis: "STEP" }, samples, aligned = false, ...range }: HistoryQuery): Asked {
  const { minStep, maxStep, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range;
  // Relative times and metrics may lie on both sides of zero, which is an edge of every bucket.
  const least = x.axis === "STEP" || x.axis === "TIME" ? 1 : 2;
  if (!(Number.isInteger(samples) && samples >= least && samples <= MAX_SAMPLES)) {
    throw new AppError(
      "BAD_INPUT",
      `samples is ${samples}, expected a whole number from ${least} to ${MAX_SAMPLES}`,
    );
  }
  for (const [name, step] of Object.entries({ minStep, maxStep })) {
    if (step === undefined || Number.isSafeInteger(step)) continue;
    throw new AppError("BAD_INPUT", `${name} is ${step}, expected a whole number`);
  }
  const asked = {
    x,
    samples,
    aligned,
    minStep: minStep ?? 0,
    maxStep: maxStep ?? Number.MAX_SAFE_INTEGER,
    min,
    max,
  };
  if (x.axis !== "STEP") return asked;
  return {
    ...asked,
    minStep: clampStep(Math.max(asked.minStep, Math.ceil(min))),
    maxStep: clampStep(Math.min(asked.maxStep, Math.floor(max))),
  };
}

const clampStep = (step: number): number => Math.min(Math.max(step, -1), Number.MAX_SAFE_INTEGER);

/** Which attempts the history of each run is made of, as the current one (or the one named) shows it. */
export async function readRuns(
  tx: Tx,
  access: Access,
  { runIds, attempt }: Pick<HistoryQuery, "runIds" | "attempt">,
): Promise<RunView[]> {
  const rows = await tx<(AttemptFacts & { runId: number; current: number; startedAt: number })[]>`
    select r.id as "runId", r.attempt as current, a.number, a.resumed_from_step as "resumedFromStep",
      a.last_step as "lastStep", a.overtaken_at_step as "overtakenAtStep",
      floor(extract(epoch from coalesce(r.started_at, r.created_at)) * 1000)::float8 as "startedAt"
    from runs r join attempts a on a.run_id = r.id
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(tx, access, tx`r.project_id`, tx`r.id`)}`;
  const byRun = new Map<number, (typeof rows)[number][]>();
  for (const row of rows) {
    const same = byRun.get(row.runId);
    if (same) same.push(row);
    else byRun.set(row.runId, [row]);
  }
  return Array.from(byRun, ([runId, attempts]) => ({
    runId,
    startedAt: attempts[0]?.startedAt ?? 0,
    segments: lineageOf(attempts, attempt ?? attempts[0]?.current ?? 0),
  }));
}

/** Metric names by id, that of the metric along x among them. */
async function readNames(
  tx: Tx,
  runs: readonly RunView[],
  { keys, numbers = false }: Pick<HistoryQuery, "keys" | "numbers">,
  x: HistoryX,
): Promise<Map<number, string>> {
  if (runs.length === 0) return new Map();
  const runIds = runs.map(({ runId }) => runId);
  const rows = keys
    ? await tx<{ id: number; name: string }[]>`
      select m.id, m.name from metrics m
      where m.project_id in (select project_id from runs where id = any(${runIds}::bigint[]))
        and m.name = any(${x.axis === "METRIC" ? [...keys, x.metric] : [...keys]}::text[])`
    : await tx<{ id: number; name: string }[]>`
      select m.id, m.name from metrics m
      where m.id in (select metric_id from metric_summaries where run_id = any(${runIds}::bigint[])
        ${numbers ? tx`and count + non_finite > 0` : tx``})`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

function refuseTooMany(lines: number, samples: number): void {
  const points = lines * samples;
  if (lines <= MAX_ANSWER_LINES && points <= MAX_ANSWER_POINTS) return;
  const [what, details] =
    lines > MAX_ANSWER_LINES
      ? [`${lines} lines (runs x metrics)`, { lines, max: MAX_ANSWER_LINES }]
      : [`${points} points (runs x metrics x samples)`, { points, max: MAX_ANSWER_POINTS }];
  throw new AppError(
    "INPUT_TOO_LARGE",
    `this history might have ${what}, at most ${details.max} are sent: ask for fewer runs, metrics or samples`,
    { details },
  );
}

/** The newest runs of a sweep, one more than `limit` when there are more. */
export async function newestRunIds(
  { sql }: Database,
  access: Access,
  { sweepId, limit }: { sweepId: string; limit: number },
): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    select r.id from runs r
    where r.sweep_id = ${sweepId} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by r.id desc limit ${limit + 1}`;
  return rows.map(({ id }) => id);
}
