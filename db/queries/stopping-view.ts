import type { Access } from "@/core/access";
import type { Database } from "../client";
import { visible } from "./visible";

/** What early stopping has looked at in a sweep, for people; what decides is read by rung-order.ts. */

export interface BandRow {
  band: number;
  runs: number;
  stopped: number;
}

/**
 * The bands that runs have come to, rising, at most `max` of them, spread evenly with the first and the last among them; a rule that
 * looks at each value has a thousand. They are found by leaps through an index, and each is counted in one.
 */
export async function readBands(
  { sql }: Database,
  access: Access,
  { sweepId, max }: { sweepId: string; max: number },
): Promise<BandRow[]> {
  return sql<BandRow[]>`
    with recursive leaps as (
      (select g.band from rungs g where g.sweep_id = ${sweepId} order by g.band limit 1)
      union all
      select (select g.band from rungs g where g.sweep_id = ${sweepId} and g.band > l.band order by g.band limit 1)
      from leaps l where l.band is not null
    ), known as (
      select band, row_number() over (order by band) - 1 as place, count(*) over () as count
      from leaps where band is not null
    ), chosen as (
      select band from known where count <= ${max}::int or place = count - 1
        or floor(place::float8 * (${max}::int - 1) / count) > floor((place::float8 - 1) * (${max}::int - 1) / count)
    )
    select b.band, c.runs, c.stopped from chosen b cross join lateral (
      select count(*)::int as runs, (count(*) filter (where g.stopped))::int as stopped from rungs g
      where g.sweep_id = ${sweepId} and g.band = b.band and g.counts
    ) c
    where exists (select from sweeps s where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)})
      and c.runs > 0
    order by b.band`;
}

export interface RungOfRun {
  runId: number;
  band: number;
  value: number;
  best: number;
  stopped: boolean;
}

/** What runs were at these bands, those of the newest runs first. */
export async function readRungs(
  { sql }: Database,
  access: Access,
  { sweepId, bands, length }: { sweepId: string; bands: readonly number[]; length: number },
): Promise<RungOfRun[]> {
  return sql<RungOfRun[]>`
    select g.run_id as "runId", g.band, g.value, g.best, g.stopped from rungs g
    where g.sweep_id = ${sweepId} and g.band = any(${[...bands]}::int[]) and g.counts
      and exists (select from sweeps s where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)})
    order by g.run_id desc, g.band limit ${length}`;
}

export interface SavingsRow {
  /** Runs that were stopped early, and what they logged of the metric. */
  stopped: number;
  stoppedValues: number;
  /** What a run logs that is let go on: the middle one of the finished runs; null before the first of them. */
  fullValues: number | null;
  /** What all runs logged that have ended. */
  values: number;
}

/** How much was logged by the runs of a sweep that have ended; those that failed say nothing of how long a run is. */
export async function readSavings({ sql }: Database, access: Access, sweepId: string): Promise<SavingsRow> {
  const rows = await sql<SavingsRow[]>`
    with ended as (
      select m.count, r.state, exists (
        select from rungs g where g.run_id = r.id and g.sweep_id = ${sweepId} and g.stopped and g.counts
      ) as stopped
      from sweeps s join runs r on r.sweep_id = s.id
        join metrics n on n.project_id = s.project_id and n.name = s.metric_name
        join metric_summaries m on m.run_id = r.id and m.attempt = r.attempt and m.metric_id = n.id
      where s.id = ${sweepId} and r.deleted_at is null and r.state in ('finished', 'killed')
        and ${visible(sql, access, sql`s.project_id`)}
    )
    select (count(*) filter (where stopped))::int as stopped,
      coalesce(sum(count) filter (where stopped), 0)::float8 as "stoppedValues",
      (percentile_disc(0.5) within group (order by count) filter (where state = 'finished' and not stopped))::float8
        as "fullValues",
      coalesce(sum(count), 0)::float8 as values
    from ended`;
  return rows[0] as SavingsRow;
}
