import type { Fragment } from "postgres";
import type { Tx } from "../client";
import { lockMerge } from "./merge-history";

export interface ExpiredRun {
  runId: number;
  projectId: number;
  sweepId: string | null;
  deleted: boolean;
  output: boolean;
  history: boolean;
}

/** Days after a run's end; null: for ever. A project's own setting wins. */
export interface Keep {
  readonly outputDays: number | null;
  readonly historyDays: number | null;
}

/** The id that a slice of so many runs after `position` ends with; undefined at the end of the table. */
export async function endOfSlice(tx: Tx, position: number, length: number): Promise<number | undefined> {
  const rows = await tx<{ id: number | null }[]>`
    select max(id) as id from (select id from runs where id > ${position} order by id limit ${length}) slice`;
  return rows[0]?.id ?? undefined;
}

/**
 * Runs of the slice whose time is over, or that were deleted, locked. One that ended again after it had been dropped (it was resumed) counts anew.
 * What somebody else works on is passed over until the next round.
 */
export async function lockExpiredRuns(
  tx: Tx,
  { from, to, keep, limit }: { from: number; to: number; keep: Keep; limit: number },
): Promise<ExpiredRun[]> {
  const isOver = (dropped: Fragment, own: Fragment, days: number | null) => tx`coalesce(
    coalesce(${dropped} < coalesce(r.deleted_at, r.finished_at), true) and (r.deleted_at is not null
      or r.finished_at < clock_timestamp() - coalesce(${own}, ${days}::int) * interval '1 day'), false)`;
  const output = isOver(tx`r.output_dropped_at`, tx`p.keep_output_days`, keep.outputDays);
  const history = isOver(tx`r.history_dropped_at`, tx`p.keep_history_days`, keep.historyDays);
  return tx<ExpiredRun[]>`
    select r.id as "runId", r.project_id as "projectId", r.sweep_id as "sweepId", r.deleted_at is not null as deleted,
      ${output} as output, ${history} as history
    from runs r join projects p on p.id = r.project_id
    where r.id > ${from} and r.id <= ${to} and (${output} or ${history})
    order by r.id limit ${limit} for no key update of r skip locked`;
}

/** The runs' own output; their rows are locked. */
export async function dropOutput(tx: Tx, runIds: readonly number[]): Promise<void> {
  const these = tx`any(${[...runIds]}::bigint[])`;
  await tx`delete from output_chunks where run_id = ${these}`;
  await tx`update runs set output_dropped_at = clock_timestamp(), changed_xid = pg_current_xact_id() where id = ${these}`;
}

/**
 * The metric histories of these runs, tails and chunks, and what their machines did; summaries and rungs stay. Their rows are locked.
 * @returns those that are left for the next round, since their tails are being merged
 */
export async function dropHistory(tx: Tx, runIds: readonly number[]): Promise<number[]> {
  const busy = await mergedElsewhere(tx, runIds);
  const these = tx`any(${runIds.filter((runId) => !busy.includes(runId))}::bigint[])`;
  await tx`delete from metric_tails where run_id = ${these}`;
  await tx`delete from metric_axes where run_id = ${these}`;
  await tx`delete from metric_values where run_id = ${these}`;
  await tx`delete from system_samples where run_id = ${these}`;
  await tx`update attempts set tails = 0, tail_steps = 0 where run_id = ${these} and tails > 0`;
  await tx`update runs set history_dropped_at = clock_timestamp(), changed_xid = pg_current_xact_id() where id = ${these}`;
  return busy;
}

async function mergedElsewhere(tx: Tx, runIds: readonly number[]): Promise<number[]> {
  const rows = await tx<{ runId: number; attempt: number }[]>`
    select run_id as "runId", number as attempt from attempts
    where run_id = any(${[...runIds]}::bigint[]) and tails > 0 order by run_id, number`;
  const busy: number[] = [];
  for (const row of rows) if (!(await lockMerge(tx, row))) busy.push(row.runId);
  return busy;
}
