import { CHUNK_STEPS, MANY_TAILS } from "@/core/history/merge";
import type { Summary } from "@/core/history/summary";
import type { Database, Sql, Tx } from "../client";
import type { AttemptKey } from "./append-history";
import { packBlocks } from "./blocks";

/*
 * Tails become chunks. Of each attempt only one merge runs at a time, on whichever server: a transaction-level advisory
 * lock says so and never waits. A lock on the attempt's row would do that too, but would also hold up the appends for
 * as long as the merge reads and packs; this way they meet only at the last statement, which takes the merged tails
 * off the attempt's count. New tails may arrive meanwhile: they have higher numbers and are none of this merge's.
 */

/** Attempts with enough tails: a full chunk of steps, very many, or all there will be. */
export async function findMergeable(sql: Sql | Tx, limit: number): Promise<AttemptKey[]> {
  return sql<AttemptKey[]>`
    select run_id as "runId", number as attempt from attempts
    where tails > 0 and (tail_steps >= ${CHUNK_STEPS} or tails >= ${MANY_TAILS} or ended_at is not null)
    order by tail_steps desc limit ${limit}`;
}

/** @returns false when another server merges this attempt */
export async function lockMerge(tx: Tx, { runId, attempt }: AttemptKey): Promise<boolean> {
  const rows = await tx<{ locked: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${`besom merge ${runId}/${attempt}`}, 0)) as locked`;
  return rows[0]?.locked === true;
}

export interface StoredTail {
  batch: number;
  count: number;
  changedXid: string;
  block: Uint8Array;
}

/** The oldest tails, as many as are worth a transaction: one at least, however long it is. */
export async function readTails(
  tx: Tx,
  {
    runId,
    attempt,
    limit,
    maxSteps,
    maxBytes,
  }: AttemptKey & { limit: number; maxSteps: number; maxBytes: number },
): Promise<StoredTail[]> {
  return tx<StoredTail[]>`
    with counted as (
      select batch, first_step, count, changed_xid, sum(count) over (order by first_step, batch) - count as before,
        sum(length(block)) over (order by first_step, batch) as bytes, row_number() over (order by first_step, batch) as nth
      from metric_tails where run_id = ${runId} and attempt = ${attempt} order by first_step, batch limit ${limit}
    )
    select c.batch, c.count, c.changed_xid::text as "changedXid", t.block
    from counted c join metric_tails t on t.run_id = ${runId} and t.attempt = ${attempt} and t.batch = c.batch
    where c.before < ${maxSteps} and (c.bytes <= ${maxBytes} or c.nth = 1) order by c.first_step, c.batch`;
}

export interface StoredAxis {
  chunk: number;
  count: number;
  changedXid: string;
  block: Uint8Array;
}

/** The last chunks of an attempt, oldest first. */
export async function readLastAxes(
  tx: Tx,
  { runId, attempt }: AttemptKey,
  limit: number,
): Promise<StoredAxis[]> {
  const rows = await tx<StoredAxis[]>`
    select chunk, count, changed_xid::text as "changedXid", block from metric_axes
    where run_id = ${runId} and attempt = ${attempt} order by chunk desc limit ${limit}`;
  return rows.reverse();
}

/** How long the blocks of these chunks are, without reading them. */
export async function readChunkSizes(
  tx: Tx,
  { runId, attempt, chunks }: AttemptKey & { chunks: readonly number[] },
): Promise<{ chunk: number; longest: number; bytes: number }[]> {
  return tx<{ chunk: number; longest: number; bytes: number }[]>`
    select chunk, max(length(block)) as longest, sum(length(block)) as bytes from metric_values
    where run_id = ${runId} and attempt = ${attempt} and chunk = any(${[...chunks]}::int[]) group by chunk`;
}

export async function readChunkValues(
  tx: Tx,
  { runId, attempt, chunks }: AttemptKey & { chunks: readonly number[] },
): Promise<{ chunk: number; metricId: number; block: Uint8Array }[]> {
  return tx<{ chunk: number; metricId: number; block: Uint8Array }[]>`
    select chunk, metric_id as "metricId", block from metric_values
    where run_id = ${runId} and attempt = ${attempt} and chunk = any(${[...chunks]}::int[])`;
}

export interface NewAxis {
  chunk: number;
  firstStep: number;
  lastStep: number;
  firstTime: number;
  lastTime: number;
  count: number;
  block: Uint8Array;
}

export interface NewValues {
  chunk: number;
  metricId: number;
  summary: Summary;
  mean: number | null;
  block: Uint8Array;
}

export interface Merged extends AttemptKey {
  /** Written anew. */
  replaced: readonly number[];
  tails: readonly StoredTail[];
  axes: readonly NewAxis[];
  values: readonly NewValues[];
  /** The newest change among what was merged. */
  changedXid: string;
}

/** Sent together, run in this order: a query of postgres.js goes out when it is awaited, hence the functions. */
export async function writeMerged(tx: Tx, merged: Merged): Promise<void> {
  await Promise.all([
    deleteChunks(tx, merged),
    insertAxes(tx, merged),
    insertValues(tx, merged),
    deleteTails(tx, merged),
  ]);
}

async function deleteChunks(tx: Tx, { runId, attempt, replaced }: Merged): Promise<void> {
  if (replaced.length === 0) return;
  await tx`
    with gone as (
      delete from metric_values
      where run_id = ${runId} and attempt = ${attempt} and chunk = any(${[...replaced]}::int[])
    )
    delete from metric_axes
    where run_id = ${runId} and attempt = ${attempt} and chunk = any(${[...replaced]}::int[])`;
}

/** The attempt's row is locked here only. Nothing that anybody sees has changed: its changed_xid stays. */
async function deleteTails(tx: Tx, { runId, attempt, tails }: Merged): Promise<void> {
  const batches = tails.map((tail) => tail.batch);
  await tx`
    with gone as (
      delete from metric_tails
      where run_id = ${runId} and attempt = ${attempt} and batch = any(${batches}::int[]) returning count
    )
    update attempts set tails = tails - (select count(*) from gone), tail_steps = tail_steps - (select sum(count) from gone)
    where run_id = ${runId} and number = ${attempt}`;
}

async function insertAxes(tx: Tx, { runId, attempt, axes, changedXid }: Merged): Promise<void> {
  const { all, starts, lengths } = packBlocks(axes);
  await tx`
    insert into metric_axes (run_id, attempt, chunk, first_step, last_step, first_time, last_time, count, block, changed_xid)
    select ${runId}, ${attempt}, k.chunk, k.first_step, k.last_step, k.first_time, k.last_time, k.count,
      substring(${all}::bytea from k.start for k.length), ${changedXid}::text::xid8
    from unnest(
      ${axes.map((axis) => axis.chunk)}::int[], ${axes.map((axis) => axis.firstStep)}::bigint[],
      ${axes.map((axis) => axis.lastStep)}::bigint[], ${axes.map((axis) => axis.firstTime)}::bigint[],
      ${axes.map((axis) => axis.lastTime)}::bigint[], ${axes.map((axis) => axis.count)}::int[],
      ${starts}::int[], ${lengths}::int[])
      k (chunk, first_step, last_step, first_time, last_time, count, start, length)`;
}

async function insertValues(tx: Tx, { runId, attempt, values }: Merged): Promise<void> {
  const { all, starts, lengths } = packBlocks(values);
  const summaries = values.map(({ summary }) => summary);
  await tx`
    insert into metric_values (run_id, attempt, metric_id, chunk, count, non_finite, others, first, first_step,
      last, last_step, min, max, mean, block)
    select ${runId}, ${attempt}, k.metric_id, k.chunk, k.count, k.non_finite, k.others, k.first, k.first_step,
      k.last, k.last_step, k.min, k.max, k.mean, substring(${all}::bytea from k.start for k.length)
    from unnest(
      ${values.map((one) => one.metricId)}::int[], ${values.map((one) => one.chunk)}::int[],
      ${summaries.map((one) => one.count)}::int[], ${summaries.map((one) => one.nonFinite)}::int[],
      ${summaries.map((one) => one.others)}::int[], ${summaries.map((one) => one.first)}::float8[],
      ${summaries.map((one) => one.firstStep)}::bigint[], ${summaries.map((one) => one.last)}::float8[],
      ${summaries.map((one) => one.lastStep)}::bigint[], ${summaries.map((one) => one.min)}::float8[],
      ${summaries.map((one) => one.max)}::float8[], ${values.map((one) => one.mean)}::float8[],
      ${starts}::int[], ${lengths}::int[])
      k (metric_id, chunk, count, non_finite, others, first, first_step, last, last_step, min, max, mean, start, length)`;
}

/** Makes the room of merged tails usable again, without waiting for the server's own housekeeping to notice. */
export async function vacuumTails({ sql }: Database): Promise<void> {
  await sql`vacuum (skip_locked) metric_tails`;
}
