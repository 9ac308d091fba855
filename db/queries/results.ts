import type { Access } from "@/core/access";
import type { MetricStat } from "@/core/filter/operand";
import type { Goal } from "@/core/sweep";
import type { Database, Sql } from "../client";
import { metricStat } from "./metric-stat";
import { visible } from "./visible";

/** What a metric's results are asked of. */
export interface ResultsQuery {
  readonly sweepId: string;
  /** Of each run's current attempt; the sweep's own metric by its goal when absent. */
  readonly metric?: { readonly name: string; readonly stat: MetricStat } | undefined;
}

export interface ResultsState {
  /** Grows when a run of the sweep ends, is deleted or comes back, and when the space is another. */
  readonly version: string;
  readonly goal: Goal | null;
  /** `serializeConfig` of the configuration in force. */
  readonly config: string;
}

/** Undefined for a sweep that is not there, or not for these eyes. */
export async function readResultsState(
  { sql }: Database,
  access: Access,
  sweepId: string,
): Promise<ResultsState | undefined> {
  const rows = await sql<ResultsState[]>`
    select s.generation || '/' || r.count || '/' || coalesce(extract(epoch from r.last), 0) || '/' || r.sum as version,
      s.metric_goal as goal, g.config::text as config
    from sweeps s
    join sweep_generations g on g.sweep_id = s.id and g.generation = s.generation
    cross join lateral (
      select count(*) as count, max(finished_at) as last, coalesce(sum(id), 0) as sum from runs
      where sweep_id = s.id and state = 'finished' and deleted_at is null) r
    where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)}`;
  return rows[0];
}

/** Of the finished runs in the order in which they were made; null where a run has no such value. */
export async function readResults(
  { sql }: Database,
  { sweepId, metric }: ResultsQuery,
): Promise<{ params: string[]; values: (number | null)[] }> {
  const value = metric === undefined ? sql`r.objective` : summaryValue(sql, metric);
  const [row] = await sql<{ params: string[] | null; values: (number | null)[] | null }[]>`
    select array_agg(r.params::text order by r.id) as params, array_agg(${value} order by r.id) as values
    from runs r where r.sweep_id = ${sweepId} and r.state = 'finished' and r.deleted_at is null`;
  return { params: row?.params ?? [], values: row?.values ?? [] };
}

const summaryValue = (sql: Sql, { name, stat }: NonNullable<ResultsQuery["metric"]>) => sql`(
  select (${metricStat(sql, sql`m`, stat)})::float8 from metric_summaries m
  join metrics n on n.id = m.metric_id
  where m.run_id = r.id and m.attempt = r.attempt and n.name = ${name} and n.project_id = r.project_id)`;
