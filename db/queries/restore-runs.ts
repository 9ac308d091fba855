import type { Sql, Tx } from "../client";
import type { RunFacts } from "./facts";

/** Deleted no longer ago than this; others are unknown. */
export async function readDeletedRuns(
  sql: Sql | Tx,
  runIds: readonly number[],
  { withinMs }: { withinMs: number },
): Promise<RunFacts[]> {
  return sql<RunFacts[]>`
    select id as "runId", project_id as "projectId", sweep_id as "sweepId", generation, name
    from runs where id = any(${[...runIds]}::bigint[])
      and deleted_at > clock_timestamp() - ${withinMs}::float8 * interval '1 ms'`;
}

export interface Rival {
  runId: number;
  /** The deleted run whose point it has. */
  of: number;
  name: string;
  sweepId: string;
  /** Nobody has taken it, or it was ended before anybody did. */
  waits: boolean;
}

/** The deleted runs, locked, and the runs that have got their points since, earlier ones of themselves among them. The rows of their sweeps are locked. */
export async function lockDeletedRuns(
  tx: Tx,
  runIds: readonly number[],
): Promise<{ runs: { runId: number; sweepId: string | null }[]; rivals: Rival[] }> {
  const ids = tx`${[...runIds]}::bigint[]`;
  const runs = await tx<{ runId: number; sweepId: string | null }[]>`
    select id as "runId", sweep_id as "sweepId" from runs
    where id = any(${ids}) and deleted_at is not null order by id for no key update`;
  // Those that live are found by the index of their points, which has no others.
  const rivals = await tx<Rival[]>`
    with deleted as materialized (
      select id, sweep_id, point_hash, repeat from runs where id = any(${ids})
    ), same as (
      select d.id as of, r.id from deleted d join runs r
        on r.sweep_id = d.sweep_id and r.point_hash = d.point_hash and r.repeat = d.repeat and r.deleted_at is null
      union all
      select d.id, r.id from deleted d join deleted r
        on r.sweep_id = d.sweep_id and r.point_hash = d.point_hash and r.repeat = d.repeat and r.id < d.id
    )
    select r.id as "runId", s.of, r.name, r.sweep_id as "sweepId", r.deleted_at is null and r.attempt = 0 as waits
    from same s join runs r on r.id = s.id
    order by r.id for no key update of r`;
  return { runs, rivals };
}

/** As they were; those that waited go into the queue again, unless their sweep has ended meanwhile: then they are killed. */
export async function unmarkDeleted(tx: Tx, runIds: readonly number[]): Promise<void> {
  await tx`update run_files set leaves_at = null where run_id = any(${[...runIds]}::bigint[])`;
  await tx`
    update runs r set deleted_at = null, changed_xid = pg_current_xact_id(),
      queued_at = case when r.state in ('pending', 'preempted') and x.open then clock_timestamp() end,
      state = case when r.state in ('pending', 'preempted') and not x.open then 'killed' else r.state end,
      state_reason = case when r.state in ('pending', 'preempted') and not x.open then 'stopped_by_user' else r.state_reason end,
      finished_at = case when r.state in ('pending', 'preempted') and not x.open then clock_timestamp() else r.finished_at end
    from (
      select r.id, s.state is null or s.state not in ('finished', 'canceled') as open
      from runs r left join sweeps s on s.id = r.sweep_id where r.id = any(${[...runIds]}::bigint[])
    ) x
    where r.id = x.id`;
}
