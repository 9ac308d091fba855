import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { SortKey } from "@/core/filter/order";
import type { Filter } from "@/core/filter/tree";
import type { ProjectField } from "@/core/project-filter";
import type { Database, Sql, Tx } from "../client";
import { activeAt } from "./activity";
import { type Source, toCondition } from "./filter-sql";
import { toKeyset } from "./keyset";
import { type ListPage, readListPages, type Slice } from "./list-page";
import { visible } from "./visible";

export interface ProjectRow {
  id: number;
  entityId: number;
  entity: string;
  name: string;
  description: string | null;
  /** Null: as the server's own setting has it. */
  keepOutputDays: number | null;
  keepHistoryDays: number | null;
  createdAt: Date;
}

const columns = (sql: Sql | Tx) => sql`
  p.id, p.entity_id as "entityId", e.name as entity, p.name, p.description,
  p.keep_output_days as "keepOutputDays", p.keep_history_days as "keepHistoryDays", p.created_at as "createdAt"`;

export async function getProjects(
  db: Database,
  access: Access,
  ids: readonly number[],
): Promise<ProjectRow[]> {
  const { sql } = db;
  return sql<ProjectRow[]>`
    select ${columns(sql)} from projects p join entities e on e.id = p.entity_id
    where p.id = any(${[...ids]}::int[]) and ${visible(sql, access, sql`p.id`)}`;
}

export async function findProject(
  db: Database,
  access: Access,
  { entity, name }: { entity: string; name: string },
): Promise<ProjectRow | undefined> {
  const { sql } = db;
  const rows = await sql<ProjectRow[]>`
    select ${columns(sql)} from projects p join entities e on e.id = p.entity_id
    where lower(e.name) = lower(${entity}) and p.name = ${name} and ${visible(sql, access, sql`p.id`)}`;
  return rows[0];
}

export interface ProjectsQuery extends Slice {
  readonly filter?: Filter | undefined;
  readonly order?: readonly SortKey[] | undefined;
}

/** A page of all projects that may be seen. */
export async function listProjects(
  db: Database,
  access: Access,
  query: ProjectsQuery,
): Promise<ListPage<ProjectRow>> {
  const { sql } = db;
  const asked = sql`(select 1 as scope) asked`;
  const pages = await readProjects<number>(sql, access, { asked, within: sql`true` }, query);
  return pages.get(1) ?? { rows: [], more: false, total: 0 };
}

/** A page of those of each entity. */
export async function listProjectsOfEntities(
  db: Database,
  access: Access,
  entityIds: readonly number[],
  query: ProjectsQuery,
): Promise<Map<number, ListPage<ProjectRow>>> {
  const { sql } = db;
  const asked = sql`(select unnest(${[...entityIds]}::int[]) as scope) asked`;
  return readProjects(sql, access, { asked, within: sql`p.entity_id = asked.scope` }, query);
}

function readProjects<Scope>(
  sql: Sql,
  access: Access,
  { asked, within }: { asked: Fragment; within: Fragment },
  { filter, order = [], ...slice }: ProjectsQuery,
): Promise<Map<Scope, ListPage<ProjectRow>>> {
  const source: Source = { value: ({ name }) => sql`${FIELDS(sql)[name as ProjectField]}` };
  return readListPages<ProjectRow, Scope>(
    sql,
    {
      asked,
      found: sql`from projects p join entities e on e.id = p.entity_id
        where ${visible(sql, access, sql`p.id`)} and ${within}
          and ${filter ? toCondition(sql, filter, source) : sql`true`}`,
      filtered: filter !== undefined,
      keyset: toKeyset(sql, order, source, { value: sql`p.id`, type: "integer" }),
      columns: columns(sql),
      tables: sql`left join (projects p join entities e on e.id = p.entity_id) on p.id = f.id`,
    },
    slice,
  );
}

const FIELDS = (sql: Sql): Record<ProjectField, Fragment> => ({
  id: sql`p.id`,
  name: sql`p.name`,
  entity: sql`e.name`,
  description: sql`p.description`,
  createdAt: sql`p.created_at`,
  activeAt: activeAt(sql),
});

/** The project of that name, made when it is not there yet. Safe when two callers make it at once. */
export async function ensureProject(
  tx: Tx,
  { entityId, name }: { entityId: number; name: string },
): Promise<{ id: number; created: boolean }> {
  const made = await tx<{ id: number }[]>`
    insert into projects (entity_id, name) values (${entityId}, ${name})
    on conflict (entity_id, name) where deleted_at is null do nothing returning id`;
  if (made[0] !== undefined) return { id: made[0].id, created: true };
  const found = await tx<
    { id: number }[]
  >`select id from projects where entity_id = ${entityId} and name = ${name} and deleted_at is null`;
  if (found[0] === undefined) throw new Error(`project ${name} vanished between two statements`);
  return { id: found[0].id, created: false };
}
