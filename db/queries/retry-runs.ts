import type { Tx } from "../client";

/* Runs that go out once more because somebody wants it. Their rows are locked, behind those of their sweeps. */

/** Into the queue: before anything new, in the order of their numbers. Retries begin anew. */
export async function requeueRuns(tx: Tx, runIds: readonly number[]): Promise<void> {
  await tx`
    update runs set state = 'pending', state_reason = null, state_detail = null, queued_at = clock_timestamp(),
      finished_at = null, stop_requested = null, early_stop = null, crashes = 0, changed_xid = pg_current_xact_id()
    where id = any(${[...runIds]}::bigint[])`;
}

export interface EndedSuggestion {
  runId: number;
  params: string;
  /** Hex. */
  hash: string;
  repeat: number;
}

/**
 * Of runs that a search proposed, those whose end its log was told: what they come to now needs a number of its own there. Of the
 * others the search waits to hear, or was told that they were lost and may come back.
 */
export async function readEndedSuggestions(
  tx: Tx,
  { sweepId, runIds }: { sweepId: string; runIds: readonly number[] },
): Promise<EndedSuggestion[]> {
  return tx<EndedSuggestion[]>`
    select distinct on (g.run_id) g.run_id as "runId", g.params::text as params, encode(g.point_hash, 'hex') as hash, g.repeat
    from suggestions g
    where g.sweep_id = ${sweepId} and g.run_id = any(${[...runIds]}::bigint[])
      and not exists (select from suggestions o
        where o.sweep_id = g.sweep_id and o.run_id = g.run_id and o.told <> 'ended')
    order by g.run_id, g.number desc`;
}
