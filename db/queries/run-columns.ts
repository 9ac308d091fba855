import type { Access } from "@/core/access";
import type { MetricStat } from "@/core/filter/operand";
import type { RunToPack } from "@/core/run-columns";
import type { Database } from "../client";
import { unprepared } from "../unprepared";
import { metricStat } from "./metric-stat";
import { visible } from "./visible";

/*
 * Runs of a sweep by the ten thousand, for a page that has all of them: one statement for their rows, one for their metrics.
 */

export interface ColumnsQuery {
  readonly sweepId: string;
  /** At most. */
  readonly length: number;
  /** Only runs with smaller ids. */
  readonly below?: number | undefined;
  /** Of parameters, names and notes together, about; the first run comes whatever it weighs. */
  readonly maxBytes: number;
  /** Without lines, only their ids are read. */
  readonly bare?: boolean | undefined;
}

export interface ColumnsPage {
  /** Newest first. */
  readonly rows: readonly RunToPack[];
  /** More of them follow. */
  readonly more: boolean;
}

/** How many there were, those that the bytes left out among them. */
type Found = RunToPack & { found: number };

/**
 * 10,000 rows take 100 ms. Every table is looked into by its index, run by run, and nothing is joined that has no statistics: of runs
 * that came since the last ANALYZE the planner expects one, and two lists of 3,000 of them joined in a loop took minutes.
 */
export async function readRunPage(
  { sql }: Database,
  access: Access,
  { sweepId, length, below = Number.MAX_SAFE_INTEGER, maxBytes, bare = false }: ColumnsQuery,
): Promise<ColumnsPage> {
  // A range of one value, so that the planner takes the index that has the sweep ahead of the id (see list-page.ts).
  const newest = sql`
    select r.* from runs r
    where r.sweep_id >= ${sweepId} and r.sweep_id <= ${sweepId} and r.deleted_at is null and r.id < ${below}::bigint
      and exists (select from sweeps s where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)})
    order by r.sweep_id desc, r.id desc limit ${length + 1}`;
  // What lies inside of the row is about as long as its text; what was compressed is not.
  const bytes = sql`200 + octet_length(r.display_name) + coalesce(octet_length(r.notes), 0) + case when pg_column_size(r.params) < 1500
    then pg_column_size(r.params) else octet_length(r.params::text) end`;
  const rows = bare
    ? await unprepared(sql<Found[]>`select p.id from (${newest}) p order by p.id desc`)
    : await unprepared(sql<Found[]>`
        with newest as materialized (
          select p.id from (${newest}) p
        ), ends as materialized (
          select min(id) as low, max(id) as high, count(*)::int as found from newest
        ), numbered as (
          select x.*, b.count + row_number() over (order by x.id) as place, e.found
          from ends e cross join lateral (
            select count(*) as count from runs z where z.sweep_id = ${sweepId} and z.id < e.low) b
          cross join lateral (
            select y.* from runs y where y.sweep_id >= ${sweepId} and y.sweep_id <= ${sweepId} and y.id between e.low and e.high
            offset 0) x
        ), page as (
          select r.*, (select n.text from run_notes n where n.run_id = r.id) as notes from numbered r where r.deleted_at is null
        ), fitted as (
          select r.*, coalesce(sum(${bytes}) over (order by r.id desc rows between unbounded preceding and 1 preceding)
            < ${maxBytes}::int, true) as fits
          from page r
        )
        select r.id, r.name, r.display_name as "displayName", r.place::int as ordinal, r.state,
          r.state_reason as "stateReason", r.objective, r.feasible, r.params::text as params,
          round(extract(epoch from r.created_at) * 1000)::float8 as "createdAt",
          round(extract(epoch from r.started_at) * 1000)::float8 as "startedAt",
          round(extract(epoch from r.finished_at) * 1000)::float8 as "finishedAt",
          (select json_agg(rt.tag order by rt.tag collate "C")::text from run_tags rt where rt.run_id = r.id) as tags,
          r.notes, a.agent_id as "agentId", a.host, r.found
        from fitted r
        left join lateral (
          select t.agent_id, (select g.host from agents g where g.id = t.agent_id) as host from attempts t
          where t.run_id = r.id and t.number = r.attempt offset 0) a on true
        where r.fits order by r.id desc`);
  const page = rows.slice(0, length);
  return { rows: page, more: bare ? rows.length > length : (rows[0]?.found ?? 0) > page.length };
}

export interface MetricColumn {
  readonly name: string;
  readonly stat: MetricStat;
}

/**
 * A list for each metric, in the order of the ids; null where the run's current attempt has no finite value. One look into the index
 * for each run, whatever the number of metrics, and the values as JSON: as rows they would take the driver ten times as long.
 * 13 metrics of 10,000 runs take 200 ms.
 */
export async function readMetricColumns(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  metrics: readonly MetricColumn[],
): Promise<(number | null)[][]> {
  const columns = metrics.map(() => new Array<number | null>(runIds.length).fill(null));
  if (metrics.length === 0 || runIds.length === 0) return columns;
  const stats = [...new Set(metrics.map(({ stat }) => stat))];
  const lists = stats.map(
    (stat) => sql`, json_agg(${metricStat(sql, sql`x`, stat)}) as ${sql(`of_${stat}`)}`,
  );
  const [row] = await unprepared(
    sql<
      ({ names: Record<string, string> | null; places: number[] | null; ids: number[] } & Record<
        string,
        unknown[]
      >)[]
    >`
      with asked as materialized (
        select r.id, r.attempt, r.project_id, k.place - 1 as place
        from unnest(${[...runIds]}::bigint[]) with ordinality k (id, place) join runs r on r.id = k.id
        where r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      ), wanted as materialized (
        select m.id, m.name from metrics m
        where m.name = any(${metrics.map(({ name }) => name)}::text[])
          and m.project_id in (select distinct project_id from asked)
      )
      select (select json_object_agg(id, name) from wanted) as names, json_agg(a.place) as places,
        json_agg(x.metric_id) as ids ${lists.reduce((all, one) => sql`${all} ${one}`, sql``)}
      from asked a cross join lateral (
        select s.* from metric_summaries s
        where s.run_id = a.id and s.attempt = a.attempt and s.metric_id = any(array(select id from wanted)) offset 0
      ) x`,
  );
  const { places, ids, names } = row ?? {};
  if (!places || !ids || !names) return columns;
  for (const [i, place] of places.entries()) {
    const name = names[String(ids[i])];
    for (const [k, metric] of metrics.entries()) {
      if (metric.name !== name) continue;
      const value = row?.[`of_${metric.stat}`]?.[i];
      if (typeof value === "number" && Number.isFinite(value))
        (columns[k] as (number | null)[])[place] = value;
    }
  }
  return columns;
}
