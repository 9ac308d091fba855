import type { AttemptFacts } from "@/core/history/lineage";
import type { Summary } from "@/core/history/summary";
import type { Goal } from "@/core/sweep";
import type { Sql, Tx } from "../client";
import { packBlocks } from "./blocks";

/**
 * The statements of one append, in the order they run. A group of batches, of any runs, is one transaction: each
 * statement takes the whole group as arrays, and all but the first are sent without waiting for an answer.
 *
 * Rows are locked run first, then attempt, in order of id. The lock on the attempt makes batch numbers exact (two
 * deliveries of one batch meet here); the lock on the run keeps a claim from handing it out again between our look at
 * its current attempt and our commit, which is what fencing needs. Both are NO KEY locks: inserts that refer to the
 * run don't wait for them.
 */

export interface AttemptKey {
  runId: number;
  attempt: number;
}

export interface LockedAttempt extends AttemptKey, AttemptFacts {
  lastBatch: number;
  /** Lines taken from a client that numbers lines. */
  lines: number;
  /** The run's current attempt; another number means that this one is stale. */
  current: number;
  projectId: number;
  sweepId: string | null;
  objective: number | null;
  stopRequested: "stop" | "cancel" | "early" | null;
  /** Under way, and nobody has asked it to stop. */
  open: boolean;
  metricName: string | null;
  metricGoal: Goal | null;
  metricTarget: number | null;
  /** Of the sweep's file that is in force now; null for a run that came from no file. */
  generation: number | null;
  constrained: boolean;
  ended: boolean;
  attemptReason: string | null;
  /** A writer without a lease that was given up for its silence. */
  silent: boolean;
  /** Retention took its history away after it had ended: nothing that comes now is kept. */
  dropped: boolean;
}

/** Unknown attempts and those of deleted runs are absent from the answer. */
export async function lockAttempts(tx: Tx, keys: readonly AttemptKey[]): Promise<LockedAttempt[]> {
  return tx<LockedAttempt[]>`
    select a.run_id as "runId", a.number as attempt, a.number, a.last_batch as "lastBatch", a.history_lines as lines, a.last_step as "lastStep",
      a.overtaken_at_step as "overtakenAtStep", a.resumed_from_step as "resumedFromStep",
      r.attempt as current, r.project_id as "projectId", r.sweep_id as "sweepId", r.objective,
      r.stop_requested as "stopRequested", r.state = 'running' and r.stop_requested is null as open,
      s.metric_name as "metricName", s.metric_goal as "metricGoal", s.metric_target as "metricTarget",
      case when r.generation is not null then s.generation end as generation, coalesce(s.constrained, false) as constrained,
      a.ended_at is not null as ended, a.reason as "attemptReason",
      a.ended_at is not null and a.lease_expires_at is null and coalesce(a.reason = 'silent', false) as silent,
      coalesce(a.ended_at < r.history_dropped_at, false) as dropped
    from unnest(${keys.map((key) => key.runId)}::bigint[], ${keys.map((key) => key.attempt)}::int[]) k (run_id, attempt)
    join runs r on r.id = k.run_id
    join attempts a on a.run_id = k.run_id and a.number = k.attempt
    left join sweeps s on s.id = r.sweep_id
    where r.deleted_at is null
    order by r.id, a.number
    for no key update of r, a`;
}

export interface TailRow extends AttemptKey {
  batch: number;
  firstStep: number;
  lastStep: number;
  /** Steps in the block. */
  count: number;
  block: Uint8Array;
}

export async function insertTails(tx: Tx, rows: readonly TailRow[]): Promise<void> {
  const { all, starts, lengths } = packBlocks(rows);
  await tx`
    insert into metric_tails (run_id, attempt, batch, first_step, last_step, count, block)
    select k.run_id, k.attempt, k.batch, k.first_step, k.last_step, k.count,
      substring(${all}::bytea from k.start for k.length)
    from unnest(
      ${rows.map((row) => row.runId)}::bigint[], ${rows.map((row) => row.attempt)}::int[],
      ${rows.map((row) => row.batch)}::int[], ${rows.map((row) => row.firstStep)}::bigint[],
      ${rows.map((row) => row.lastStep)}::bigint[], ${rows.map((row) => row.count)}::int[],
      ${starts}::int[], ${lengths}::int[])
      k (run_id, attempt, batch, first_step, last_step, count, start, length)`;
}

export interface AttemptChange extends AttemptKey {
  lastBatch: number;
  lines: number;
  lastStep: number | null;
  overtakenAtStep: number | null;
  resumedFromStep: number | null;
  /** Tail rows added, and the steps in them. */
  tails: number;
  tailSteps: number;
}

/** Logging is also a sign of life, for writers that have no heartbeat. */
export async function advanceAttempts(tx: Tx, rows: readonly AttemptChange[]): Promise<void> {
  await tx`
    update attempts a set last_batch = k.last_batch, history_lines = k.lines, last_step = k.last_step, overtaken_at_step = k.overtaken,
      resumed_from_step = k.resumed, tails = a.tails + k.tails, tail_steps = a.tail_steps + k.tail_steps,
      last_contact_at = now(), changed_xid = pg_current_xact_id()
    from unnest(
      ${rows.map((row) => row.runId)}::bigint[], ${rows.map((row) => row.attempt)}::int[],
      ${rows.map((row) => row.lastBatch)}::int[], ${rows.map((row) => row.lines)}::bigint[],
      ${rows.map((row) => row.lastStep)}::bigint[],
      ${rows.map((row) => row.overtakenAtStep)}::bigint[], ${rows.map((row) => row.resumedFromStep)}::bigint[],
      ${rows.map((row) => row.tails)}::int[], ${rows.map((row) => row.tailSteps)}::int[])
      k (run_id, number, last_batch, lines, last_step, overtaken, resumed, tails, tail_steps)
    where a.run_id = k.run_id and a.number = k.number`;
}

/** `others` is counted for chunks only. */
export type StoredSummary = Omit<Summary, "others">;

export interface SummaryRow extends AttemptKey {
  metricId: number;
  summary: StoredSummary;
}

/** Adds what came to what was there; each (run, attempt, metric) stands at most once in `rows`. */
export async function addToSummaries(tx: Tx, rows: readonly SummaryRow[]): Promise<void> {
  await tx`
    insert into metric_summaries as s (run_id, attempt, metric_id, count, non_finite, first, first_step,
      last, last_step, min, min_step, max, max_step, sum, last_other)
    select * from unnest(
      ${rows.map((row) => row.runId)}::bigint[], ${rows.map((row) => row.attempt)}::int[],
      ${rows.map((row) => row.metricId)}::int[], ${rows.map(({ summary }) => summary.count)}::bigint[],
      ${rows.map(({ summary }) => summary.nonFinite)}::bigint[],
      ${rows.map(({ summary }) => summary.first)}::float8[], ${rows.map(({ summary }) => summary.firstStep)}::bigint[],
      ${rows.map(({ summary }) => summary.last)}::float8[], ${rows.map(({ summary }) => summary.lastStep)}::bigint[],
      ${rows.map(({ summary }) => summary.min)}::float8[], ${rows.map(({ summary }) => summary.minStep)}::bigint[],
      ${rows.map(({ summary }) => summary.max)}::float8[], ${rows.map(({ summary }) => summary.maxStep)}::bigint[],
      ${rows.map(({ summary }) => summary.sum)}::float8[], ${rows.map(({ summary }) => summary.lastOther)}::text[])
    on conflict (run_id, attempt, metric_id) do update set
      count = s.count + excluded.count,
      non_finite = s.non_finite + excluded.non_finite,
      first = coalesce(s.first, excluded.first),
      first_step = coalesce(s.first_step, excluded.first_step),
      last = coalesce(excluded.last, s.last),
      last_step = coalesce(excluded.last_step, s.last_step),
      min = least(s.min, excluded.min),
      min_step = case when s.min <= excluded.min or excluded.min is null then s.min_step else excluded.min_step end,
      max = greatest(s.max, excluded.max),
      max_step = case when s.max >= excluded.max or excluded.max is null then s.max_step else excluded.max_step end,
      sum = coalesce(${addSums(tx)}, s.sum, excluded.sum),
      last_other = coalesce(excluded.last_other, s.last_other)`;
}

/**
 * PostgreSQL refuses a sum of finite numbers that is none itself, and with it the whole group; here it becomes infinite,
 * as in JavaScript (`meanOf` knows). Numerics are slow and only asked about numbers that can overflow.
 */
const addSums = (tx: Tx) => tx`
  case when abs(s.sum) < 8e307 and abs(excluded.sum) < 8e307 or abs(s.sum) = 'Infinity' or abs(excluded.sum) = 'Infinity'
      then s.sum + excluded.sum
    when s.sum::numeric + excluded.sum::numeric > 1.797e308 then 'Infinity'
    when s.sum::numeric + excluded.sum::numeric < -1.797e308 then '-Infinity'
    else s.sum + excluded.sum end`;

/** Before they are written anew from the history itself. */
export async function deleteSummaries(
  tx: Tx,
  { runId, attempt, metricIds }: AttemptKey & { metricIds: readonly number[] },
): Promise<void> {
  await tx`delete from metric_summaries
    where run_id = ${runId} and attempt = ${attempt} and metric_id = any(${[...metricIds]}::int[])`;
}

export interface ObjectiveRow {
  runId: number;
  objective: number | null;
  objectiveStep: number | null;
}

export async function writeObjectives(tx: Tx, rows: readonly ObjectiveRow[]): Promise<void> {
  await tx`
    update runs r set objective = k.objective, objective_step = k.step, changed_xid = pg_current_xact_id()
    from unnest(
      ${rows.map((row) => row.runId)}::bigint[], ${rows.map((row) => row.objective)}::float8[],
      ${rows.map((row) => row.objectiveStep)}::bigint[]) k (run_id, objective, step)
    where r.id = k.run_id`;
}

export async function listAttempts(sql: Sql | Tx, runId: number): Promise<AttemptFacts[]> {
  return sql<AttemptFacts[]>`
    select number, resumed_from_step as "resumedFromStep", last_step as "lastStep", overtaken_at_step as "overtakenAtStep"
    from attempts where run_id = ${runId} order by number`;
}
