import type { Access } from "@/core/access";
import type { WarningCode } from "@/core/run";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

export interface WarningRow {
  runId: number;
  code: WarningCode;
  message: string;
  attempt: number;
  at: Date;
}

/**
 * Keeps what is new of these warnings while the run has room for it. Its row is locked first, so that two calls count one after the other;
 * it counts as changed where something was kept.
 * @returns how many were kept; undefined where there is no such attempt
 */
export async function addWarnings(
  tx: Tx,
  {
    runId,
    attempt,
    warnings,
    max,
  }: {
    runId: number;
    attempt: number;
    warnings: readonly { code: string; message: string }[];
    /** Of a run, all attempts together. */
    max: number;
  },
): Promise<number | undefined> {
  const found = await tx<{ count: number }[]>`
    select from runs r join attempts a on a.run_id = r.id and a.number = ${attempt}
    where r.id = ${runId} and r.deleted_at is null for no key update of r`;
  if (found.length === 0) return undefined;
  const kept = await tx`
    insert into run_warnings (run_id, attempt, code, message)
    select ${runId}, ${attempt}, t.code, t.message
    from unnest(${warnings.map(({ code }) => code)}::text[], ${warnings.map(({ message }) => message)}::text[])
      with ordinality as t (code, message, place)
    where not exists (select from run_warnings w where w.run_id = ${runId} and w.attempt = ${attempt}
      and w.code = t.code and w.message = t.message)
    order by t.place
    limit greatest(0, ${max}::int - (select count(*)::int from run_warnings w where w.run_id = ${runId}))
    on conflict do nothing returning 1`;
  if (kept.length > 0) await tx`update runs set changed_xid = pg_current_xact_id() where id = ${runId}`;
  return kept.length;
}

/** Was one whose message begins with any of these texts given within the last `withinMs`? */
export async function hasRecentWarning(
  sql: Sql | Tx,
  {
    runId,
    code,
    beginnings,
    withinMs,
  }: { runId: number; code: WarningCode; beginnings: readonly string[]; withinMs: number },
): Promise<boolean> {
  const rows = await sql`
    select from run_warnings w, unnest(${[...beginnings]}::text[]) b (text)
    where w.run_id = ${runId} and w.code = ${code} and starts_with(w.message, b.text)
      and w.at > clock_timestamp() - ${withinMs}::float8 * interval '1 ms' limit 1`;
  return rows.length > 0;
}

/** Of all attempts, in the order they were given. */
export async function readWarnings(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
): Promise<WarningRow[]> {
  return sql<WarningRow[]>`
    select w.run_id as "runId", w.code, w.message, w.attempt, w.at
    from run_warnings w join runs r on r.id = w.run_id
    where w.run_id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by w.run_id, w.at, w.attempt, w.code collate "C", w.message collate "C"`;
}
