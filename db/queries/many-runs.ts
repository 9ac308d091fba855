import type { Tx } from "../client";
import type { LockedAttempt } from "./settle-attempts";

/** What `lockRun` and its like do, for many runs at once: runs are locked in the order of their ids, as everywhere. */
export async function lockRuns(tx: Tx, runIds: readonly number[]): Promise<LockedAttempt[]> {
  const ids = tx`${[...runIds]}::bigint[]`;
  await tx`select from runs where id = any(${ids}) order by id for no key update`;
  return tx<LockedAttempt[]>`
    select r.id as "runId", r.attempt, r.attempt as current, r.project_id as "projectId", r.sweep_id as "sweepId",
      case when r.generation is not null then s.generation end as generation, r.state as "runState", coalesce(a.state, 'running') as "attemptState",
      coalesce(a.ended_at is not null, true) as ended, a.reason as "attemptReason",
      r.stop_requested as "stopRequested", r.crashes, r.preemptions, a.agent_id as "agentId",
      a.lease_expires_at is not null as leased, s.state as "sweepState"
    from runs r
    left join attempts a on a.run_id = r.id and a.number = r.attempt
    left join sweeps s on s.id = r.sweep_id
    where r.id = any(${ids}) and r.deleted_at is null order by r.id`;
}

export async function markRunsDeleted(
  tx: Tx,
  runIds: readonly number[],
  { filesStayMs }: { filesStayMs: number },
): Promise<void> {
  await tx`
    update runs set deleted_at = clock_timestamp(), queued_at = null, changed_xid = pg_current_xact_id()
    where id = any(${[...runIds]}::bigint[])`;
  // Their bytes go when they can't be restored any more (engine/files/remove-loose.ts).
  await tx`
    update run_files set leaves_at = clock_timestamp() + ${filesStayMs}::float8 * interval '1 ms'
    where run_id = any(${[...runIds]}::bigint[])`;
}

/**
 * The sweep's row is locked. Fewer runs count towards run_cap, so there may be room for new ones; and a search, whose cursor only
 * counts, gets back the point of a run under way: its next claim finds out whether anything is left. Where somebody outside chooses, what
 * that one said of the end holds.
 */
export async function uncountRuns(
  tx: Tx,
  { sweepId, count }: { sweepId: string; count: number },
): Promise<void> {
  await tx`
    update sweeps set run_count = run_count - ${count}::int,
      exhausted = case when outside then exhausted and not coalesce(run_count >= run_cap, false)
          else coalesce(cursor >= size, false) and not exists (select from searches c where c.sweep_id = sweeps.id) end
        or coalesce(run_count - ${count}::int >= run_cap, false),
      changed_xid = pg_current_xact_id()
    where id = ${sweepId}`;
}

/** For their holders to learn with their next heartbeats. */
export async function requestStops(tx: Tx, runIds: readonly number[]): Promise<void> {
  await tx`
    update runs set stop_requested = coalesce(stop_requested, 'stop'), changed_xid = pg_current_xact_id()
    where id = any(${[...runIds]}::bigint[])`;
}

/** Takes runs out of the queue for good. */
export async function killManyWaiting(tx: Tx, runIds: readonly number[]): Promise<void> {
  await tx`
    update runs set state = 'killed', state_reason = 'stopped_by_user', stop_requested = 'stop', queued_at = null,
      finished_at = clock_timestamp(), changed_xid = pg_current_xact_id()
    where id = any(${[...runIds]}::bigint[])`;
}
