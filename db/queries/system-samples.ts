import type { Access } from "@/core/access";
import type { Database, Tx } from "../client";
import { visible } from "./visible";

export interface SystemSample {
  /** Milliseconds since 1970, by the machine's clock. */
  time: number;
  values: Readonly<Record<string, number>>;
}

export interface LockedSystem {
  /** Of the last sample kept; null before the first. */
  lastTime: number | null;
  count: number;
  /** Retention took its samples away after it had ended: nothing that comes now is kept. */
  dropped: boolean;
}

/** The attempt's row is locked, so that samples come in the order of time. */
export async function lockSystem(
  tx: Tx,
  { runId, attempt }: { runId: number; attempt: number },
): Promise<LockedSystem | undefined> {
  const rows = await tx<LockedSystem[]>`
    select (select max(s.time) from system_samples s where s.run_id = a.run_id and s.attempt = a.number) as "lastTime",
      (select count(*)::int from system_samples s where s.run_id = a.run_id and s.attempt = a.number) as count,
      coalesce(a.ended_at < r.history_dropped_at, false) as dropped
    from attempts a join runs r on r.id = a.run_id
    where a.run_id = ${runId} and a.number = ${attempt} and r.deleted_at is null
    for no key update of a`;
  return rows[0];
}

/** One that another call has brought meanwhile is there already. */
export async function insertSamples(
  tx: Tx,
  { runId, attempt, samples }: { runId: number; attempt: number; samples: readonly SystemSample[] },
): Promise<void> {
  await tx`
    insert into system_samples (run_id, attempt, time, values)
    select ${runId}, ${attempt}, t.time, t.values
    from json_to_recordset(${JSON.stringify(samples)}::text::json) as t (time bigint, values jsonb)
    on conflict do nothing`;
}

/**
 * Of the attempt's samples each two neighbours become one, at the time of the first: half as many are left. Its row is locked. Pair by pair: a join
 * of 2,500 pairs went into nested loops (the planner takes what a statement has just made for one row) and took 10 s, groups over all numbers
 * spilled to the disk; this takes 0.7 s for 40 numbers. A sample's values and peaks have the same names, so they come in the same order.
 */
export async function mergeNeighbours(
  tx: Tx,
  { runId, attempt }: { runId: number; attempt: number },
): Promise<void> {
  await tx`
    with taken as (
      delete from system_samples where run_id = ${runId} and attempt = ${attempt}
      returning time, values, coalesce(peaks, values) as peaks
    ), pairs as (
      select *, row_number() over run as number, lead(values) over run as next_values, lead(peaks) over run as next_peaks
      from taken window run as (order by time)
    )
    insert into system_samples (run_id, attempt, time, values, peaks)
    select ${runId}, ${attempt}, p.time, m.values, m.peaks
    from pairs p cross join lateral (
      select coalesce(jsonb_object_agg(name, mean), '{}') as values, jsonb_object_agg(name, peak) as peaks
      from (
        select name, avg(value::float8) as mean, max(peak::float8) as peak from (
          select name, value, peak from rows from (jsonb_each_text(p.values), jsonb_each_text(p.peaks))
            as first (name, value, same_name, peak)
          union all
          select name, value, peak from rows from (jsonb_each_text(p.next_values), jsonb_each_text(p.next_peaks))
            as second (name, value, same_name, peak)
        ) both_of group by name
      ) merged
    ) m
    where p.number % 2 = 1`;
}

export interface SystemSeriesRow {
  runId: number;
  key: string;
  /** Columns of one length. */
  times: number[];
  values: number[];
  max: number[];
}

/** A chart each; more names than a machine has numbers. */
const MAX_SERIES = 200;

/**
 * What the machine of each run's current attempt did, by name: as it was sampled, or in `samples` equal parts of the attempt's time with the
 * mean and the highest value of each. Parts without a sample are absent.
 */
export async function readSystem(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  { samples }: { samples: number },
): Promise<SystemSeriesRow[]> {
  return sql<SystemSeriesRow[]>`
    with mine as (
      select r.id as run_id, s.time, s.values, s.peaks, count(*) over run as count,
        min(s.time) over run as first, max(s.time) over run as last
      from runs r join system_samples s on s.run_id = r.id and s.attempt = r.attempt
      where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
        and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      window run as (partition by r.id)
    ), entries as (
      select m.run_id, v.key, case when m.count <= ${samples} then m.time
          else (m.time - m.first) * ${samples}::bigint / (m.last - m.first + 1) end as part,
        avg(m.time::float8) as time, avg(v.value::float8) as mean,
        max(coalesce((m.peaks ->> v.key)::float8, v.value::float8)) as peak
      from mine m cross join lateral jsonb_each_text(m.values) v group by 1, 2, 3
    ), series as (
      select run_id, key, array_agg(time order by part) as times, array_agg(mean order by part) as means,
        array_agg(peak order by part) as peaks, row_number() over (partition by run_id order by key collate "C") as rank
      from entries group by run_id, key
    )
    select run_id as "runId", key, times, means as values, peaks as max from series
    where rank <= ${MAX_SERIES} order by run_id, rank`;
}
