import type { Access } from "@/core/access";
import type { Database } from "../client";
import { visible } from "./visible";

/** Where a reader stands now. A cursor is taken before (or with) the rows that it stands for, never after them. */
export async function readCursor({ sql }: Database): Promise<string> {
  const rows = await sql<{ cursor: string }[]>`select pg_current_snapshot()::text as cursor`;
  return rows[0]?.cursor ?? "";
}

export interface ChangedRun {
  runId: number;
  /** The transaction of the change, decimal text. */
  xid: string;
  removed: boolean;
}

export interface SweepChanges {
  cursor: string;
  /** The sweep's own row or one of its agents. */
  sweepXid: string | null;
  /** Runs whose row, or whose current attempt, changed. */
  runs: ChangedRun[];
}

/**
 * What changed in a sweep since the cursor: one statement, hence one snapshot for the rows and the next cursor.
 * `changed_xid >= xmin` is what the indexes can answer; the rows of transactions that had been seen although they
 * are younger than the oldest open one are taken out by the second condition.
 */
export async function readSweepChanges(
  { sql }: Database,
  access: Access,
  { sweepId, since }: { sweepId: string; since: string },
): Promise<SweepChanges> {
  const unseen = (column: ReturnType<typeof sql>) => sql`
    ${column} >= pg_snapshot_xmin(${since}::pg_snapshot) and not pg_visible_in_snapshot(${column}, ${since}::pg_snapshot)`;
  const rows = await sql<{ cursor: string; sweepXid: string | null; runs: ChangedRun[] | null }[]>`
    select pg_current_snapshot()::text as cursor, (
      select max(xid)::text from (
        select s.changed_xid::text::numeric as xid where ${unseen(sql`s.changed_xid`)}
        union all
        select a.changed_xid::text::numeric from agents a
        where a.sweep_id = s.id and ${unseen(sql`a.changed_xid`)}
      ) own) as "sweepXid", (
      select json_agg(json_build_object('runId', id, 'xid', xid::text, 'removed', removed)) from (
        select id, max(xid) as xid, bool_or(removed) as removed from (
          select r.id, r.changed_xid::text::numeric as xid, r.deleted_at is not null as removed from runs r
          where r.sweep_id = s.id and ${unseen(sql`r.changed_xid`)}
          union all
          select a.run_id, a.changed_xid::text::numeric, false from attempts a
          where a.sweep_id = s.id and ${unseen(sql`a.changed_xid`)}
        ) rows group by id
      ) changed) as runs
    from sweeps s where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)}`;
  const row = rows[0];
  return { cursor: row?.cursor ?? since, sweepXid: row?.sweepXid ?? null, runs: row?.runs ?? [] };
}

export interface NewBlock {
  /** tail: a batch as it was logged; axis and value: the parts of a merged chunk. */
  kind: "tail" | "axis" | "value";
  runId: number;
  attempt: number;
  /** Number of the batch, or of the chunk. */
  number: number;
  /** Of a value. */
  metricId: number | null;
  xid: string;
  block: Uint8Array;
}

export interface NewBlocks {
  cursor: string;
  blocks: NewBlock[];
  /** There was more than `limitBytes`: the blocks are not all, the reader had better ask for histories. */
  truncated: boolean;
}

/**
 * The metric blocks written since the cursor, by attempt and in order of logging. A merged chunk carries the
 * newest transaction of its tails; it is read whenever that is not older than the cursor's oldest open one, so a
 * reader that comes back after a merge misses nothing and may see some points a second time.
 */
export async function readNewBlocks(
  { sql }: Database,
  access: Access,
  {
    sweepId,
    runIds,
    since,
    limitBytes,
  }: { sweepId?: string; runIds?: readonly number[]; since: string; limitBytes: number },
): Promise<NewBlocks> {
  const scope =
    sweepId !== undefined
      ? sql`a.sweep_id = ${sweepId}`
      : sql`a.run_id = any(${[...(runIds ?? [])]}::bigint[])`;
  const xmin = sql`pg_snapshot_xmin(${since}::pg_snapshot)`;
  const rows = await sql<(NewBlock & { cursor: string; total: number })[]>`
    with changed as materialized (
      select a.run_id, a.number from attempts a join runs r on r.id = a.run_id
      where ${scope} and a.changed_xid >= ${xmin} and not pg_visible_in_snapshot(a.changed_xid, ${since}::pg_snapshot)
        and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    ), axes as materialized (
      select x.run_id, x.attempt, x.chunk, x.changed_xid, x.first_step, x.block
      from changed c join metric_axes x on x.run_id = c.run_id and x.attempt = c.number
      where x.changed_xid >= ${xmin}
    ), blocks as (
      select 'tail' as kind, t.run_id, t.attempt, t.batch as number, null::int as metric_id, t.changed_xid, t.first_step, t.block
      from changed c join metric_tails t on t.run_id = c.run_id and t.attempt = c.number
      where t.changed_xid >= ${xmin} and not pg_visible_in_snapshot(t.changed_xid, ${since}::pg_snapshot)
      union all
      select 'axis', run_id, attempt, chunk, null, changed_xid, first_step, block from axes
      union all
      select 'value', v.run_id, v.attempt, v.chunk, v.metric_id, x.changed_xid, x.first_step, v.block
      from axes x join metric_values v on v.run_id = x.run_id and v.attempt = x.attempt and v.chunk = x.chunk
    ), sized as (
      select *, sum(length(block)) over (order by run_id, attempt, first_step, kind, number, metric_id
        rows unbounded preceding) as total from blocks
    )
    select pg_current_snapshot()::text as cursor, s.kind, s.run_id as "runId", s.attempt, s.number,
      s.metric_id as "metricId", s.changed_xid::text as xid, s.block, coalesce(s.total, 0)::float8 as total
    from (select) one left join sized s on s.total - length(s.block) <= ${limitBytes}
    order by s.run_id, s.attempt, s.first_step, s.kind, s.number, s.metric_id`;
  const last = rows.at(-1);
  return {
    cursor: last?.cursor ?? since,
    blocks: rows.filter((row) => row.kind !== null),
    truncated: (last?.total ?? 0) > limitBytes,
  };
}

/** Names of metrics by id; they are never renamed. */
export async function readMetricNames(
  { sql }: Database,
  ids: readonly number[],
): Promise<Map<number, string>> {
  const rows = await sql<{ id: number; name: string }[]>`
    select id, name from metrics where id = any(${[...ids]}::int[])`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}
