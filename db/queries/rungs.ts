import type { Rung } from "@/core/history/bands";
import type { Goal } from "@/core/sweep";
import type { Sql, Tx } from "../client";
import type { AttemptKey } from "./append-history";

/*
 * What early stopping compares runs by. A run's rungs are written by whoever holds its lock, in the transaction of the
 * append that reached them. They are those of an attempt; only the current one's count, and none of a deleted run's. Where a run stands
 * among the others: rung-order.ts.
 */

/** Finite values so far and the step of the last of them, for attempts whose sweep has early stopping. */
export async function readCounts(
  tx: Tx,
  keys: readonly (AttemptKey & { metricId: number })[],
): Promise<(AttemptKey & { count: number; lastStep: number | null })[]> {
  return tx<(AttemptKey & { count: number; lastStep: number | null })[]>`
    select s.run_id as "runId", s.attempt, s.count, s.last_step as "lastStep"
    from unnest(${keys.map((key) => key.runId)}::bigint[], ${keys.map((key) => key.attempt)}::int[],
      ${keys.map((key) => key.metricId)}::int[]) k (run_id, attempt, metric_id)
    join metric_summaries s on s.run_id = k.run_id and s.attempt = k.attempt and s.metric_id = k.metric_id`;
}

export interface RungRow extends AttemptKey, Rung {
  sweepId: string;
}

export async function writeRungs(tx: Tx, rows: readonly RungRow[]): Promise<void> {
  await tx`
    insert into rungs (sweep_id, band, run_id, attempt, value, best, step)
    select * from unnest(
      ${rows.map((row) => row.sweepId)}::text[], ${rows.map((row) => row.band)}::int[],
      ${rows.map((row) => row.runId)}::bigint[], ${rows.map((row) => row.attempt)}::int[],
      ${rows.map((row) => row.value)}::float8[], ${rows.map((row) => row.best)}::float8[],
      ${rows.map((row) => row.step)}::bigint[])
    on conflict (sweep_id, band, run_id, attempt) do update
      set value = excluded.value, best = excluded.best, step = excluded.step, mean = null`;
}

/** Rungs that a value written again has taken back, or that a later one stands in for. */
export async function deleteOtherRungs(
  tx: Tx,
  { sweepId, runId, attempt }: AttemptKey & { sweepId: string },
  kept: readonly Rung[],
): Promise<void> {
  await tx`delete from rungs
    where sweep_id = ${sweepId} and run_id = ${runId} and attempt = ${attempt}
      and band <> all(${kept.map(({ band }) => band)}::int[])`;
}

/** The last rung of each attempt that has one. */
export async function readLastRungs(tx: Tx, keys: readonly AttemptKey[]): Promise<(AttemptKey & Rung)[]> {
  return tx<(AttemptKey & Rung)[]>`
    select g.run_id as "runId", g.attempt, g.band, g.value, g.best, g.step
    from unnest(${keys.map((key) => key.runId)}::bigint[], ${keys.map((key) => key.attempt)}::int[]) k (run_id, attempt),
      lateral (select * from rungs where run_id = k.run_id and attempt = k.attempt order by band desc limit 1) g`;
}

/** The highest band that any attempt of a run has reached; 0 for none. */
export async function readHighestBand(tx: Tx, runId: number): Promise<number> {
  const rows = await tx<{ band: number }[]>`
    select coalesce(max(band), 0) as band from rungs where run_id = ${runId}`;
  return rows[0]?.band ?? 0;
}

/**
 * From here to the end of the transaction nobody else judges these sweeps: two that came to a band at once would not see
 * each other. Asked for with runs locked; so its holder waits for no run.
 */
export async function lockJudgement(tx: Tx, sweepIds: readonly string[]): Promise<void> {
  // One statement each: the order in which one statement would take them is not promised.
  for (const sweepId of [...sweepIds].sort())
    await tx`select pg_advisory_xact_lock(hashtextextended(${`besom judge ${sweepId}`}, 0))`;
}

export interface StopRow extends AttemptKey {
  /** The verdict as JSON. */
  verdict: string;
}

/**
 * Asks runs to stop that are still under way with the attempt that was judged and that nobody has asked yet: what a run was
 * told stays told. Runs that somebody else has locked are left out, so that nobody waits here.
 * @returns those that were asked
 */
export async function stopEarly(tx: Tx, rows: readonly StopRow[]): Promise<number[]> {
  const stopped = await tx<{ runId: number }[]>`
    with given as (
      select * from json_to_recordset(${JSON.stringify(rows)}::text::json)
        as t ("runId" bigint, attempt int, verdict text)
    ), open as (
      select r.id, g.verdict from runs r join given g on r.id = g."runId" and r.attempt = g.attempt
      where r.id = any(${rows.map(({ runId }) => runId)}::bigint[]) and r.state = 'running'
        and r.stop_requested is null and r.deleted_at is null
      order by r.id for no key update of r skip locked
    )
    update runs r set stop_requested = 'early', early_stop = o.verdict::jsonb, changed_xid = pg_current_xact_id()
    from open o where r.id = o.id
    returning r.id as "runId"`;
  const asked = new Set(stopped.map(({ runId }) => runId));
  if (asked.size > 0)
    await markStopped(
      tx,
      rows.filter(({ runId }) => asked.has(runId)),
    );
  return [...asked];
}

/** Of runs that were asked to stop early, the last rung says so, also when they come further before they hear of it. Their rows are locked. */
export async function markStopped(tx: Tx, keys: readonly AttemptKey[]): Promise<void> {
  await tx`
    update rungs g set stopped = not g.stopped
    from unnest(${keys.map((key) => key.runId)}::bigint[], ${keys.map((key) => key.attempt)}::int[]) k (run_id, attempt),
      lateral (select max(band) as band from rungs where run_id = k.run_id and attempt = k.attempt) last
    where g.run_id = k.run_id and g.attempt = k.attempt and g.stopped <> (g.band = last.band)`;
}

/** In the order in which everybody locks runs. */
export async function lockRuns(tx: Tx, runIds: readonly number[]): Promise<void> {
  await tx`select from runs where id = any(${[...runIds]}::bigint[]) order by id for no key update`;
}

export interface JudgedSweep {
  sweepId: string;
  projectId: number;
  generation: number;
  goal: Goal;
}

const judgedColumns = (sql: Sql | Tx) => sql`
  s.id as "sweepId", s.project_id as "projectId", s.generation, coalesce(s.metric_goal, 'minimize') as goal`;

export async function readJudged(tx: Tx, sweepId: string): Promise<JudgedSweep | undefined> {
  const rows = await tx<JudgedSweep[]>`select ${judgedColumns(tx)} from sweeps s where s.id = ${sweepId}`;
  return rows[0];
}

/**
 * Sweeps with runs under way and runs that have reached a band. Attempts under way are few and have an index; asked by sweep, the
 * planner went through all attempts of each: 33 ms at 60,000.
 */
export async function listJudged(sql: Sql | Tx): Promise<JudgedSweep[]> {
  return sql<JudgedSweep[]>`
    with live as materialized (select distinct sweep_id from attempts where ended_at is null)
    select ${judgedColumns(sql)} from sweeps s join live l on l.sweep_id = s.id
    where exists (select from rungs g where g.sweep_id = s.id)`;
}
