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
      if (access.admin) return sql`true`;
      return sql`exists (
        select from projects vp where vp.id = ${projectId} and (
          vp.entity_id = ${access.entityId}::int
          or exists (select from team_members vt where vt.entity_id = vp.entity_id and vt.user_id = ${access.userId}::int)
          or exists (select from project_members vm where vm.project_id = vp.id and vm.user_id = ${access.userId}::int)))`;
  }
}
