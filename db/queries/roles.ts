import type { Role } from "@/core/access";
import type { Sql, Tx } from "../client";

/** The roles that a user has in each project: as owner of its entity, by team, and by membership. Unknown ones are absent. */
export async function readProjectRoles(
  sql: Sql | Tx,
  { userId, projectIds }: { userId: number; projectIds: readonly number[] },
): Promise<Map<number, Role[]>> {
  const rows = await sql<{ projectId: number; owner: boolean; team: Role | null; member: Role | null }[]>`
    select p.id as "projectId", u.entity_id is not null as owner, t.role as team, m.role as member
    from projects p
    left join users u on u.id = ${userId} and u.entity_id = p.entity_id
    left join team_members t on t.entity_id = p.entity_id and t.user_id = ${userId}
    left join project_members m on m.project_id = p.id and m.user_id = ${userId}
    where p.id = any(${[...projectIds]}::int[]) and p.deleted_at is null`;
  return new Map(
    rows.map(({ projectId, owner, team, member }) => [
      projectId,
      [...(owner ? ["admin" as const] : []), ...(team ? [team] : []), ...(member ? [member] : [])],
    ]),
  );
}

/** The same for an entity, which is what counts when a project is about to be made in it. */
export async function readEntityRoles(
  sql: Sql | Tx,
  { userId, entityId }: { userId: number; entityId: number },
): Promise<Role[]> {
  const rows = await sql<{ owner: boolean; team: Role | null }[]>`
    select u.id is not null as owner, t.role as team
    from entities e
    left join users u on u.id = ${userId} and u.entity_id = e.id
    left join team_members t on t.entity_id = e.id and t.user_id = ${userId}
    where e.id = ${entityId}`;
  return rows.flatMap(({ owner, team }) => [...(owner ? ["admin" as const] : []), ...(team ? [team] : [])]);
}
