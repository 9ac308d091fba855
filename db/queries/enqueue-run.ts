import type { Tx } from "../client";

/* Runs that somebody asked for, on their way into a sweep's queue (engine/enqueue-run.ts). The sweep's row is locked. */

export async function countWaiting(tx: Tx, sweepId: string): Promise<number> {
  const rows = await tx<{ count: number }[]>`
    select count(*)::int as count from runs
    where sweep_id = ${sweepId} and state = 'pending' and deleted_at is null`;
  return rows[0]?.count ?? 0;
}

export interface AskedRun {
  projectId: number;
  sweepId: string;
  name: string;
  displayName: string;
  generation: number;
  /** Hex; null for parameters outside of the sweep's space. */
  pointHash: string | null;
  repeat: number;
  suggestion: number | null;
  /** JSON text. */
  params: string;
  createdBy: number;
}

/** Behind those that wait already. @returns undefined when the project has a run of that name */
export async function insertAskedRun(tx: Tx, run: AskedRun): Promise<number | undefined> {
  const rows = await tx<{ id: number }[]>`
    insert into runs (project_id, sweep_id, name, display_name, state, generation, point_hash, repeat, suggestion, params,
      attempt, created_by, queued_at)
    values (${run.projectId}, ${run.sweepId}, ${run.name}, ${run.displayName}, 'pending', ${run.generation},
      decode(${run.pointHash}::text, 'hex'), ${run.repeat}, ${run.suggestion}, ${run.params}::text::jsonb, 0, ${run.createdBy},
      clock_timestamp())
    on conflict (project_id, name) do nothing
    returning id`;
  return rows[0]?.id;
}

/**
 * Whoever takes the choice over begins anew: that the sweep's own points are all handed out is no end of what is still to be asked for.
 * @param counted the sweep numbers its runs by its cursor, so this one takes a number
 */
export async function countAskedRun(
  tx: Tx,
  { sweepId, counted, outside }: { sweepId: string; counted: boolean; outside: boolean },
): Promise<void> {
  await tx`
    update sweeps set run_count = run_count + 1, cursor = cursor + ${counted ? 1 : 0},
      exhausted = (exhausted and not (${outside} and not outside)) or coalesce(run_count + 1 >= run_cap, false),
      outside = ${outside},
      changed_xid = pg_current_xact_id()
    where id = ${sweepId}`;
}

/** Whoever chooses outside has nothing more to ask for. */
export async function exhaustSweep(tx: Tx, sweepId: string): Promise<void> {
  await tx`update sweeps set exhausted = true, changed_xid = pg_current_xact_id() where id = ${sweepId}`;
}
