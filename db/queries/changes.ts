import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { Database, Sql } from "../client";
import type { OutputPiece } from "./append-output";
import { visible } from "./visible";

/** Where a reader stands now. A cursor is taken before (or with) the rows that it stands for, never after them. */
export async function readCursor({ sql }: Database): Promise<string> {
  const rows = await sql<{ cursor: string }[]>`select pg_current_snapshot()::text as cursor`;
  return rows[0]?.cursor ?? "";
}

/**
 * Written since the cursor? The first condition is what the indexes can answer; the rows of transactions that had been
 * seen although they are younger than the oldest open one are taken out by the second.
 */
const unseen = (sql: Sql, column: Fragment, since: Fragment) => sql`
  ${column} >= pg_snapshot_xmin(${since}) and not pg_visible_in_snapshot(${column}, ${since})`;

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
 */
export async function readSweepChanges(
  { sql }: Database,
  access: Access,
  { sweepId, since }: { sweepId: string; since: string },
): Promise<SweepChanges> {
  const from = sql`${since}::pg_snapshot`;
  const rows = await sql<{ cursor: string; sweepXid: string | null; runs: ChangedRun[] | null }[]>`
    select pg_current_snapshot()::text as cursor, (
      select max(xid)::text from (
        select s.changed_xid::text::numeric as xid where ${unseen(sql, sql`s.changed_xid`, from)}
        union all
        select a.changed_xid::text::numeric from agents a
        where a.sweep_id = s.id and ${unseen(sql, sql`a.changed_xid`, from)}
      ) own) as "sweepXid", (
      select json_agg(json_build_object('runId', id, 'xid', xid::text, 'removed', removed)) from (
        select id, max(xid) as xid, bool_or(removed) as removed from (
          select r.id, r.changed_xid::text::numeric as xid, r.deleted_at is not null as removed from runs r
          where r.sweep_id = s.id and ${unseen(sql, sql`r.changed_xid`, from)}
          union all
          select a.run_id, a.changed_xid::text::numeric, false from attempts a
          where a.sweep_id = s.id and ${unseen(sql, sql`a.changed_xid`, from)}
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

export interface RunChanges {
  cursor: string;
  /** The newest change of its row or of one of its attempts; null when nothing changed. */
  xid: string | null;
}

/** What changed about one run since the cursor. */
export async function readRunChanges(
  { sql }: Database,
  access: Access,
  { runId, since }: { runId: number; since: string },
): Promise<RunChanges> {
  const from = sql`${since}::pg_snapshot`;
  const rows = await sql<RunChanges[]>`
    select pg_current_snapshot()::text as cursor, (
      select max(xid)::text from (
        select r.changed_xid::text::numeric as xid where ${unseen(sql, sql`r.changed_xid`, from)}
        union all
        select a.changed_xid::text::numeric from attempts a
        where a.run_id = r.id and ${unseen(sql, sql`a.changed_xid`, from)}
      ) own) as xid
    from runs r where r.id = ${runId}::bigint and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
  return rows[0] ?? { cursor: since, xid: null };
}

export interface ProjectChanges {
  cursor: string;
  /** Of the project's own row. */
  projectXid: string | null;
  /** Sweeps whose row changed, or one of their runs. */
  sweeps: { sweepId: string; xid: string }[];
  /** Runs outside sweeps. */
  runs: ChangedRun[];
}

/**
 * What changed in a project since the cursor. Of each sweep the newest changed run is looked up at the end of its
 * index, so a project costs by its sweeps, not by its runs.
 */
export async function readProjectChanges(
  { sql }: Database,
  access: Access,
  { projectId, since }: { projectId: number; since: string },
): Promise<ProjectChanges> {
  const from = sql`${since}::pg_snapshot`;
  const rows = await sql<
    (Omit<ProjectChanges, "sweeps" | "runs"> & {
      sweeps: ProjectChanges["sweeps"] | null;
      runs: ChangedRun[] | null;
    })[]
  >`
    select pg_current_snapshot()::text as cursor,
      case when ${unseen(sql, sql`p.changed_xid`, from)} then p.changed_xid::text end as "projectXid", (
      select json_agg(json_build_object('sweepId', id, 'xid', xid::text)) from (
        select s.id, greatest(s.changed_xid::text::numeric, newest.xid) as xid
        from sweeps s cross join lateral (
          select max(xid) as xid from (
            (select r.changed_xid::text::numeric as xid from runs r
             where r.sweep_id = s.id and ${unseen(sql, sql`r.changed_xid`, from)}
             order by r.changed_xid desc limit 1)
          ) own) newest
        where s.project_id = p.id and (newest.xid is not null or (${unseen(sql, sql`s.changed_xid`, from)}))
      ) changed) as sweeps, (
      select json_agg(json_build_object('runId', r.id, 'xid', r.changed_xid::text, 'removed', r.deleted_at is not null))
      from runs r where r.project_id = p.id and r.sweep_id is null and ${unseen(sql, sql`r.changed_xid`, from)}
      ) as runs
    from projects p where p.id = ${projectId}::int and ${visible(sql, access, sql`p.id`)}`;
  const row = rows[0];
  if (row === undefined) return { cursor: since, projectXid: null, sweeps: [], runs: [] };
  return { ...row, sweeps: row.sweeps ?? [], runs: row.runs ?? [] };
}

export interface AgentChanges {
  cursor: string;
  /** By the database's clock, for the next reading. */
  heardUntil: Date;
  agents: { agentId: number; xid: string | null }[];
}

/**
 * Agents of a sweep that changed, or whose attempts did, since the cursor; and those that were heard of since
 * `heardSince`: a heartbeat stamps no change (it would be the most frequent write of all), so these have no xid.
 */
export async function readAgentChanges(
  { sql }: Database,
  access: Access,
  { sweepId, since, heardSince }: { sweepId: string; since: string; heardSince: Date | undefined },
): Promise<AgentChanges> {
  const from = sql`${since}::pg_snapshot`;
  const rows = await sql<(Omit<AgentChanges, "agents"> & { agents: AgentChanges["agents"] | null })[]>`
    select pg_current_snapshot()::text as cursor, clock_timestamp() as "heardUntil", (
      select json_agg(json_build_object('agentId', id, 'xid', xid::text)) from (
        select id, max(xid) as xid from (
          select a.id, a.changed_xid::text::numeric as xid from agents a
          where a.sweep_id = s.id and ${unseen(sql, sql`a.changed_xid`, from)}
          union all
          select t.agent_id, t.changed_xid::text::numeric from attempts t
          where t.sweep_id = s.id and t.agent_id is not null and ${unseen(sql, sql`t.changed_xid`, from)}
          union all
          select a.id, null from agents a
          where a.sweep_id = s.id and a.last_heartbeat_at > ${heardSince ?? null}::timestamptz
        ) rows group by id
      ) changed) as agents
    from sweeps s where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)}`;
  const row = rows[0];
  if (row === undefined) return { cursor: since, heardUntil: heardSince ?? new Date(), agents: [] };
  return { ...row, agents: row.agents ?? [] };
}

/** Of one attempt of a run: batches are numbered from 1 in the order of writing, under the attempt's lock. */
export interface OutputPlace {
  attempt: number;
  batch: number;
}

export interface NewOutput {
  /** Where the attempt that is followed ends now. */
  end: OutputPlace;
  pieces: (OutputPiece & OutputPlace & { piece: number })[];
  /** There was more than `limitBytes`: nothing was read. */
  truncated: boolean;
}

/**
 * What a run printed after `since`: of one attempt, or of the current one and those before it that began later than
 * `since`. Batches are whole: each was written by one transaction. The sum is made from the lengths that stand in the
 * rows, so too much is known without being read.
 */
export async function readNewOutput(
  { sql }: Database,
  access: Access,
  {
    runId,
    attempt,
    since,
    limitBytes,
  }: { runId: number; attempt?: number; since: OutputPlace; limitBytes: number },
): Promise<NewOutput> {
  const rows = await sql<
    (Omit<NewOutput["pieces"][number], "text"> & {
      text: string | null;
      endAttempt: number;
      endBatch: number;
      total: number;
    })[]
  >`
    with followed as (
      select r.id as run_id, ${attempt === undefined ? sql`r.attempt` : sql`${attempt}::int`} as attempt,
        coalesce((select a.last_output_batch from attempts a
          where a.run_id = r.id and a.number = ${attempt === undefined ? sql`r.attempt` : sql`${attempt}::int`}), 0) as batch
      from runs r where r.id = ${runId}::bigint and r.deleted_at is null
        and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    ), chunks as (
      select o.*, sum(octet_length(o.text)) over () as total
      from followed f join output_chunks o on o.run_id = f.run_id
      where (o.attempt, o.batch) > (${since.attempt}::int, ${since.batch}::int) and o.attempt <= f.attempt
        ${attempt === undefined ? sql`` : sql`and o.attempt = ${attempt}::int`}
    )
    select f.attempt as "endAttempt", f.batch as "endBatch", coalesce(c.total, 0)::float8 as total,
      c.attempt, c.batch, c.piece, c.stream, extract(epoch from c.at)::float8 * 1000 as time,
      case when c.total <= ${limitBytes}::bigint then c.text end as text
    from followed f left join lateral (
      select * from chunks order by attempt, batch, piece limit case
        when (select max(total) from chunks) > ${limitBytes}::bigint then 1 end
    ) c on true
    order by c.attempt, c.batch, c.piece`;
  const first = rows[0];
  if (first === undefined) return { end: since, pieces: [], truncated: false };
  const pieces: NewOutput["pieces"] = [];
  for (const { attempt, batch, piece, stream, time, text } of rows)
    if (text !== null) pieces.push({ attempt, batch, piece, stream, time: Math.round(time), text });
  return {
    end: { attempt: first.endAttempt, batch: first.endBatch },
    pieces,
    truncated: first.total > limitBytes,
  };
}

/** Where a reader may find something new: what one feed looks at, and where it stands. */
export type Probe = { readonly name: string } & (
  | { readonly kind: "sweep" | "project" | "run"; readonly id: string | number; readonly since: string }
  | {
      readonly kind: "agents";
      readonly id: string;
      readonly since: string;
      readonly heardSince: Date | undefined;
    }
  | {
      readonly kind: "output";
      readonly id: number;
      readonly attempt: number | undefined;
      readonly since: OutputPlace;
    }
);

/**
 * The names of the probes that would find something: one statement a second for everything that a server's
 * subscribers look at, instead of one for each open page.
 */
export async function findChanged(
  { sql }: Database,
  access: Access,
  probes: readonly Probe[],
): Promise<string[]> {
  const since = sql`p.since`;
  const of = (kind: Probe["kind"]) => probes.filter((probe) => probe.kind === kind);
  const names = (kind: Probe["kind"]) => of(kind).map(({ name }) => name);
  const ids = (kind: Probe["kind"]) => of(kind).map(({ id }) => id);
  const cursors = (kind: Probe["kind"]) =>
    of(kind).map((probe) => (typeof probe.since === "string" ? probe.since : ""));
  const heard = probes.flatMap((probe) =>
    probe.kind === "agents" ? [probe.heardSince?.getTime() ?? null] : [],
  );
  const outputs = probes.filter((probe) => probe.kind === "output");
  const rows = await sql<{ name: string }[]>`
    select p.name from unnest(${names("sweep")}::text[], ${ids("sweep")}::text[], ${cursors("sweep")}::text[]::pg_snapshot[])
      p (name, id, since) join sweeps s on s.id = p.id
    where ${visible(sql, access, sql`s.project_id`)} and ((${unseen(sql, sql`s.changed_xid`, since)})
      or exists (select from agents a where a.sweep_id = s.id and ${unseen(sql, sql`a.changed_xid`, since)})
      or exists (select from runs r where r.sweep_id = s.id and ${unseen(sql, sql`r.changed_xid`, since)})
      or exists (select from attempts t where t.sweep_id = s.id and ${unseen(sql, sql`t.changed_xid`, since)}))
    union all
    select p.name from unnest(${names("agents")}::text[], ${ids("agents")}::text[], ${cursors("agents")}::text[]::pg_snapshot[],
      ${heard}::float8[]) p (name, id, since, heard) join sweeps s on s.id = p.id
    where ${visible(sql, access, sql`s.project_id`)} and (exists (select from agents a where a.sweep_id = s.id
        and (a.last_heartbeat_at > to_timestamp(p.heard / 1000) or (${unseen(sql, sql`a.changed_xid`, since)})))
      or exists (select from attempts t where t.sweep_id = s.id and ${unseen(sql, sql`t.changed_xid`, since)}))
    union all
    select p.name from unnest(${names("run")}::text[], ${ids("run")}::bigint[], ${cursors("run")}::text[]::pg_snapshot[])
      p (name, id, since) join runs r on r.id = p.id
    where ${visible(sql, access, sql`r.project_id`, sql`r.id`)} and ((${unseen(sql, sql`r.changed_xid`, since)})
      or exists (select from attempts t where t.run_id = r.id and ${unseen(sql, sql`t.changed_xid`, since)}))
    union all
    select p.name from unnest(${names("project")}::text[], ${ids("project")}::int[], ${cursors("project")}::text[]::pg_snapshot[])
      p (name, id, since) join projects j on j.id = p.id
    where ${visible(sql, access, sql`j.id`)} and ((${unseen(sql, sql`j.changed_xid`, since)})
      or exists (select from runs r where r.project_id = j.id and r.sweep_id is null and ${unseen(sql, sql`r.changed_xid`, since)})
      or exists (select from sweeps s where s.project_id = j.id and ((${unseen(sql, sql`s.changed_xid`, since)})
        or exists (select from runs r where r.sweep_id = s.id and ${unseen(sql, sql`r.changed_xid`, since)}))))
    union all
    select p.name from unnest(${names("output")}::text[], ${ids("output")}::bigint[],
      ${outputs.map(({ attempt }) => attempt ?? null)}::int[], ${outputs.map((probe) => probe.since.attempt)}::int[],
      ${outputs.map((probe) => probe.since.batch)}::int[]) p (name, id, attempt, since_attempt, since_batch)
    join runs r on r.id = p.id join attempts t on t.run_id = r.id and t.number = coalesce(p.attempt, r.attempt)
    where ${visible(sql, access, sql`r.project_id`, sql`r.id`)} and (t.number, t.last_output_batch) > (p.since_attempt, p.since_batch)`;
  return [...new Set(rows.map(({ name }) => name))];
}
