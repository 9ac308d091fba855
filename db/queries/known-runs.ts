import type { Access } from "@/core/access";
import type { Goal } from "@/core/sweep";
import type { Database } from "../client";
import { visible } from "./visible";

/** What a project's newest runs say of a sweep that they could have come from. */
export interface KnownRunsRow {
  /** JSON texts, the newest first. */
  params: string[];
  /** Of the newest sweep. */
  program: string | null;
  metric: { name: string; goal: Goal } | null;
  /** Of the newest attempt that says it. */
  command: string[] | null;
  /** Metrics of the newest runs, the one that most of them logged first. */
  logged: string[];
}

/** More would tell little that is new. */
const RUNS = 500;
/** Of one run; one that is longer was not made to be searched. */
const PARAMS_BYTES = 20_000;
const RUNS_LOGGED = 50;

export async function readKnownRuns(
  db: Database,
  access: Access,
  projectId: number,
): Promise<KnownRunsRow | undefined> {
  const { sql } = db;
  const [row] = await sql<KnownRunsRow[]>`
    with newest as materialized (
      select r.id, r.attempt, r.params from runs r
      where r.project_id = ${projectId} and r.deleted_at is null and r.params <> '{}'
        and octet_length(r.params::text) <= ${PARAMS_BYTES} and ${visible(sql, access, sql`r.project_id`)}
      order by r.id desc limit ${RUNS}
    )
    select array(select params::text from newest order by id desc) as params,
      (select g.config ->> 'program' from sweeps s
        join sweep_generations g on g.sweep_id = s.id and g.generation = s.generation
        where s.project_id = ${projectId} and g.config ? 'program' order by s.created_at desc limit 1) as program,
      (select json_build_object('name', s.metric_name, 'goal', s.metric_goal) from sweeps s
        where s.project_id = ${projectId} and s.metric_name is not null order by s.created_at desc limit 1) as metric,
      (select a.command from newest n join attempts a on a.run_id = n.id and a.number = n.attempt
        where a.command is not null order by n.id desc limit 1) as command,
      array(select m.name from (select id, attempt from newest order by id desc limit ${RUNS_LOGGED}) n
        join metric_summaries u on u.run_id = n.id and u.attempt = n.attempt join metrics m on m.id = u.metric_id
        group by m.name order by count(*) desc, m.name limit 20) as logged`;
  return row === undefined || row.params.length === 0 ? undefined : row;
}
