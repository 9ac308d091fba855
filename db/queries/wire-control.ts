import type { Sql, Tx } from "../client";

/* What a controller on somebody's machine and the server tell each other of a sweep (engine/follow-controller.ts). */

/** A run that was made for what the controller calls `id`. */
export interface Scheduled {
  id: string;
  /** Its name. */
  runid: string;
}

export interface Control {
  /** What the controller said last, as JSON text; null before it spoke. */
  said: string | null;
  scheduled: Scheduled[];
}

export async function readControl(sql: Sql | Tx, sweepId: string): Promise<Control> {
  const rows = await sql<{ said: string | null; scheduled: Scheduled[] | null }[]>`
    select controller::text as said, scheduler -> 'scheduled' as scheduled from wire_sweeps where sweep_id = ${sweepId}`;
  return { said: rows[0]?.said ?? null, scheduled: rows[0]?.scheduled ?? [] };
}

/** Also of a sweep that came by another door. The sweep's row is locked. */
export async function writeControl(
  tx: Tx,
  { sweepId, said, scheduled }: { sweepId: string; said: string; scheduled: readonly Scheduled[] },
): Promise<void> {
  const scheduler = JSON.stringify({ scheduled });
  await tx`
    insert into wire_sweeps as w (sweep_id, input_hash, controller, scheduler)
    values (${sweepId}, '', ${said}::text::jsonb, ${scheduler}::text::jsonb)
    on conflict (sweep_id) do update set controller = excluded.controller, scheduler = excluded.scheduler`;
}

/** Those that are there, and may still be ended. */
export async function findRunIds(
  sql: Sql | Tx,
  { sweepId, names }: { sweepId: string; names: readonly string[] },
): Promise<number[]> {
  if (names.length === 0) return [];
  const rows = await sql<{ id: number }[]>`
    select id from runs where sweep_id = ${sweepId} and name = any(${[...names]}::text[]) and deleted_at is null
      and stop_requested is null and finished_at is null
    order by id`;
  return rows.map(({ id }) => id);
}

/** `NAME`, or the first of `NAME-2`, `NAME-3` ... that no run of the project is called; deleted ones keep theirs. */
export async function findFreeName(
  sql: Sql | Tx,
  { projectId, name }: { projectId: number; name: string },
): Promise<string> {
  const rows = await sql<{ free: string }[]>`
    select t.free from generate_series(1, ${MOST_NAMES}::int) n
    cross join lateral (select case n when 1 then ${name}::text else ${name}::text || '-' || n end as free) t
    where not exists (select from runs r where r.project_id = ${projectId} and r.name = t.free)
    order by n limit 1`;
  return rows[0]?.free ?? `${name}-${MOST_NAMES}`;
}
const MOST_NAMES = 1_000;
