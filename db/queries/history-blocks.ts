import { unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { type Axis, toPoints } from "@/core/history/column";
import type { Asked, Line, Piece, StoredChunk } from "@/core/history/line";
import type { Segment } from "@/core/history/lineage";
import type { PieceToRead } from "@/core/history/plan";
import type { Tx } from "../client";

/** What is stored of some lines: first all but the chunks' blocks, then the blocks that a plan asks for. */

/** A run's part of what is asked for, with the attempts that its history is made of. */
export interface RunView {
  readonly runId: number;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly segments: readonly Segment[];
}

interface ChunkRow extends StoredChunk {
  runId: number;
}

interface TailRow {
  runId: number;
  attempt: number;
  block: Uint8Array;
}

/** All chunks (without their blocks) and tails that touch the steps, as the pieces of each line in order. */
export async function readLines(
  tx: Tx,
  runs: readonly RunView[],
  names: ReadonlyMap<number, string>,
  asked: Pick<Asked, "minStep" | "maxStep">,
): Promise<Line[]> {
  const parts = runs.flatMap((run) => run.segments.map((segment) => ({ ...run, ...segment })));
  if (parts.length === 0 || names.size === 0) return [];
  const wanted = tx`unnest(${parts.map((part) => part.runId)}::bigint[], ${parts.map((part) => part.attempt)}::int[],
    ${parts.map((part) => Math.min(part.maxStep, asked.maxStep))}::bigint[]) k (run_id, attempt, max_step)`;
  const metricIds = [...names.keys()];
  const [chunks, tails] = await Promise.all([
    tx<ChunkRow[]>`
      select v.run_id as "runId", v.attempt, v.chunk, v.metric_id as "metricId", x.first_step as "axisFirst",
        x.last_step as "axisLast", x.count as "axisCount", x.first_time as "firstTime", x.last_time as "lastTime",
        v.count, v.non_finite as "nonFinite", v.others, v.first, v.first_step as "firstStep",
        v.last, v.last_step as "lastStep", v.min, v.max, v.mean
      from ${wanted}
      join metric_axes x on x.run_id = k.run_id and x.attempt = k.attempt
      join metric_values v on v.run_id = x.run_id and v.attempt = x.attempt and v.chunk = x.chunk
      where x.last_step >= ${asked.minStep} and x.first_step <= k.max_step and v.metric_id = any(${metricIds}::int[])
      order by v.run_id, v.attempt, v.chunk`,
    tx<TailRow[]>`
      select t.run_id as "runId", t.attempt, t.block
      from ${wanted} join metric_tails t on t.run_id = k.run_id and t.attempt = k.attempt
      where t.last_step >= ${asked.minStep} and t.first_step <= k.max_step
      order by t.run_id, t.attempt, t.first_step, t.batch`,
  ]);
  return toLines(parts, names, chunks, tails);
}

function toLines(
  parts: readonly (Segment & RunView)[],
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
  const add = ({ runId, startedAt }: RunView, metricId: number, piece: Piece) => {
    const key = names.get(metricId) ?? "";
    const line = lines.get(`${runId}/${metricId}`);
    if (line) line.pieces.push(piece);
    else lines.set(`${runId}/${metricId}`, { runId, key, startedAt, pieces: [piece] });
  };
  // Parts are in the order of the run's attempts, and within one all chunks come before all tails.
  for (const part of parts) {
    const { runId, attempt, maxStep } = part;
    for (const row of chunksOf.get(`${runId}/${attempt}`) ?? [])
      add(part, row.metricId, { maxStep, axisFirst: row.axisFirst, axisLast: row.axisLast, chunk: row });
    for (const { block } of tailsOf.get(`${runId}/${attempt}`) ?? []) {
      const { axis, series } = unpackTail(block, wanted);
      const [axisFirst, axisLast] = endsOf(axis);
      for (const { metricId, column } of series)
        add(part, metricId, { maxStep, axisFirst, axisLast, points: toPoints(axis, column) });
    }
  }
  return [...lines.values()].sort((a, b) => a.runId - b.runId || (a.key < b.key ? -1 : 1));
}

const endsOf = ({ steps }: Axis): [number, number] => [steps[0] ?? 0, steps.at(-1) ?? -1];

/** Puts the axes of these chunks in place. */
export async function readAxes(tx: Tx, toRead: readonly PieceToRead[]): Promise<void> {
  const missing = new Map<string, { runId: number; chunk: StoredChunk; pieces: Piece[] }>();
  for (const { runId, piece, stepsOnly } of toRead) {
    if (piece.chunk === undefined || piece.axis !== undefined) continue;
    const { attempt, chunk } = piece.chunk;
    const steps = stepsOnly ? denseSteps(piece, piece.chunk) : undefined;
    if (steps !== undefined) piece.axis = { steps, times: NO_TIMES };
    else {
      const key = `${runId}/${attempt}/${chunk}`;
      const same = missing.get(key);
      if (same) same.pieces.push(piece);
      else missing.set(key, { runId, chunk: piece.chunk, pieces: [piece] });
    }
  }
  if (missing.size === 0) return;
  const list = [...missing.values()];
  const rows = await tx<{ i: number; block: Uint8Array }[]>`
    select k.i, x.block
    from unnest(${list.map((_, i) => i)}::int[], ${list.map((one) => one.runId)}::bigint[],
      ${list.map((one) => one.chunk.attempt)}::int[], ${list.map((one) => one.chunk.chunk)}::int[]) k (i, run_id, attempt, chunk)
    join metric_axes x on x.run_id = k.run_id and x.attempt = k.attempt and x.chunk = k.chunk`;
  for (const { i, block } of rows) {
    const axis = unpackAxis(block);
    for (const piece of list[i]?.pieces ?? []) piece.axis = axis;
  }
}

const NO_TIMES = new Float64Array(0);

/** As many steps as there is room for between the first and the last: no block is needed to know them. */
function denseSteps({ axisFirst, axisLast }: Piece, { axisCount }: StoredChunk): Float64Array | undefined {
  if (axisLast - axisFirst + 1 !== axisCount) return undefined;
  const steps = new Float64Array(axisCount);
  for (let i = 0; i < axisCount; i++) steps[i] = axisFirst + i;
  return steps;
}

/** Puts the points of these chunks in place. */
export async function readBlocks(tx: Tx, toRead: readonly PieceToRead[]): Promise<void> {
  const wanted = [...new Map(toRead.map((one) => [one.piece, one])).values()].flatMap(({ runId, piece }) =>
    piece.chunk && piece.points === undefined ? [{ runId, piece, ...piece.chunk }] : [],
  );
  if (wanted.length === 0) return;
  const [values] = await Promise.all([
    tx<{ i: number; block: Uint8Array }[]>`
      select k.i, v.block
      from unnest(${wanted.map((_, i) => i)}::int[], ${wanted.map((one) => one.runId)}::bigint[],
        ${wanted.map((one) => one.attempt)}::int[], ${wanted.map((one) => one.metricId)}::int[],
        ${wanted.map((one) => one.chunk)}::int[]) k (i, run_id, attempt, metric_id, chunk)
      join metric_values v on v.run_id = k.run_id and v.attempt = k.attempt and v.metric_id = k.metric_id
        and v.chunk = k.chunk`,
    readAxes(tx, toRead),
  ]);
  for (const { i, block } of values) {
    const piece = wanted[i]?.piece;
    if (piece?.axis) piece.points = toPoints(piece.axis, unpackColumn(block, piece.axis.steps.length));
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
