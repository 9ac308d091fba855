import type { Sql, Tx } from "../client";

/** @returns its id; undefined when the entity has a project of that name */
export async function insertProject(
  tx: Tx,
  { entityId, name, description }: { entityId: number; name: string; description: string | null },
): Promise<number | undefined> {
  const rows = await tx<{ id: number }[]>`
    insert into projects (entity_id, name, description) values (${entityId}, ${name}, ${description})
    on conflict (entity_id, name) where deleted_at is null do nothing returning id`;
  return rows[0]?.id;
}

export interface ProjectChange {
  /** Undefined leaves a value as it is. */
  description?: string | null;
  keepOutputDays?: number | null;
  keepHistoryDays?: number | null;
}

export async function updateProject(tx: Tx, projectId: number, change: ProjectChange): Promise<void> {
  const { description, keepOutputDays, keepHistoryDays } = change;
  const keep = (value: unknown) => value === undefined;
  await tx`
    update projects set
      description = case when ${keep(description)} then description else ${description ?? null} end,
      keep_output_days = case when ${keep(keepOutputDays)} then keep_output_days else ${keepOutputDays ?? null}::int end,
      keep_history_days = case when ${keep(keepHistoryDays)} then keep_history_days else ${keepHistoryDays ?? null}::int end,
      changed_xid = pg_current_xact_id()
    where id = ${projectId}`;
}

/** Undefined for a project that is not there, or no longer. */
export async function lockProject(
  tx: Tx,
  projectId: number,
): Promise<{ entityId: number; name: string } | undefined> {
  const rows = await tx<{ entityId: number; name: string }[]>`
    select entity_id as "entityId", name from projects where id = ${projectId} and deleted_at is null
    for no key update`;
  return rows[0];
}

/** From now on nobody sees it, its name is free, and neither its keys nor its invitations work. The row is locked. */
export async function markProjectDeleted(tx: Tx, projectId: number): Promise<void> {
  await Promise.all([
    tx`update projects set deleted_at = clock_timestamp(), changed_xid = pg_current_xact_id() where id = ${projectId}`,
    tx`update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp()) where project_id = ${projectId}`,
    tx`update invitations set revoked_at = coalesce(revoked_at, clock_timestamp()) where project_id = ${projectId}`,
  ]);
}

export async function isProjectDeleted(sql: Sql | Tx, projectId: number): Promise<boolean> {
  const rows = await sql`select from projects where id = ${projectId} and deleted_at is not null`;
  return rows.length > 0;
}
