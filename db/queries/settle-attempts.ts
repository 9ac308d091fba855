import type { AttemptState, RunState } from "@/core/run";
import type { SweepState } from "@/core/sweep";
import { FAST_FAILURE_MS } from "@/core/time";
import type { Tx } from "../client";

export interface LockedAttempt {
  runId: number;
  attempt: number;
  /** The run's current attempt: state belongs to it alone. */
  current: number;
  projectId: number;
  sweepId: string | null;
  /** In force now; null for a run that came from no file. */
  generation: number | null;
  runState: RunState;
  attemptState: AttemptState;
  ended: boolean;
  attemptReason: string | null;
  stopRequested: "stop" | "cancel" | "early" | null;
  crashes: number;
  preemptions: number;
  agentId: number | null;
  /** False for a writer without an agent. */
  leased: boolean;
  sweepState: SweepState | null;
  /** Its sweep has constraints on metrics. */
  constrained: boolean;
  /** Of its agent; null for a writer without one. */
  host: string | null;
  /** It began so lately that a failure of it counts against its machine. */
  young: boolean;
  /** Its machine has failures in a row to its name. */
  failing: boolean;
  /** It was handed to an agent of another's making and never began: its agent neither named it nor did its process speak. */
  unbegun: boolean;
}

const columns = (tx: Tx) => tx`
  r.id as "runId", a.number as attempt, r.attempt as current, r.project_id as "projectId",
  r.sweep_id as "sweepId", ${inForce(tx)} as generation, r.state as "runState", a.state as "attemptState",
  a.ended_at is not null as ended, a.reason as "attemptReason", r.stop_requested as "stopRequested",
  r.crashes, r.preemptions, a.agent_id as "agentId",
  a.lease_expires_at is not null as leased, s.state as "sweepState", coalesce(s.constrained, false) as constrained,
  ${ofMachine(tx)}`;

/** Retries, constraints and the like are those of the sweep's file as it is now, whichever its run came from. */
const inForce = (tx: Tx) => tx`case when r.generation is not null then s.generation end`;

/** Of an attempt `a`. Two look-ups by key; where no run fails at once the second finds an empty table. */
const ofMachine = (tx: Tx) => tx`
  x.host, a.started_at > clock_timestamp() - ${FAST_FAILURE_MS}::float8 * interval '1 ms' as young,
  coalesce(m.failures_in_a_row > 0, false) as failing,
  exists (select from wire_attempts w where w.run_id = a.run_id and w.attempt = a.number and not w.seen) as unbegun`;

const joinMachine = (tx: Tx) => tx`
  left join agents x on x.id = a.agent_id
  left join machines m on m.sweep_id = a.sweep_id and m.host = x.host`;

/*
 * Locks. Whoever ends, revives or hands out a run holds the lock of its row first and of the attempt's row second;
 * runs in the order of their ids. `for no key update` lets the foreign keys of metrics and output through meanwhile.
 * A heartbeat that only extends a lease locks the attempt alone. The sweep's row comes before any run's; nothing here
 * takes it, so the sweep's state may be a moment old: see close-sweeps in the engine for what mends that.
 *
 * `= any(ids)` repeats what the join says, for the planner's sake: a plan made while the tables are small (and kept
 * until the next analyze) would rather hash all runs than look up a hundred; 12 ms a group at 30,000 runs, measured.
 */

/** The attempts asked for, in no particular order; unknown and deleted ones are absent. Sent at once. */
export async function lockAttempts(
  tx: Tx,
  asked: readonly { runId: number; attempt: number }[],
): Promise<LockedAttempt[]> {
  const runIds = asked.map(({ runId }) => runId);
  return tx<LockedAttempt[]>`
    select ${columns(tx)}
    from unnest(${runIds}::bigint[], ${asked.map((one) => one.attempt)}::int[])
      as asked (run_id, number)
    join runs r on r.id = asked.run_id and r.id = any(${runIds}::bigint[])
    join attempts a on a.run_id = asked.run_id and a.number = asked.number and a.run_id = any(${runIds}::bigint[])
    left join sweeps s on s.id = r.sweep_id
    ${joinMachine(tx)}
    where r.deleted_at is null
    order by r.id
    for no key update of r, a`.execute();
}

/**
 * Attempts whose lease ran out, or whose writer without an agent fell silent. Never waits for a lock, so two
 * servers reap side by side. Only while the service has been up for one full lease without a break: after an outage nobody
 * could have extended a lease, so nobody is to blame (the liveness row is beaten by every live server each second).
 */
export async function lockExpired(
  tx: Tx,
  {
    graceMs,
    silenceMs,
    outageMs,
    limit,
  }: { graceMs: number; silenceMs: number; outageMs: number; limit: number },
): Promise<LockedAttempt[]> {
  return tx<LockedAttempt[]>`
    with up as materialized (
      select clock_timestamp() - l.up_since as since from liveness l
      where l.last_beat_at > clock_timestamp() - ${outageMs}::float8 * interval '1 ms'
        and l.up_since <= clock_timestamp() - ${graceMs}::float8 * interval '1 ms'
        and l.up_since >= pg_postmaster_start_time()
    )
    select ${columns(tx)}
    from attempts a
    join runs r on r.id = a.run_id
    left join sweeps s on s.id = r.sweep_id
    ${joinMachine(tx)}
    where a.ended_at is null and exists (select from up)
      and case when a.lease_expires_at is not null then a.lease_expires_at < clock_timestamp()
        else a.last_contact_at < clock_timestamp() - ${silenceMs}::float8 * interval '1 ms'
          and (select since from up) >= ${silenceMs}::float8 * interval '1 ms' end
    limit ${limit}
    for no key update of r, a skip locked`;
}

/** A run with its current attempt; `attempt` is 0 before the first, and nothing about an attempt is meant then. */
export async function lockRun(tx: Tx, runId: number): Promise<LockedAttempt | undefined> {
  await tx`select from runs where id = ${runId} for no key update`;
  const rows = await tx<LockedAttempt[]>`
    select r.id as "runId", r.attempt, r.attempt as current, r.project_id as "projectId", r.sweep_id as "sweepId",
      ${inForce(tx)} as generation, r.state as "runState", coalesce(a.state, 'running') as "attemptState",
      coalesce(a.ended_at is not null, true) as ended, a.reason as "attemptReason",
      r.stop_requested as "stopRequested", r.crashes, r.preemptions, a.agent_id as "agentId",
      a.lease_expires_at is not null as leased, s.state as "sweepState", coalesce(s.constrained, false) as constrained,
      ${ofMachine(tx)}
    from runs r
    left join attempts a on a.run_id = r.id and a.number = r.attempt
    left join sweeps s on s.id = r.sweep_id
    ${joinMachine(tx)}
    where r.id = ${runId} and r.deleted_at is null`;
  return rows[0];
}

/** The process of these live attempts may vanish: rows are locked in the order of every other writer. @returns those marked now */
export async function markPreempting(
  tx: Tx,
  asked: readonly { runId: number; attempt: number }[],
): Promise<{ runId: number; attempt: number; projectId: number; sweepId: string | null }[]> {
  const rows = (await lockAttempts(tx, asked)).filter(
    (row) => !row.ended && row.current === row.attempt && row.attemptState === "running",
  );
  if (rows.length === 0) return [];
  const runIds = rows.map(({ runId }) => runId);
  await tx`
    with given as (
      select * from unnest(${runIds}::bigint[], ${rows.map(({ attempt }) => attempt)}::int[]) as t (run_id, number)
    ), marked as (
      update attempts a set state = 'preempting', changed_xid = pg_current_xact_id()
      from given g where a.run_id = g.run_id and a.number = g.number
    )
    update runs r set state = 'preempting', changed_xid = pg_current_xact_id() from given g where r.id = g.run_id`;
  return rows;
}

/** For the holder to learn with its next heartbeat. A cancel is not weakened to a stop. The run's row is locked. */
export async function requestStop(tx: Tx, runId: number): Promise<void> {
  await tx`
    update runs set stop_requested = coalesce(stop_requested, 'stop'), changed_xid = pg_current_xact_id()
    where id = ${runId}`;
}

/** Takes a run out of the queue for good. The run's row is locked. */
export async function killWaiting(tx: Tx, runId: number): Promise<void> {
  await tx`
    update runs set state = 'killed', state_reason = 'stopped_by_user', stop_requested = 'stop', queued_at = null,
      finished_at = clock_timestamp(), changed_xid = pg_current_xact_id()
    where id = ${runId}`;
}

/** The live attempts of an agent that leaves. */
export async function lockAttemptsOfAgent(tx: Tx, agentId: number): Promise<LockedAttempt[]> {
  return tx<LockedAttempt[]>`
    select ${columns(tx)}
    from attempts a
    join runs r on r.id = a.run_id
    left join sweeps s on s.id = r.sweep_id
    ${joinMachine(tx)}
    where a.agent_id = ${agentId} and a.ended_at is null
    order by r.id
    for no key update of r, a`;
}

export interface SettledAttempt {
  runId: number;
  attempt: number;
  attemptState: AttemptState;
  attemptReason: string | null;
  runState: RunState;
  runReason: string | null;
  detail: string | null;
  exitCode: number | null;
  crashes: number;
  preemptions: number;
  /** Absent or null: see `runs.feasible`. */
  feasible?: boolean | null;
}

/** Writes the end of attempts whose rows are locked, sent at once; `pending` puts the run at the end of the queue. */
export async function settleAttempts(tx: Tx, settled: readonly SettledAttempt[]): Promise<void> {
  if (settled.length === 0) return;
  const runIds = settled.map(({ runId }) => runId);
  await tx`
    with given as (
      select * from json_to_recordset(${JSON.stringify(settled)}::text::json) as t (
        "runId" bigint, attempt int, "attemptState" text, "attemptReason" text, "runState" text, "runReason" text,
        detail text, "exitCode" int, crashes int, preemptions int, feasible boolean)
    ), ended as (
      update attempts a set state = g."attemptState", reason = g."attemptReason", exit_code = g."exitCode",
        ended_at = clock_timestamp(), changed_xid = pg_current_xact_id()
      from given g where a.run_id = g."runId" and a.number = g.attempt and a.run_id = any(${runIds}::bigint[])
    )
    update runs r set state = g."runState", state_reason = g."runReason", state_detail = g.detail,
      exit_code = g."exitCode", crashes = g.crashes, preemptions = g.preemptions, feasible = g.feasible,
      queued_at = case when g."runState" = 'pending' then clock_timestamp() end,
      finished_at = case when g."runState" <> 'pending' then clock_timestamp() end,
      changed_xid = pg_current_xact_id()
    from given g where r.id = g."runId" and r.attempt = g.attempt and r.id = any(${runIds}::bigint[])`.execute();
}

/**
 * Takes back the end of attempts that expired and were not taken over (rows locked): the run is theirs again, and
 * what the expiry had counted is uncounted. In a canceled sweep it is told to stop at once.
 * @returns the stop request of each run, if it has one
 */
export async function reviveAttempts(
  tx: Tx,
  { revived, leaseMs }: { revived: readonly { runId: number; attempt: number }[]; leaseMs: number },
): Promise<Map<number, "stop" | "cancel" | "early" | null>> {
  if (revived.length === 0) return new Map();
  const rows = await tx<{ runId: number; stopRequested: "stop" | "cancel" | "early" | null }[]>`
    with given as (
      select * from unnest(${revived.map((one) => one.runId)}::bigint[], ${revived.map((one) => one.attempt)}::int[])
        as t (run_id, number)
    ), before as (
      select a.run_id, a.state from attempts a join given g using (run_id, number)
    ), alive as (
      update attempts a set state = case when a.state = 'preempted' then 'preempting' else 'running' end,
        reason = null, ended_at = null, exit_code = null, last_contact_at = clock_timestamp(),
        lease_expires_at = case when a.lease_expires_at is not null
          then clock_timestamp() + ${leaseMs}::float8 * interval '1 ms' end,
        changed_xid = pg_current_xact_id()
      from given g where a.run_id = g.run_id and a.number = g.number
    )
    update runs r set state = case when b.state = 'preempted' then 'preempting' else 'running' end,
      state_reason = null, state_detail = null, exit_code = null, queued_at = null, finished_at = null, feasible = null,
      crashes = greatest(0, r.crashes - case when b.state = 'crashed' then 1 else 0 end),
      preemptions = greatest(0, r.preemptions - case when b.state = 'preempted' then 1 else 0 end),
      stop_requested = case when (select s.state from sweeps s where s.id = r.sweep_id) = 'canceled'
        then 'cancel' else r.stop_requested end,
      changed_xid = pg_current_xact_id()
    from before b where r.id = b.run_id
    returning r.id as "runId", r.stop_requested as "stopRequested"`;
  return new Map(rows.map(({ runId, stopRequested }) => [runId, stopRequested]));
}
