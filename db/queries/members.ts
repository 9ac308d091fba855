import type { Access, Role } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { belongs, visible } from "./visible";

export interface MemberRow {
  userId: number;
  name: string;
  displayName: string | null;
  role: Role;
  /** What the role comes from: the owner's own entity, a team, or a membership of the project itself. */
  source: "owner" | "team" | "project";
  since: Date;
}

/** Who belongs to an entity: a team's members, or the one user that it is. Disabled users are left out, as they see nothing. */
export async function membersOfEntities(
  { sql }: Database,
  access: Access,
  entityIds: readonly number[],
): Promise<(MemberRow & { entityId: number })[]> {
  return sql<(MemberRow & { entityId: number })[]>`
    select m.entity_id as "entityId", m.user_id as "userId", e.name, u.display_name as "displayName", m.role, m.source,
      m.since
    from (
      select entity_id, user_id, role, 'team' as source, created_at as since
      from team_members where entity_id = any(${[...entityIds]}::int[])
      union all
      select entity_id, id, 'admin', 'owner', created_at from users where entity_id = any(${[...entityIds]}::int[])
    ) m join users u on u.id = m.user_id join entities e on e.id = u.entity_id
    where u.disabled_at is null and ${belongs(sql, access, sql`m.entity_id`)}
    order by m.entity_id, lower(e.name)`;
}

/** Who can see a project, each with the strongest of their roles; the server's administrators, who can see all, only by a role. */
export async function membersOfProjects(
  { sql }: Database,
  access: Access,
  projectIds: readonly number[],
): Promise<(MemberRow & { projectId: number })[]> {
  return sql<(MemberRow & { projectId: number })[]>`
    with known as (
      select p.id, p.entity_id, p.created_at from projects p
      where p.id = any(${[...projectIds]}::int[]) and ${visible(sql, access, sql`p.id`)}
    ), reached as (
      select p.id as project_id, u.id as user_id, 'admin' as role, 'owner' as source, p.created_at as since
      from known p join users u on u.entity_id = p.entity_id
      union all
      select p.id, t.user_id, t.role, 'team', greatest(t.created_at, p.created_at)
      from known p join team_members t on t.entity_id = p.entity_id
      union all
      select p.id, m.user_id, m.role, 'project', m.created_at from known p join project_members m on m.project_id = p.id
    ), strongest as (
      select distinct on (project_id, user_id) * from reached
      order by project_id, user_id, array_position(array['admin', 'member', 'viewer'], role),
        array_position(array['owner', 'team', 'project'], source)
    )
    select m.project_id as "projectId", m.user_id as "userId", e.name, u.display_name as "displayName", m.role, m.source,
      m.since
    from strongest m join users u on u.id = m.user_id join entities e on e.id = u.entity_id
    where u.disabled_at is null order by m.project_id, lower(e.name)`;
}

export async function setTeamMember(
  tx: Tx,
  { entityId, userId, role }: { entityId: number; userId: number; role: Role },
): Promise<void> {
  await tx`
    insert into team_members (entity_id, user_id, role) values (${entityId}, ${userId}, ${role})
    on conflict (entity_id, user_id) do update set role = excluded.role`;
}

export async function setProjectMember(
  tx: Tx,
  { projectId, userId, role }: { projectId: number; userId: number; role: Role },
): Promise<void> {
  await tx`
    insert into project_members (project_id, user_id, role) values (${projectId}, ${userId}, ${role})
    on conflict (project_id, user_id) do update set role = excluded.role`;
}

export async function readTeamRole(
  sql: Sql | Tx,
  { entityId, userId }: { entityId: number; userId: number },
): Promise<Role | undefined> {
  const rows = await sql<{ role: Role }[]>`
    select role from team_members where entity_id = ${entityId} and user_id = ${userId}`;
  return rows[0]?.role;
}

export async function readProjectRole(
  sql: Sql | Tx,
  { projectId, userId }: { projectId: number; userId: number },
): Promise<Role | undefined> {
  const rows = await sql<{ role: Role }[]>`
    select role from project_members where project_id = ${projectId} and user_id = ${userId}`;
  return rows[0]?.role;
}

/** Whether anybody but this user is an administrator of the team who can sign in. Ask under the entity's lock. */
export async function hasOtherTeamAdmin(
  tx: Tx,
  { entityId, userId }: { entityId: number; userId: number },
): Promise<boolean> {
  const rows = await tx`
    select from team_members t join users u on u.id = t.user_id
    where t.entity_id = ${entityId} and t.role = 'admin' and t.user_id <> ${userId} and u.disabled_at is null limit 1`;
  return rows.length > 0;
}

/** Teams that would be left without an administrator who can sign in. They are locked before anybody is counted. */
export async function lockTeamsLedAlone(
  tx: Tx,
  userId: number,
): Promise<{ entityId: number; name: string }[]> {
  await tx`
    select from entities where id in (select entity_id from team_members where user_id = ${userId} and role = 'admin')
    order by id for update`;
  return tx<{ entityId: number; name: string }[]>`
    select e.id as "entityId", e.name from team_members t join entities e on e.id = t.entity_id
    where t.user_id = ${userId} and t.role = 'admin' and not exists (
      select from team_members o join users u on u.id = o.user_id
      where o.entity_id = e.id and o.role = 'admin' and o.user_id <> ${userId} and u.disabled_at is null)`;
}

/** @returns whether the user was in it */
export async function removeTeamMember(
  tx: Tx,
  { entityId, userId }: { entityId: number; userId: number },
): Promise<boolean> {
  const rows = await tx`
    delete from team_members where entity_id = ${entityId} and user_id = ${userId} returning 1`;
  return rows.length > 0;
}

/** @returns whether the user had a role in it */
export async function removeProjectMember(
  tx: Tx,
  { projectId, userId }: { projectId: number; userId: number },
): Promise<boolean> {
  const rows = await tx`
    delete from project_members where project_id = ${projectId} and user_id = ${userId} returning 1`;
  return rows.length > 0;
}
