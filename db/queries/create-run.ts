import type { Tx } from "../client";

export async function nextRunId(tx: Tx): Promise<number> {
  const rows = await tx<{ id: number }[]>`select nextval('runs_id_seq') as id`;
  return rows[0]?.id ?? 0;
}

/** A run outside a sweep, with its first attempt: no agent holds it, so it has no lease but the silence rule. */
export async function insertLooseRun(
  tx: Tx,
  run: {
    id: number;
    projectId: number;
    name: string;
    displayName: string;
    /** JSON text. */
    params: string;
    keyHash: Uint8Array;
    /** The API key that the run's key was derived from. */
    keyId: number | null;
    createdBy: number;
  },
): Promise<void> {
  await tx`
    insert into runs (id, project_id, name, display_name, state, params, attempt, created_by, started_at)
    overriding system value
    values (${run.id}, ${run.projectId}, ${run.name}, ${run.displayName}, 'running', ${run.params}::text::jsonb, 1,
      ${run.createdBy}, now())`;
  await tx`insert into attempts (run_id, number, key_hash, key_id) values (${run.id}, 1, ${run.keyHash}, ${run.keyId})`;
}
