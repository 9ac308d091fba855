import type { Access } from "@/core/access";
import type { RunState } from "@/core/run";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

/* Runs of before, as a new sweep was told of them. */

export interface CandidateRun {
  runId: number;
  name: string;
  state: RunState;
  attempt: number;
  /** JSON text. */
  params: string;
}

/** Runs of a project by their names, or else by their ids; unknown and deleted ones are absent. */
export async function findCandidates(
  tx: Tx,
  projectId: number,
  { names, ids }: { names: readonly string[]; ids: readonly number[] },
): Promise<CandidateRun[]> {
  return tx<CandidateRun[]>`
    select r.id as "runId", r.name, r.state, r.attempt, r.params::text as params from runs r
    where r.project_id = ${projectId} and r.deleted_at is null
      and (r.name = any(${[...names]}::text[]) or r.id = any(${[...ids]}::bigint[]))`;
}

export interface PriorRun {
  /** Below zero. */
  number: number;
  runId: number;
  /** Hex. */
  hash: string;
  repeat: number;
  /** JSON text of the logged event. */
  details: string;
}

/** Those that the sweep is told of from now on, in the place of others. Its row is new, or locked, and it has no search. */
export async function storePriorRuns(tx: Tx, sweepId: string, priors: readonly PriorRun[]): Promise<void> {
  await tx`delete from prior_runs where sweep_id = ${sweepId}`;
  await tx`
    insert into prior_runs (sweep_id, number, run_id, point_hash, repeat, details)
    select ${sweepId}, p.number, p."runId", decode(p.hash, 'hex'), p.repeat, p.details::jsonb
    from json_to_recordset(${JSON.stringify(priors)}::text::json)
      as p (number int, "runId" bigint, hash text, repeat int, details text)`;
  await tx`update sweeps set priors = ${priors.length} where id = ${sweepId}`;
}

/** In the order in which they were named. */
export async function readPriorRunIds(tx: Sql | Tx, sweepId: string): Promise<number[]> {
  const rows = await tx<{ runId: number }[]>`
    select run_id as "runId" from prior_runs where sweep_id = ${sweepId} order by number desc`;
  return rows.map(({ runId }) => runId);
}

/** The same for many sweeps, of each the first ones. Their numbers are -1, -2 and so on. */
export async function priorRunsOfSweeps(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
  { most }: { most: number },
): Promise<{ sweepId: string; runId: number }[]> {
  return sql<{ sweepId: string; runId: number }[]>`
    select p.sweep_id as "sweepId", p.run_id as "runId" from prior_runs p join sweeps s on s.id = p.sweep_id
    where p.sweep_id = any(${[...sweepIds]}::text[]) and p.number >= ${-most} and ${visible(sql, access, sql`s.project_id`)}
    order by p.sweep_id, p.number desc`;
}
