import type { Tx } from "../client";

/** The runs' rows are locked. @returns runs whose tags are others now */
export async function changeTags(
  tx: Tx,
  { runIds, add, remove }: { runIds: readonly number[]; add: readonly string[]; remove: readonly string[] },
): Promise<number[]> {
  const ids = [...runIds];
  const removed = await tx<{ runId: number }[]>`
    delete from run_tags where run_id = any(${ids}::bigint[]) and tag = any(${[...remove]}::text[])
    returning run_id as "runId"`;
  const added = await tx<{ runId: number }[]>`
    insert into run_tags (run_id, tag) select run, tag from unnest(${ids}::bigint[]) run cross join unnest(${[...add]}::text[]) tag
    on conflict do nothing returning run_id as "runId"`;
  return [...new Set([...removed, ...added].map(({ runId }) => runId))];
}

/** One of the runs that has more tags than that, if any. */
export async function findOvertagged(
  tx: Tx,
  { runIds, max }: { runIds: readonly number[]; max: number },
): Promise<{ runId: number; count: number } | undefined> {
  const rows = await tx<{ runId: number; count: number }[]>`
    select run_id as "runId", count(*)::int as count from run_tags where run_id = any(${[...runIds]}::bigint[])
    group by run_id having count(*) > ${max} limit 1`;
  return rows[0];
}

/** Null takes it away. The run's row is locked. */
export async function writeNote(
  tx: Tx,
  { runId, text, userId }: { runId: number; text: string | null; userId: number | null },
): Promise<void> {
  if (text === null) {
    await tx`delete from run_notes where run_id = ${runId}`;
    return;
  }
  await tx`
    insert into run_notes (run_id, text, user_id) values (${runId}, ${text}, ${userId})
    on conflict (run_id) do update set text = excluded.text, user_id = excluded.user_id, updated_at = now()`;
}

/** Who watches the runs shall see them again: what they are shown with has changed. */
export async function touchRuns(tx: Tx, runIds: readonly number[]): Promise<void> {
  await tx`update runs set changed_xid = pg_current_xact_id() where id = any(${[...runIds]}::bigint[])`;
}

export async function renameRunTo(
  tx: Tx,
  { runId, displayName }: { runId: number; displayName: string },
): Promise<void> {
  await tx`
    update runs set display_name = ${displayName}, changed_xid = pg_current_xact_id() where id = ${runId}`;
}
