import type { Tx } from "../client";

export interface RunDates {
  startedAt: Date | null;
  finishedAt: Date | null;
}

/**
 * A run outside sweeps, with its current attempt: when they began and ended. What is null stays as it was; what has not ended has no end.
 * The run's row is locked.
 * @returns the run's dates afterwards
 */
export async function writeRunDates(
  tx: Tx,
  { runId, startedAt, finishedAt }: RunDates & { runId: number },
): Promise<RunDates | undefined> {
  const rows = await tx<RunDates[]>`
    with dated as (
      update runs set started_at = coalesce(${startedAt}::timestamptz, started_at),
        finished_at = case when finished_at is not null then coalesce(${finishedAt}::timestamptz, finished_at) end,
        changed_xid = pg_current_xact_id()
      where id = ${runId} returning id, attempt, started_at, finished_at
    ), own as (
      update attempts a set started_at = coalesce(${startedAt}::timestamptz, a.started_at),
        ended_at = case when a.ended_at is not null then coalesce(${finishedAt}::timestamptz, a.ended_at) end,
        changed_xid = pg_current_xact_id()
      from dated d where a.run_id = d.id and a.number = d.attempt
    )
    select started_at as "startedAt", finished_at as "finishedAt" from dated`;
  return rows[0];
}
