import type { Access } from "@/core/access";
import type { Database, Sql } from "../client";
import { visible } from "./visible";

export interface ActivityRow {
  projectId: number;
  /** The latest of: it was made, its newest sweep was created, its newest run began or ended. */
  activeAt: Date;
  /** Days before today (UTC), and how many runs were made then; days without any are absent. */
  runs: { ago: number; count: number }[];
}

/** Newest runs of each project that are counted: a bound for what a page of many projects reads. */
const MOST_RUNS = 20_000;

/** How busy the projects were in the last days, in one statement for a whole page. */
export async function activityOfProjects(
  db: Database,
  access: Access,
  projectIds: readonly number[],
  { days }: { days: number },
): Promise<ActivityRow[]> {
  const { sql } = db;
  return sql<ActivityRow[]>`
    select p.id as "projectId", ${activeAt(sql)} as "activeAt", coalesce(counted.runs, '[]') as runs
    from projects p left join lateral (
      select json_agg(json_build_object('ago', ago, 'count', count)) as runs from (
        select (now() at time zone 'UTC')::date - (n.created_at at time zone 'UTC')::date as ago, count(*)::int as count
        from (
          select r.created_at from runs r where r.project_id = p.id and r.deleted_at is null
          order by r.id desc limit ${MOST_RUNS}
        ) n
        where n.created_at > now() - make_interval(days => ${days}) group by 1
      ) by_day where ago between 0 and ${days - 1}
    ) counted on true
    where p.id = any(${[...projectIds]}::int[]) and ${visible(sql, access, sql`p.id`)}`;
}

/** Of the project `p`. Each part is the end of an index. */
export const activeAt = (sql: Sql) => sql`greatest(p.created_at,
  (select max(s.created_at) from sweeps s where s.project_id = p.id),
  (select greatest(r.created_at, r.started_at, r.finished_at) from runs r
    where r.project_id = p.id and r.deleted_at is null order by r.id desc limit 1))`;
