import type { Access } from "@/core/access";
import type { Database } from "../client";
import { visible } from "./visible";

/** What a machine was doing at one moment: JSON text of numbers by name. */
export interface SampleRow {
  runId: number;
  /** Milliseconds since 1970. */
  time: number;
  values: string;
  /** When the run began. */
  startedAt: number;
}

/** Of each run's current attempt, in the order of time: all of them, or `samples` at equal distances. */
export async function readSamples(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  { samples }: { samples: number },
): Promise<SampleRow[]> {
  return sql<SampleRow[]>`
    select run_id as "runId", time, values::text as values, started_at as "startedAt" from (
      select r.id as run_id, s.time, s.values, row_number() over run - 1 as number, count(*) over (partition by r.id) as count,
        floor(extract(epoch from coalesce(r.started_at, r.created_at)) * 1000)::float8 as started_at
      from runs r join system_samples s on s.run_id = r.id and s.attempt = r.attempt
      where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
        and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      window run as (partition by r.id order by s.time)
    ) s
    where count <= ${samples}::int or number = 0
      or number * ${samples}::bigint / count <> (number - 1) * ${samples}::bigint / count
    order by run_id, time`;
}

/** The last one of each run's current attempt. */
export async function readLastSamples(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
): Promise<Map<number, SampleRow>> {
  const rows = await sql<SampleRow[]>`
    select r.id as "runId", s.time, s.values::text as values,
      floor(extract(epoch from coalesce(r.started_at, r.created_at)) * 1000)::float8 as "startedAt"
    from runs r cross join lateral (
      select s.time, s.values from system_samples s where s.run_id = r.id and s.attempt = r.attempt order by s.time desc limit 1) s
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
  return new Map(rows.map((row) => [row.runId, row]));
}

/** Lines that the run's current attempt has printed: what stands between line ends, and what has none yet. */
export async function countOutputLines({ sql }: Database, access: Access, runId: number): Promise<number> {
  const rows = await sql<{ lines: number }[]>`
    select coalesce(sum(length(o.text) - length(replace(o.text, e'\n', ''))), 0)::int
      + coalesce((array_agg(right(o.text, 1) order by o.batch desc, o.piece desc))[1] <> e'\n', false)::int as lines
    from runs r join output_chunks o on o.run_id = r.id and o.attempt = r.attempt
    where r.id = ${runId} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
  return rows[0]?.lines ?? 0;
}
