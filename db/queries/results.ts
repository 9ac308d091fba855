import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { MetricStat } from "@/core/filter/operand";
import type { Filter } from "@/core/filter/tree";
import type { UnfinishedChoice } from "@/core/importance";
import type { Goal } from "@/core/sweep";
import type { Database, Sql } from "../client";
import { findRuns, operandsOf } from "./filter-runs";
import { metricStat } from "./metric-stat";
import { visible } from "./visible";

/** Whose results are asked for. */
export interface ResultsScope {
  readonly sweepId: string;
  /** All runs of its project instead of its own. */
  readonly wholeProject: boolean;
  /** Runs that ended in another way than well count too. */
  readonly unfinished: UnfinishedChoice;
}

export interface ResultsState {
  /** Another one whenever a run of the scope ends, changes after its end, is deleted or comes back, and when the space is another. */
  readonly version: string;
  readonly projectId: number;
  readonly metricName: string | null;
  readonly goal: Goal;
  /** `serializeConfig` of the configuration in force. */
  readonly config: string;
}

/** Undefined for a sweep that is not there, or not for these eyes. */
export async function readResultsState(
  { sql }: Database,
  access: Access,
  { sweepId, wholeProject, unfinished }: ResultsScope,
): Promise<ResultsState | undefined> {
  const own = wholeProject ? sql`project_id = s.project_id` : sql`sweep_id = s.id`;
  const rows = await sql<ResultsState[]>`
    select s.generation || '/' || r.count || '/' || r.ids || '/' || r.changes as version,
      s.project_id as "projectId", s.metric_name as "metricName", s.metric_goal as goal, g.config::text as config
    from sweeps s
    join sweep_generations g on g.sweep_id = s.id and g.generation = s.generation
    cross join lateral (
      select count(*) as count, coalesce(sum(id), 0) as ids,
        -- Not the greatest: transactions commit in another order than they begin.
        coalesce(sum(changed_xid::text::numeric), 0) as changes from runs
      where ${own} and state = any(${statesOf(unfinished)}::text[]) and deleted_at is null) r
    where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)}`;
  return rows[0];
}

const statesOf = (unfinished: UnfinishedChoice): string[] =>
  unfinished === "leave_out" ? ["finished"] : ["finished", "failed", "crashed", "killed"];

export interface ResultsQuery extends ResultsScope {
  readonly projectId: number;
  /** Of each run's current attempt; the best value of its own sweep's metric when `stat` is absent. */
  readonly metric: { readonly name: string | null; readonly stat?: MetricStat | undefined };
  readonly filter?: Filter | undefined;
  /** Only runs that have something at each of these places among their parameters. */
  readonly having: readonly (readonly string[])[];
  /** The longest answer; one more than that says that there were more. */
  readonly most: number;
}

/**
 * In the order in which the runs were made. Null where a run has no such value, and for unfinished ones that count as the worst.
 * @param access of who may see all of them: rights were checked
 */
export async function readResults(
  { sql }: Database,
  access: Access,
  { sweepId, wholeProject, projectId, metric, unfinished, filter, having, most }: ResultsQuery,
): Promise<{ params: string[]; values: (number | null)[] }> {
  const value = metric.stat === undefined ? sql`r.objective` : summaryValue(sql, metric.name, metric.stat);
  const others = unfinished === "last" ? summaryValue(sql, metric.name, "last") : sql`null::float8`;
  const { asked, found } = findRuns(
    sql,
    access,
    wholeProject ? { projectIds: [projectId] } : { sweepIds: [sweepId] },
    { filter, used: filter ? operandsOf(filter) : [], asOf: Date.now(), more: sql`` },
  );
  const places = having.map((path) => sql`and r.params #> ${[...path]}::text[] is not null`);
  const [row] = await sql<{ params: string[] | null; values: (number | null)[] | null }[]>`
    select array_agg(x.params order by x.id) as params, array_agg(x.value order by x.id) as values
    from ${asked} cross join lateral (
      select r.id, r.params::text as params, case when r.state = 'finished' then ${value} else ${others} end as value
      ${found} and r.state = any(${statesOf(unfinished)}::text[])
      ${places.reduce((all, one) => sql`${all} ${one}`, sql``)}
      limit ${most + 1}) x`;
  return { params: row?.params ?? [], values: row?.values ?? [] };
}

const summaryValue = (sql: Sql, name: string | null, stat: MetricStat): Fragment => sql`(
  select (${metricStat(sql, sql`m`, stat)})::float8 from metric_summaries m
  join metrics n on n.id = m.metric_id
  where m.run_id = r.id and m.attempt = r.attempt and n.name = ${name} and n.project_id = r.project_id)`;
