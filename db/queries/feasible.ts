import type { Sql, Tx } from "../client";

/** What is asked of runs to know whether they keep to their sweep's constraints on metrics, and where the answer is kept. */

export interface LoggedRun {
  runId: number;
  /** JSON text. */
  params: string;
  /** The last finite value of each metric in the current attempt; those that it did not log are absent. */
  metrics: Record<string, number>;
}

/** @param names of the metrics that are asked for */
export async function readLogged(
  tx: Tx,
  runIds: readonly number[],
  names: readonly string[],
): Promise<LoggedRun[]> {
  return tx<LoggedRun[]>`
    select r.id as "runId", r.params::text as params, coalesce((
      select json_object_agg(m.name, u.last)
      from metrics m join metric_summaries u on u.run_id = r.id and u.attempt = r.attempt and u.metric_id = m.id
      where m.project_id = r.project_id and m.name = any(${[...names]}::text[]) and u.last is not null
    ), '{}') as metrics
    from runs r where r.id = any(${[...runIds]}::bigint[])`;
}

/** Their rows are locked. */
export async function writeFeasible(
  tx: Tx,
  rows: readonly { runId: number; feasible: boolean | null }[],
): Promise<void> {
  await tx`
    update runs r set feasible = t.feasible, changed_xid = pg_current_xact_id()
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as t ("runId" bigint, feasible boolean)
    where r.id = t."runId" and r.feasible is distinct from t.feasible`;
}

export interface EndedRun {
  runId: number;
  sweepId: string;
  generation: number;
  /** Its current attempt has ended. */
  ended: boolean;
}

/** The next runs of a sweep, by their ids, that were ever handed out. One that ends at this moment is waited for. */
export async function lockEnded(
  tx: Tx,
  { sweepId, after, limit }: { sweepId: string; after: number; limit: number },
): Promise<EndedRun[]> {
  return tx<EndedRun[]>`
    with held as (
      select id, sweep_id, generation, attempt from runs
      where sweep_id = ${sweepId} and id > ${after} and attempt > 0 and generation is not null and deleted_at is null
      order by id limit ${limit} for no key update
    )
    select h.id as "runId", h.sweep_id as "sweepId", h.generation, a.ended_at is not null as ended
    from held h join attempts a on a.run_id = h.id and a.number = h.attempt order by h.id`;
}

/** All of its ended runs have been asked. */
export async function markJudged(sql: Sql | Tx, sweepId: string): Promise<void> {
  await sql`update sweeps set unjudged = false, changed_xid = pg_current_xact_id() where id = ${sweepId} and unjudged`;
}
