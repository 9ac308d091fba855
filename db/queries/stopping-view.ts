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
