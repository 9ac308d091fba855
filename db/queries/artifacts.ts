import type { Tx } from "../client";

/** All of a project that is purged; their bytes are loose. */
export async function deleteArtifactsOfProject(tx: Tx, projectId: number): Promise<void> {
  const these = tx`(select a.id from artifacts a join artifact_collections c on c.id = a.collection_id where c.project_id = ${projectId})`;
  await tx`delete from artifact_uses where artifact_id in ${these}`;
  await tx`delete from artifact_entries where artifact_id in ${these}`;
  await tx`delete from artifact_aliases where artifact_id in ${these}`;
  await tx`
    with gone as (delete from artifacts where id in ${these} returning manifest_place as place)
    insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone where place is not null on conflict do nothing`;
  await tx`delete from artifact_collections where project_id = ${projectId}`;
  await tx`
    with gone as (delete from artifact_files where project_id = ${projectId} returning place)
    insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone on conflict do nothing`;
}
