import type { Access, Role } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { belongs, visibleEntity } from "./visible";

export interface EntityRow {
  id: number;
  name: string;
  kind: "user" | "team";
  createdAt: Date;
  /** The caller's role there by itself, whatever its key may do; null for who only sees one of its projects. */
  role: Role | null;
}

/** By name, without regard to case. */
export async function getEntities(
  { sql }: Database,
  access: Access,
  names: readonly string[],
): Promise<EntityRow[]> {
  return sql<EntityRow[]>`
    select e.id, e.name, e.kind, e.created_at as "createdAt", ${roleOf(sql, access)} as role from entities e
    where lower(e.name) = any(${names.map((name) => name.toLowerCase())}::text[])
      and ${visibleEntity(sql, access, sql`e.id`)}`;
}

/** The caller's teams, by name. */
export async function listTeams({ sql }: Database, access: Access): Promise<(EntityRow & { role: Role })[]> {
  if (access.kind !== "user" || access.onlyProjectId !== undefined) return [];
  return sql<(EntityRow & { role: Role })[]>`
    select e.id, e.name, e.kind, e.created_at as "createdAt", t.role
    from team_members t join entities e on e.id = t.entity_id
    where t.user_id = ${access.userId} order by lower(e.name) limit ${MAX_TEAMS}`;
}
const MAX_TEAMS = 1_000;

/** The teams of other users are for the server's administrators. */
export async function teamsOfUsers(
  { sql }: Database,
  access: Access,
  userIds: readonly number[],
): Promise<(EntityRow & { role: Role; userId: number })[]> {
  return sql<(EntityRow & { role: Role; userId: number })[]>`
    select t.user_id as "userId", e.id, e.name, e.kind, e.created_at as "createdAt", t.role
    from team_members t join entities e on e.id = t.entity_id
    where t.user_id = any(${[...userIds]}::int[]) and ${belongs(sql, access, sql`e.id`)} order by lower(e.name)`;
}

const roleOf = (sql: Sql | Tx, access: Access) => {
  if (access.kind !== "user" || access.onlyProjectId !== undefined) return sql`null`;
  if (access.admin) return sql`'admin'`;
  return sql`case when e.id = ${access.entityId}::int then 'admin' else (
    select t.role from team_members t where t.entity_id = e.id and t.user_id = ${access.userId}::int) end`;
};

/** Whom or what a name means, for verbs that then decide what may be done. */
export async function findEntity(
  sql: Sql | Tx,
  name: string,
): Promise<{ id: number; name: string; kind: "user" | "team" } | undefined> {
  const rows = await sql<{ id: number; name: string; kind: "user" | "team" }[]>`
    select id, name, kind from entities where lower(name) = lower(${name})`;
  return rows[0];
}

/** Breaks off (23505) when the name is taken. */
export async function insertTeam(
  tx: Tx,
  { name, userId }: { name: string; userId: number },
): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    with entity as (insert into entities (name, kind) values (${name}, 'team') returning id)
    insert into team_members (entity_id, user_id, role) select id, ${userId}, 'admin' from entity
    returning entity_id as id`;
  const row = rows[0];
  if (row === undefined) throw new Error("insert into team_members returned no row");
  return row.id;
}

export async function countTeams(sql: Sql | Tx, userId: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from team_members where user_id = ${userId}`;
  return rows[0]?.count ?? 0;
}

/** Nobody joins, leaves or is given a role there meanwhile. @returns whether the team still exists */
export async function lockEntity(tx: Tx, entityId: number): Promise<boolean> {
  const rows = await tx`select from entities where id = ${entityId} for update`;
  return rows.length > 0;
}

/**
 * Deleted projects leave a row behind that points at their entity; such a team's row stays too, under a name that no
 * entity can have, so that its own name is free.
 * @returns whether it went: a team that has projects stays
 */
export async function deleteTeam(tx: Tx, entityId: number): Promise<boolean> {
  const projects =
    await tx`select from projects where entity_id = ${entityId} and deleted_at is null limit 1`;
  if (projects.length > 0) return false;
  await tx`delete from invitations where entity_id = ${entityId}`;
  await tx`delete from team_members where entity_id = ${entityId}`;
  const emptied = await tx`
    delete from entities e where id = ${entityId} and not exists (select from projects p where p.entity_id = e.id)
    returning id`;
  if (emptied.length === 0) await tx`update entities set name = 'deleted/' || id where id = ${entityId}`;
  return true;
}
