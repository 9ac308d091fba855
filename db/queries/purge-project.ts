import type { Sql, Tx } from "../client";
import { deleteArtifactsOfProject } from "./artifacts";
import { deleteFilesOfRuns } from "./files";

/*
 * What a deleted project held goes in slices: some hundred runs with all that hangs on them, then the sweeps, then the
 * names. Its row stays, since keys and audit events refer to it. Whoever purges holds the project's row, so of several
 * servers one works on it at a time, and any other goes on where that one stopped.
 */

/** Projects deleted for so long, not purged yet. */
export async function findDeletedProjects(
  sql: Sql | Tx,
  { afterMs, limit }: { afterMs: number; limit: number },
): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    select id from projects
    where deleted_at < clock_timestamp() - ${afterMs}::float8 * interval '1 ms' and purged_at is null
    order by id limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** @returns false when another server is at it, or all is done */
export async function lockPurge(tx: Tx, projectId: number): Promise<boolean> {
  const rows = await tx`
    select from projects where id = ${projectId} and deleted_at is not null and purged_at is null
    for no key update skip locked`;
  return rows.length > 0;
}

/** Runs of the project, deleted ones included, found by the index (project, name). */
export async function someRuns(tx: Tx, projectId: number, limit: number): Promise<number[]> {
  const rows = await tx<{ id: number }[]>`
    select id from runs where project_id = ${projectId} order by project_id, name limit ${limit} for update skip locked`;
  return rows.map(({ id }) => id);
}

/** Those too that somebody else works on at the moment, whom `someRuns` passes over. */
export async function hasRuns(tx: Tx, projectId: number): Promise<boolean> {
  const rows = await tx`select from runs where project_id = ${projectId} limit 1`;
  return rows.length > 0;
}

/** Everything that these runs left behind, and the runs; sent together. */
export async function deleteRuns(tx: Tx, runIds: readonly number[]): Promise<void> {
  const these = tx`any(${[...runIds]}::bigint[])`;
  await Promise.all([
    tx`delete from metric_tails where run_id = ${these}`,
    tx`delete from metric_axes where run_id = ${these}`,
    tx`delete from metric_values where run_id = ${these}`,
    tx`delete from metric_summaries where run_id = ${these}`,
    tx`delete from rungs where run_id = ${these}`,
    tx`delete from output_chunks where run_id = ${these}`,
    tx`delete from run_tags where run_id = ${these}`,
    tx`delete from run_notes where run_id = ${these}`,
    tx`delete from run_warnings where run_id = ${these}`,
    tx`delete from attempt_facts where run_id = ${these}`,
    tx`delete from system_samples where run_id = ${these}`,
    tx`delete from run_records where run_id = ${these}`,
    tx`delete from wire_attempts where run_id = ${these}`,
    deleteFilesOfRuns(tx, runIds),
    tx`delete from artifact_uses where run_id = ${these}`,
    tx`update artifacts set run_id = null where run_id = ${these}`,
    tx`delete from attempts where run_id = ${these}`,
    tx`delete from runs where id = ${these}`,
  ]);
}

/** Sweeps without runs, with their agents. @returns how many */
export async function deleteSweeps(tx: Tx, projectId: number, limit: number): Promise<number> {
  const rows = await tx<{ id: string }[]>`
    select id from sweeps where project_id = ${projectId} order by created_at limit ${limit} for update`;
  const these = tx`any(${rows.map(({ id }) => id)}::text[])`;
  await Promise.all([
    tx`delete from wire_agents where agent_id in (select id from agents where sweep_id = ${these})`,
    tx`delete from wire_sweeps where sweep_id = ${these}`,
    tx`delete from agents where sweep_id = ${these}`,
    tx`delete from machines where sweep_id = ${these}`,
    tx`delete from search_events where sweep_id = ${these}`,
    tx`delete from suggestions where sweep_id = ${these}`,
    tx`delete from searches where sweep_id = ${these}`,
    tx`delete from fronts where sweep_id = ${these}`,
    tx`delete from prior_runs where sweep_id = ${these}`,
    tx`delete from importance_answers where sweep_id = ${these}`,
    tx`delete from sweep_generations where sweep_id = ${these}`,
    tx`delete from sweeps where id = ${these}`,
  ]);
  return rows.length;
}

/** The last slice: what is small, and the mark that nothing is left. */
export async function finishPurge(tx: Tx, projectId: number): Promise<void> {
  await Promise.all([
    deleteArtifactsOfProject(tx, projectId),
    tx`delete from metrics where project_id = ${projectId}`,
    tx`delete from project_members where project_id = ${projectId}`,
    tx`delete from saved_views where project_id = ${projectId}`,
    tx`update projects set purged_at = clock_timestamp(), description = null where id = ${projectId}`,
  ]);
}
