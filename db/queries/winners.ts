import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

/* Which run a sweep's model holds for the best: computed beside the search, kept in its row, read by a key. */

export interface ExpectedRun {
  runId: number;
  /** What the model expects of another run of its configuration on average, and how well it knows that. */
  mean: number;
  sd: number;
}

export interface WinnerRow extends ExpectedRun {
  sweepId: string;
  /** How many results the model had seen. */
  results: number;
  /** The run with the best value. */
  luckiest: ExpectedRun & { value: number };
}

/** Sweeps whose model has no answer, or whose winner was deleted since, are absent. */
export async function winnersOfSweeps(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<WinnerRow[]> {
  return sql<WinnerRow[]>`
    select c.sweep_id as "sweepId", r.id as "runId", (c.winner->>'mean')::float8 as mean,
      (c.winner->>'sd')::float8 as sd, c.winner_results as results, (c.winner->'luckiest') - 'number'
        || jsonb_build_object('runId', ${runNumbered(sql, sql`(c.winner->'luckiest'->>'number')::int`)}) as luckiest
    from searches c join sweeps s on s.id = c.sweep_id
    join runs r on r.id = ${runNumbered(sql, sql`(c.winner->>'number')::int`)} and r.deleted_at is null
    where c.sweep_id = any(${[...sweepIds]}::text[]) and c.winner is not null
      and ${visible(sql, access, sql`s.project_id`)}`;
}

/** The run that a search knows by this number: a proposal's, or one of before. */
const runNumbered = (sql: Sql, number: ReturnType<Sql>) => sql`coalesce(
  (select g.run_id from suggestions g where g.sweep_id = c.sweep_id and g.number = ${number}),
  (select p.run_id from prior_runs p where p.sweep_id = c.sweep_id and p.number = ${number}))`;

/**
 * By the holder of the search, whose row is locked after the sweep's.
 * @param winner JSON text; null where the model has no answer
 */
export async function noteWinner(
  tx: Tx,
  { sweepId, winner, results }: { sweepId: string; winner: string | null; results: number },
): Promise<void> {
  await tx`
    update searches set winner = ${winner}::text::jsonb, winner_results = ${results} where sweep_id = ${sweepId}`;
}

/** Who looks at the sweep is told. */
export async function touchSweep(tx: Tx, sweepId: string): Promise<{ projectId: number } | undefined> {
  const rows = await tx<{ projectId: number }[]>`
    update sweeps set changed_xid = pg_current_xact_id() where id = ${sweepId} returning project_id as "projectId"`;
  return rows[0];
}
