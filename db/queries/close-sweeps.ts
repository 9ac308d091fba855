import type { Fragment } from "postgres";
import type { Sql, Tx } from "../client";

/*
 * A sweep ends when nothing new is left and nothing is under way, or when it has done enough: a run has reached the target, its
 * hours are over, or nothing gets better. The finish of
 * the last run and the claim that exhausts the sweep may happen at the same moment at two servers, and neither
 * takes the other's lock; so each commits first and looks afterwards. Whoever looks last sees both, so somebody closes.
 *
 * "Nothing under way" is asked of two small indexes (the queue, the live attempts), not of all runs of the sweep:
 * a run is running or preempting exactly while its current attempt has not ended.
 *
 * What changes many runs locks them in the order of their ids, as everybody does (settle-attempts): an update alone takes them
 * in the order of whatever index it walks, and two such orders are a deadlock.
 */

/**
 * Sweeps with something to do: what is left of the queue of an ended one, a front behind its runs, or a reason to end. One
 * statement asks for all, so that sweeps at rest cost no transaction of their own.
 * @param only these sweeps; all when absent (the background's look-round after a server died between commit and look)
 */
export async function findSweepsToClose(sql: Sql | Tx, only?: readonly string[]): Promise<Candidate[]> {
  // Whoever names a sweep has mostly just ended a run of it: bringing its front counts the runs, and once is enough.
  const isBehind = only === undefined ? frontIsBehind(sql) : sql`true`;
  return sql<Candidate[]>`
    with looked as materialized (
      select s.id, s.unjudged, case when s.metrics is null then false else ${isBehind} end as behind from sweeps s
      where ${only === undefined ? sql`(${isLately(sql)} or s.unjudged or ${hasNoFront(sql)})` : sql`s.id = any(${[...only]}::text[])`}
    )
    select s.id as "sweepId", l.unjudged, l.behind from looked l join sweeps s on s.id = l.id
    where l.unjudged or l.behind or case when s.state in ('finished', 'canceled') then ${hasQueue(sql)}
      else (s.exhausted and not ${hasQueue(sql)} and not ${hasLive(sql)}) or ${enough(sql)} is not null end`;
}

export interface Candidate {
  sweepId: string;
  /** Its front is to be brought up to its runs first (or may be, for a named one): whether it is done may follow from there. */
  behind: boolean;
  /** Before that it is to be asked of each of its ended runs whether it is allowed (engine/check-feasible.ts). */
  unjudged: boolean;
}

/** Its runs may still end. */
const isLately = (sql: Sql | Tx) => sql`
  (s.state not in ('finished', 'canceled') or s.finished_at > clock_timestamp() - interval '1 minute' or ${hasQueue(sql)})`;

/** It ended before fronts were kept. */
const hasNoFront = (sql: Sql | Tx) => sql`
  (s.metrics is not null and not exists (select from fronts f where f.sweep_id = s.id))`;

/** A front is made of the finished runs whose number and sum of ids it tells. Both look at all runs: 25 ms for 10,000. */
const frontIsBehind = (sql: Sql | Tx) => sql`
  not exists (select from fronts f where f.sweep_id = s.id and (f.runs, f.id_sum) = (
    select count(*)::int, coalesce(sum(r.id), 0) from runs r
    where r.sweep_id = s.id and r.state = 'finished' and r.deleted_at is null ${isAllowed(sql, "r")}))`;

/**
 * Where a sweep has constraints on metrics, only runs that keep to them (`runs.feasible`) can be the best, reach a target or come
 * into a front, and only they count as improving nothing; as failed ones, the others are passed over.
 */
const isAllowed = (sql: Sql | Tx, run: string) => sql`and (not s.constrained or ${sql(run)}.feasible)`;

export async function lockSweep(tx: Tx, sweepId: string): Promise<LockedState | undefined> {
  const rows = await tx<LockedState[]>`
    select ${stateColumns(tx)} from sweeps where id = ${sweepId} for no key update`;
  return rows[0];
}

/** The same as it was a moment ago, for whoever only looks. */
export async function readSweepState(sql: Sql | Tx, sweepId: string): Promise<LockedState | undefined> {
  const rows = await sql<LockedState[]>`select ${stateColumns(sql)} from sweeps where id = ${sweepId}`;
  return rows[0];
}

const stateColumns = (sql: Sql | Tx) => sql`
  id as "sweepId", project_id as "projectId", name, state, state_reason as "stateReason", exhausted, outside, method,
  generation, run_count as "runCount", run_cap as "runCap", size, cursor,
  (started_at is not null or run_count > 0 or exists (select from runs r where r.sweep_id = sweeps.id)) as started`;

export interface LockedState {
  sweepId: string;
  /** It has had a run: handed out, waiting in its queue, or deleted by now. */
  started: boolean;
  projectId: number;
  name: string;
  state: "pending" | "running" | "paused" | "finished" | "canceled";
  stateReason: string | null;
  exhausted: boolean;
  /** Its runs come by the queue alone. */
  outside: boolean;
  method: string;
  generation: number;
  runCount: number;
  runCap: number | null;
  size: string | null;
  cursor: string;
}

/** Asked under the sweep's lock, in a statement of its own. */
export async function readEnding(tx: Tx, sweepId: string): Promise<Ending> {
  const rows = await tx<Ending[]>`
    select ${hasQueue(tx)} as queue, ${hasLive(tx)} as live, ${enough(tx)} as enough
    from sweeps s where s.id = ${sweepId}`;
  return rows[0] ?? { queue: false, live: false, enough: null };
}

export interface Ending {
  queue: boolean;
  live: boolean;
  /** Why the sweep has done enough, whatever is left. */
  enough: "target" | "hours_over" | "no_improvement" | "expected_improvement" | null;
}

const enough = (sql: Sql | Tx) => sql`
  case when ${atTarget(sql)} or ${atTargets(sql)} then 'target' when ${outOfTime(sql)} then 'hours_over'
    when ${stalled(sql)} or ${frontStalled(sql)} then 'no_improvement'
    when ${nothingExpected(sql)} then 'expected_improvement' end`;
const hasQueue = (sql: Sql | Tx) => sql`
  exists (select from runs q where q.sweep_id = s.id and q.state = 'pending' and q.deleted_at is null)`;
const hasLive = (sql: Sql | Tx) => sql`
  exists (select from attempts l where l.ended_at is null and l.sweep_id = s.id)`;
/** Under constraints on metrics a run is known to be allowed when it has ended, so a value on the way reaches no target. */
const atTarget = (sql: Sql | Tx) => sql`
  coalesce(s.metric_target is not null and case s.metric_goal
    when 'maximize' then ${bestObjective(sql, sql`desc`)} >= s.metric_target
    else ${bestObjective(sql, sql`asc`)} <= s.metric_target end, false)`;

/**
 * The best objective is the first entry of its index, and that of the allowed runs the first of theirs. Asked as "is there one
 * beyond the target?", the planner expected to meet one soon on any index and walked all runs of a sweep that has none: 22 ms at
 * 109,000 runs.
 */
const bestObjective = (sql: Sql | Tx, order: Fragment, which: Fragment = sql``) => {
  const first = (among: Fragment) => sql`(select o.objective from runs o
    where o.sweep_id = s.id and o.deleted_at is null and o.objective is not null ${which} ${among}
    order by o.objective ${order} limit 1)`;
  return sql`case when s.constrained then ${first(sql`and o.feasible`)} else ${first(sql``)} end`;
};

/**
 * One run has reached the targets of several metrics: it is under way, or it has finished. Whoever beats it in all metrics
 * reaches them, too; so of the finished ones those of the front are asked.
 */
const atTargets = (sql: Sql | Tx) => sql`
  coalesce(s.targets is not null and (exists (
    select from fronts f cross join jsonb_array_elements(f.members) as m
    where f.sweep_id = s.id and not exists (
      select from ${targets(sql)} where not ${reaches(sql, sql`(m->'objectives'->>t.place)::float8`)})
  ) or not s.constrained and exists (
    select from attempts l join runs r on r.id = l.run_id and r.attempt = l.number and r.deleted_at is null
    where l.sweep_id = s.id and l.ended_at is null and not exists (
      select from ${targets(sql)}
      left join metrics n on n.project_id = s.project_id and n.name = t.metric
      left join metric_summaries u on u.run_id = l.run_id and u.attempt = l.number and u.metric_id = n.id
      where not coalesce(${reaches(sql, sql`case t.goal when 'maximize' then u.max else u.min end`)}, false))
  )), false)`;
const targets = (sql: Sql | Tx) => sql`
  jsonb_to_recordset(s.targets) as t (place int, metric text, goal text, value text)`;
const reaches = (sql: Sql | Tx, value: ReturnType<Sql | Tx>) => sql`
  case t.goal when 'maximize' then ${value} >= t.value::float8 else ${value} <= t.value::float8 end`;

const outOfTime = (sql: Sql | Tx) => sql`
  coalesce(s.started_at + s.budget_hours * interval '1 hour' <= clock_timestamp(), false)`;

/** As many runs finished after the best finished one; of equal ones the first is the best. Only the count looks at every run. */
const stalled = (sql: Sql | Tx) => sql`
  coalesce(s.metrics is null and s.no_improvement is not null and s.no_improvement <= (
    select count(*) from runs t where t.sweep_id = s.id and t.deleted_at is null and t.state = 'finished'
      ${isAllowed(sql, "t")} and t.finished_at > (select min(b.finished_at) from runs b
        where b.sweep_id = s.id and b.deleted_at is null and b.state = 'finished' ${isAllowed(sql, "b")}
          and b.objective = case s.metric_goal
            when 'maximize' then ${bestObjective(sql, sql`desc`, FINISHED(sql))}
            else ${bestObjective(sql, sql`asc`, FINISHED(sql))} end)), false)`;
const FINISHED = (sql: Sql | Tx) => sql`and o.state = 'finished'`;

/** The same of several metrics: no run that none before it matched in all of them. */
const frontStalled = (sql: Sql | Tx) => sql`
  coalesce(s.metrics is not null and s.no_improvement <= (
    select f.barren from fronts f where f.sweep_id = s.id and f.members <> '[]'), false)`;

/**
 * In five states of knowledge in a row, each with more results than the one before, the model expected of none of its proposals to gain as
 * much. Those made in one go count once, by the best of them: each after the first expects what the others leave. A proposal
 * whose gain is unknown (nothing known is allowed yet) may gain anything.
 */
const nothingExpected = (sql: Sql | Tx) => sql`
  coalesce(s.least_improvement is not null and (
    select count(*) = ${STATES} and max(state.gain) < s.least_improvement from (
      select max(coalesce(p.improvement, 'infinity')) as gain from (
        select g.observed, g.improvement from suggestions g
        where g.sweep_id = s.id and g.generation = s.generation and g.number >= 0 and g.reason = 'model'
        order by g.number desc limit 1000) p
      group by p.observed order by p.observed desc limit ${STATES}) state), false)`;
const STATES = 5;

export async function moveSweep(
  tx: Tx,
  { sweepId, state, reason }: { sweepId: string; state: string; reason: string | null },
): Promise<void> {
  await tx`
    update sweeps set state = ${state}, state_reason = ${reason},
      finished_at = case when ${state} in ('finished', 'canceled') then now() end,
      changed_xid = pg_current_xact_id()
    where id = ${sweepId}`;
}

/**
 * Takes the queue of an ended sweep away: each run is again what its last attempt ended as (a resume puts it back
 * into the queue), or killed where the sweep was canceled. A run that was never handed out is killed without a reason.
 */
export async function emptyQueue(
  tx: Tx,
  { sweepId, canceled }: { sweepId: string; canceled: boolean },
): Promise<number> {
  const rows = await tx`
    with held as (
      select id from runs where sweep_id = ${sweepId} and state = 'pending' and deleted_at is null
      order by id for no key update
    )
    update runs r set
      state = case when ${canceled} then 'killed' else coalesce(
        (select a.state from attempts a where a.run_id = r.id and a.number = r.attempt and a.ended_at is not null), 'killed') end,
      state_reason = case when ${canceled} then 'sweep_canceled' else r.state_reason end,
      stop_requested = case when ${canceled} then 'cancel' else r.stop_requested end,
      queued_at = null, finished_at = now(), changed_xid = pg_current_xact_id()
    from held where r.id = held.id
    returning 1`;
  return rows.length;
}

/** Running attempts learn it with their next heartbeat. */
export async function requestCancel(tx: Tx, sweepId: string): Promise<void> {
  await tx`
    with held as (
      select r.id from attempts a join runs r on r.id = a.run_id
      where a.sweep_id = ${sweepId} and a.ended_at is null and r.deleted_at is null
        and r.stop_requested is distinct from 'cancel'
      order by r.id for no key update of r
    )
    update runs r set stop_requested = 'cancel', changed_xid = pg_current_xact_id()
    from held where r.id = held.id`;
}

/** Runs of a stopped sweep that a resume puts back: what was lost with retries left, and what was never handed out. */
export async function requeueLost(
  tx: Tx,
  { sweepId, retries, retryFailed }: { sweepId: string; retries: number; retryFailed: boolean },
): Promise<number> {
  const rows = await tx`
    with held as (
      select id from runs
      where sweep_id = ${sweepId} and deleted_at is null and stop_requested is null
        and (state = 'preempted'
          or (state = 'crashed' and crashes <= ${retries})
          or (state = 'failed' and ${retryFailed} and crashes <= ${retries})
          or (state = 'killed' and attempt = 0 and state_reason is null))
      order by id for no key update
    )
    update runs r set state = 'pending', state_reason = null, state_detail = null, queued_at = clock_timestamp(),
      finished_at = null, changed_xid = pg_current_xact_id()
    from held where r.id = held.id
    returning 1`;
  return rows.length;
}

/** After a resume the flag says again whether anything new is left. */
export async function refreshExhausted(tx: Tx, sweepId: string): Promise<boolean> {
  const rows = await tx<{ exhausted: boolean }[]>`
    update sweeps set exhausted = coalesce(run_count >= run_cap, false) or not outside and coalesce(
        (select c.spent from searches c where c.sweep_id = sweeps.id), cursor >= size, false),
      changed_xid = pg_current_xact_id()
    where id = ${sweepId} returning exhausted`;
  return rows[0]?.exhausted ?? true;
}
