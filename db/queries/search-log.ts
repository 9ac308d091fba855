import type { RunState } from "@/core/run";
import type { Goal } from "@/core/sweep";
import type { Sql, Tx } from "../client";
import type { SearchRow } from "./searches";

/* What a search was told, in one order, and what it has not been told yet. Only the holder of a search writes here. */

/** What the log was told of a suggestion last; a run that was lost may come back. */
export type Told = "nothing" | "proposed" | "lost" | "ended";

/** A suggestion that is a run (or was withdrawn by a claim), and what the log has not been told of it. */
export interface NewsRow {
  number: number;
  told: Exclude<Told, "ended">;
  /** Null for a run that was deleted. */
  state: RunState | null;
  stateReason: string | null;
  runId: number;
  attempt: number | null;
  objective: number | null;
  /** A claim found its point taken. */
  withdrawn: boolean;
  /** It failed at once, and that may be its machine's fault: nobody knows until another run ends there. */
  doubtful: boolean;
}

/**
 * Of a run r of a suggestion g. When its machine is quarantined the run goes out again, once; when another one ends well there, it was
 * its own doing. By keys from the run to its machine: of a thousand machines that fail now and then, a look through all for each run took 0.3 s a round.
 */
const isDoubtful = (sql: Sql | Tx) => sql`(r.state = 'failed' and not r.returned and exists (
  select from attempts a join agents x on x.id = a.agent_id
  join machines m on m.sweep_id = g.sweep_id and m.host = x.host
  where a.run_id = r.id and a.number = r.attempt and m.quarantined_at is null and r.id = any(m.failed_runs)))`;

/** Of a suggestion g and its run r: something that the log has not been told. */
export const isNews = (sql: Sql | Tx) => sql`
  g.state in ('taken', 'withdrawn') and g.told <> 'ended'
    and case when g.told = 'lost' then r.deleted_at is null and r.state in ('finished', 'failed', 'killed') and not ${isDoubtful(sql)}
      else g.told = 'nothing' or r.id is null or r.deleted_at is not null
        or r.state in ('finished', 'failed', 'crashed', 'killed') end`;

/** Fallbacks that were taken, and runs that came to an end, in the order in which they did. The search's row is locked. */
export async function readNews(tx: Tx, sweepId: string): Promise<NewsRow[]> {
  return tx<NewsRow[]>`
    select g.number, g.told, g.run_id as "runId", case when r.deleted_at is null then r.state end as state,
      r.state_reason as "stateReason", r.attempt, r.objective, g.state = 'withdrawn' as withdrawn,
      coalesce(${isDoubtful(tx)}, false) as doubtful
    from suggestions g left join runs r on r.id = g.run_id
    where g.sweep_id = ${sweepId} and ${isNews(tx)}
    order by r.finished_at nulls first, g.run_id`;
}

export interface RunMetric {
  runId: number;
  name: string;
  count: number;
  last: number | null;
  min: number | null;
  max: number | null;
}

/** Summaries of these metrics in the current attempts of runs. */
export async function readRunMetrics(
  tx: Tx,
  runs: readonly { runId: number; attempt: number }[],
  names: readonly string[],
): Promise<RunMetric[]> {
  if (runs.length === 0 || names.length === 0) return [];
  return tx<RunMetric[]>`
    select s.run_id as "runId", m.name, s.count, s.last, s.min, s.max
    from unnest(${runs.map(({ runId }) => runId)}::bigint[], ${runs.map(({ attempt }) => attempt)}::int[])
      as t (run_id, attempt)
    join runs r on r.id = t.run_id
    join metrics m on m.project_id = r.project_id and m.name = any(${[...names]}::text[])
    join metric_summaries s on s.run_id = t.run_id and s.attempt = t.attempt and s.metric_id = m.id`;
}

export interface Progress {
  number: number;
  /** Finite values of the first metric. */
  count: number;
  /** Of each metric; null where it logged none. */
  best: (number | null)[];
  last: (number | null)[];
  /** What the log tells of it, as JSON text; null where it tells nothing. */
  known: string | null;
}

/**
 * How far runs under way have come that have logged something, and what the log knows of that. What it knows stands behind the
 * first of their proposals: looking through all of a log of 200,000 events took 216 ms a round, from there on 4.
 */
export async function readProgress(
  tx: Tx,
  { sweepId, metrics }: { sweepId: string; metrics: readonly { name: string; goal: Goal }[] },
): Promise<Progress[]> {
  return tx<Progress[]>`
    with asked as materialized (
      select t.place, t.goal, m.id from unnest(${metrics.map(({ name }) => name)}::text[],
        ${metrics.map(({ goal }) => goal)}::text[]) with ordinality as t (name, goal, place)
      left join metrics m on m.name = t.name and m.project_id = (select project_id from sweeps where id = ${sweepId})
    ), under_way as materialized (
      select g.number, g.seen, l.* from suggestions g join runs r on r.id = g.run_id
      cross join lateral (
        select max(s.count) filter (where a.place = 1) as count, bool_or(s.last is not null) as has_any,
          json_agg(case a.goal when 'maximize' then s.max else s.min end order by a.place) as best,
          json_agg(s.last order by a.place) as last
        from asked a left join metric_summaries s on s.run_id = r.id and s.attempt = r.attempt and s.metric_id = a.id
      ) l
      where g.sweep_id = ${sweepId} and g.state = 'taken' and g.told = 'proposed' and r.deleted_at is null
        and r.state in ('running', 'preempting') and l.has_any
    ), known as (
      select distinct on (e.number) e.number, e.details::text as details from search_events e
      where e.sweep_id = ${sweepId} and e.kind = 'intermediate' and e.position >= (select min(seen) from under_way)
      order by e.number, e.position desc
    )
    select u.number, coalesce(u.count, 0) as count, u.best, u.last, k.details as known
    from under_way u left join known k on k.number = u.number order by u.number`;
}

/** Sent at once, ahead of a commit. */
export async function markTold(
  tx: Tx,
  sweepId: string,
  told: readonly { number: number; told: Told }[],
): Promise<void> {
  if (told.length === 0) return;
  await tx`
    update suggestions g set told = t.told
    from unnest(${told.map(({ number }) => number)}::int[], ${told.map((one) => one.told)}::text[]) as t (number, told)
    where g.sweep_id = ${sweepId} and g.number = t.number`.execute();
}

export interface LogRow {
  kind: string;
  number: number;
  /** JSON text. */
  details: string | null;
}

/**
 * Appends to the log behind what it holds; the search's row is locked. Points that come back are there to be
 * proposed again. Sent at once, ahead of a commit.
 */
export async function appendLog(
  tx: Tx,
  { sweepId, logLength }: Pick<SearchRow, "sweepId" | "logLength">,
  events: readonly LogRow[],
  results: number,
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event, i) => ({ ...event, position: logLength + i }));
  const comesBack = events.some(({ kind }) => kind === "lost" || kind === "withdrawn");
  await Promise.all([
    tx`
      insert into search_events (sweep_id, position, kind, number, details)
      select ${sweepId}, e.position, e.kind, e.number, e.details::jsonb
      from json_to_recordset(${JSON.stringify(rows)}::text::json)
        as e (position int, kind text, number int, details text)`.execute(),
    tx`
      update searches set log_length = log_length + ${events.length}, results = results + ${results},
        spent = spent and not ${comesBack}
      where sweep_id = ${sweepId}`.execute(),
  ]);
}

export interface ToldRow extends LogRow {
  position: number;
  params: string | null;
  hash: string | null;
  repeat: number | null;
  reason: string | null;
  mean: number | null;
  sd: number | null;
  acquisition: number | null;
  acquisitionName: string | null;
  memory: string | null;
}

/** The log from a position on, each proposal with what it proposed. */
export async function readLog(
  sql: Sql | Tx,
  { sweepId, from }: { sweepId: string; from: number },
): Promise<ToldRow[]> {
  return sql<ToldRow[]>`
    select e.position, e.kind, e.number, e.details::text as details, g.params::text as params,
      encode(g.point_hash, 'hex') as hash, g.repeat, g.reason, g.mean, g.sd, g.acquisition,
      g.acquisition_name as "acquisitionName", g.memory::text as memory
    from search_events e
    left join suggestions g on g.sweep_id = e.sweep_id and g.number = e.number and e.kind = 'proposed'
    where e.sweep_id = ${sweepId} and e.position >= ${from}
    order by e.position`;
}
