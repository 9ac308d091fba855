import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { Sql, Tx } from "../client";

/**
 * The condition that every read carries: may `access` see rows of the project in `projectId`?
 * @param projectId a column of the query around it, e.g. sql`s.project_id`
 * @param runId the run's column, for a run-scoped key, which sees that run and nothing else
 */
export function visible(sql: Sql | Tx, access: Access, projectId: Fragment, runId?: Fragment): Fragment {
  switch (access.kind) {
    case "system":
      return sql`true`;
    case "run":
      return runId === undefined ? sql`false` : sql`${runId} = ${access.runId}::bigint`;
    case "user":
      if (access.admin)
        return sql`exists (select from projects vp where vp.id = ${projectId} and vp.deleted_at is null)`;
      return sql`(${withinLimit(sql, access, projectId)} and exists (
        select from projects vp where vp.id = ${projectId} and vp.deleted_at is null and (
          vp.entity_id = ${access.entityId}::int
          or exists (select from team_members vt where vt.entity_id = vp.entity_id and vt.user_id = ${access.userId}::int)
          or exists (select from project_members vm where vm.project_id = vp.id and vm.user_id = ${access.userId}::int))))`;
  }
}

/** A key may know of one project only, whatever else its user can see. */
const withinLimit = (sql: Sql | Tx, { onlyProjectId }: { onlyProjectId?: number }, projectId: Fragment) =>
  onlyProjectId === undefined ? sql`true` : sql`${projectId} = ${onlyProjectId}::int`;

/** May `access` look at the people of the entity in `entityId`: is it the caller's own, or a team that the caller is in? */
export function belongs(sql: Sql | Tx, access: Access, entityId: Fragment): Fragment {
  switch (access.kind) {
    case "system":
      return sql`true`;
    case "run":
      return sql`false`;
    case "user":
      if (access.admin) return sql`true`;
      if (access.onlyProjectId !== undefined) return sql`false`;
      return sql`(${entityId} = ${access.entityId}::int or exists (
        select from team_members bt where bt.entity_id = ${entityId} and bt.user_id = ${access.userId}::int))`;
  }
}

/** May `access` know that there is an entity: does it belong there, or see one of its projects? */
export const visibleEntity = (sql: Sql | Tx, access: Access, entityId: Fragment): Fragment => sql`(
  ${belongs(sql, access, entityId)} or exists (
    select from projects ep where ep.entity_id = ${entityId} and ${visible(sql, access, sql`ep.id`)}))`;
