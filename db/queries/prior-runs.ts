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
  sweepId: string | null;
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
    select r.id as "runId", r.name, r.state, r.attempt, r.sweep_id as "sweepId", r.params::text as params from runs r
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
  await insertPriorRuns(tx, sweepId, priors);
  await tx`update sweeps set priors = ${priors.length} where id = ${sweepId}`;
}

/** The same beside those it knows. Its row is locked, and so is its search, if it has one. */
export async function addPriorRuns(tx: Tx, sweepId: string, priors: readonly PriorRun[]): Promise<void> {
  await insertPriorRuns(tx, sweepId, priors);
  await tx`
    update sweeps set priors = priors + ${priors.length}, changed_xid = pg_current_xact_id() where id = ${sweepId}`;
}

async function insertPriorRuns(tx: Tx, sweepId: string, priors: readonly PriorRun[]): Promise<void> {
  await tx`
    insert into prior_runs (sweep_id, number, run_id, point_hash, repeat, details)
    select ${sweepId}, p.number, p."runId", decode(p.hash, 'hex'), p.repeat, p.details::jsonb
    from json_to_recordset(${JSON.stringify(priors)}::text::json)
      as p (number int, "runId" bigint, hash text, repeat int, details text)`;
}

/** How many runs of each of these points (hex) a sweep has or was told of: the next one's repeat. */
export async function countRepeats(
  tx: Tx,
  sweepId: string,
  hashes: readonly string[],
): Promise<Map<string, number>> {
  const rows = await tx<{ hash: string; repeat: number }[]>`
    select a.hash, max(had.repeat) + 1 as repeat
    from unnest(${[...hashes]}::text[]) a (hash)
    join lateral (
      select r.repeat from runs r
      where r.sweep_id = ${sweepId} and r.point_hash = decode(a.hash, 'hex') and r.deleted_at is null
      union all
      select p.repeat from prior_runs p where p.sweep_id = ${sweepId} and p.point_hash = decode(a.hash, 'hex')
    ) had on true
    group by a.hash`;
  return new Map(rows.map(({ hash, repeat }) => [hash, repeat]));
}

/** In the order in which they were named. */
export async function readPriorRunIds(tx: Sql | Tx, sweepId: string): Promise<number[]> {
  const rows = await tx<{ runId: number }[]>`
    select run_id as "runId" from prior_runs where sweep_id = ${sweepId} order by number desc`;
  return rows.map(({ runId }) => runId);
}

/** The same for many sweeps, of each the first ones. */
export async function priorRunsOfSweeps(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
  { most }: { most: number },
): Promise<{ sweepId: string; runId: number }[]> {
  return sql<{ sweepId: string; runId: number }[]>`
    select s.id as "sweepId", p.run_id as "runId" from sweeps s
    cross join lateral (
      select run_id, number from prior_runs where sweep_id = s.id order by number desc limit ${most}) p
    where s.id = any(${[...sweepIds]}::text[]) and ${visible(sql, access, sql`s.project_id`)}
    order by s.id, p.number desc`;
}
