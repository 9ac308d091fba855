import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

export interface SavedViewRow {
  id: number;
  projectId: number;
  sweepId: string | null;
  name: string;
  search: string;
  userId: number;
  createdAt: Date;
  updatedAt: Date;
}

const columns = (sql: Sql | Tx) => sql`
  v.id, v.project_id as "projectId", v.sweep_id as "sweepId", v.name, v.search, v.user_id as "userId",
  v.created_at as "createdAt", v.updated_at as "updatedAt"`;

/** In any order; unknown and invisible ones are absent. */
export async function getViews(
  { sql }: Database,
  access: Access,
  ids: readonly number[],
): Promise<SavedViewRow[]> {
  return sql<SavedViewRow[]>`
    select ${columns(sql)} from saved_views v
    where v.id = any(${[...ids]}::int[]) and ${visible(sql, access, sql`v.project_id`)}`;
}

/** Of pages of these sweeps, by name. */
export async function viewsOfSweeps(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<(SavedViewRow & { sweepId: string })[]> {
  return sql<(SavedViewRow & { sweepId: string })[]>`
    select ${columns(sql)} from saved_views v join sweeps s on s.id = v.sweep_id and s.project_id = v.project_id
    where s.id = any(${[...sweepIds]}::text[]) and ${visible(sql, access, sql`s.project_id`)}
    order by v.name collate "C"`;
}

/** Of the projects' own pages, by name. */
export async function viewsOfProjects(
  { sql }: Database,
  access: Access,
  projectIds: readonly number[],
): Promise<SavedViewRow[]> {
  return sql<SavedViewRow[]>`
    select ${columns(sql)} from saved_views v
    where v.project_id = any(${[...projectIds]}::int[]) and v.sweep_id is null and ${visible(sql, access, sql`v.project_id`)}
    order by v.name collate "C"`;
}

export interface ViewToSave {
  projectId: number;
  sweepId: string | null;
  userId: number;
  name: string;
  search: string;
}

/** Keeps the number of a view that has the name. @returns undefined where there are `max` others already */
export async function writeView(tx: Tx, view: ViewToSave, max: number): Promise<number | undefined> {
  // Those who save at once wait for each other, so that the bound holds.
  await tx`select pg_advisory_xact_lock(hashtextextended(${`besom views ${view.projectId} ${view.sweepId}`}, 0))`;
  const rows = await tx<{ id: number }[]>`
    insert into saved_views (project_id, sweep_id, user_id, name, search)
    select ${view.projectId}::int, ${view.sweepId}::text, ${view.userId}::int, ${view.name}::text, ${view.search}::text
    where (select count(*) from saved_views where project_id = ${view.projectId}
      and sweep_id is not distinct from ${view.sweepId}::text and name <> ${view.name}) < ${max}
    on conflict (project_id, coalesce(sweep_id, ''), name)
      do update set search = excluded.search, user_id = excluded.user_id, updated_at = clock_timestamp()
    returning id`;
  await touchSweep(tx, view.sweepId);
  return rows[0]?.id;
}

export async function removeView(tx: Tx, { id, sweepId }: SavedViewRow): Promise<boolean> {
  const rows = await tx`delete from saved_views where id = ${id} returning 1`;
  await touchSweep(tx, sweepId);
  return rows.length > 0;
}

/** Whoever looks at the sweep hears of it. */
async function touchSweep(tx: Tx, sweepId: string | null): Promise<void> {
  if (sweepId !== null) await tx`update sweeps set changed_xid = pg_current_xact_id() where id = ${sweepId}`;
}
