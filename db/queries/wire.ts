import type { RunState } from "@/core/run";
import type { Sql, Tx } from "../client";

/* What the gateway knows of attempts, agents and sweeps beyond what everybody does (db/schema/wire.ts). */

/** An attempt that an agent of another's making has in hand. */
export interface HeldWireAttempt {
  runId: number;
  attempt: number;
  wireName: string;
  /** 0 when nobody got to note that it was sent. */
  sent: number;
  seen: boolean;
  /** Since its agent first left it out of a beat, with no sign of it in between; null where it did not. */
  missedMs: number | null;
  params: string;
  stopRequested: "stop" | "cancel" | "early" | null;
  /** Since its agent was first heard of again after somebody wanted it stopped; null before. */
  stopHeardMs: number | null;
}

export async function readHeldWireAttempts(sql: Sql | Tx, agentId: number): Promise<HeldWireAttempt[]> {
  return sql<HeldWireAttempt[]>`
    select a.run_id as "runId", a.number as attempt,
      coalesce(w.wire_name, ${spellWireName(sql)}) as "wireName", coalesce(w.sent, 0) as sent, coalesce(w.seen, false) as seen,
      (extract(epoch from clock_timestamp() - w.missed_at) * 1000)::float8 as "missedMs", r.params::text as params, r.stop_requested as "stopRequested",
      (extract(epoch from clock_timestamp() - w.stop_heard_at) * 1000)::float8 as "stopHeardMs"
    from attempts a join runs r on r.id = a.run_id
    left join wire_attempts w on w.run_id = a.run_id and w.attempt = a.number
    where a.agent_id = ${agentId} and a.ended_at is null
    order by a.run_id`;
}

const spellWireName = (sql: Sql | Tx) =>
  sql`case when a.number = 1 then r.name else r.name || '-a' || a.number end`;

/** Attempts that this agent was ever given: what makes the next claim another one than the last. */
export async function countAttemptsOfAgent(sql: Sql | Tx, agentId: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from wire_attempts where agent_id = ${agentId}`;
  return rows[0]?.count ?? 0;
}

/** Under which name the attempt before this one went, if it ended as an announced preemption. */
export async function readResumedWireName(
  sql: Sql | Tx,
  { runId, attempt }: { runId: number; attempt: number },
): Promise<string | undefined> {
  const rows = await sql<{ wireName: string }[]>`
    select w.wire_name as "wireName" from wire_attempts w
    join attempts a on a.run_id = w.run_id and a.number = w.attempt
    where w.run_id = ${runId} and w.attempt = ${attempt - 1} and w.seen and a.state = 'preempted'
      and a.reason is distinct from 'agent_gone'`;
  return rows[0]?.wireName;
}

interface GivenWireAttempt {
  readonly runId: number;
  readonly attempt: number;
  readonly agentId: number;
  readonly wireName: string;
}

/** The same answer to the same question at once counts once. */
export async function noteGiven(tx: Tx, given: GivenWireAttempt): Promise<void> {
  await tx`
    insert into wire_attempts (run_id, attempt, agent_id, wire_name)
    values (${given.runId}, ${given.attempt}, ${given.agentId}, ${given.wireName}) on conflict do nothing`;
}

/** Noted again, it was sent again. */
export async function noteSent(tx: Tx, given: GivenWireAttempt): Promise<void> {
  await tx`
    insert into wire_attempts as w (run_id, attempt, agent_id, wire_name)
    values (${given.runId}, ${given.attempt}, ${given.agentId}, ${given.wireName})
    on conflict (run_id, attempt) do update set sent = w.sent + 1`;
}

export async function noteSeen(
  sql: Sql | Tx,
  attempts: readonly { runId: number; attempt: number }[],
): Promise<void> {
  if (attempts.length === 0) return;
  await sql`
    update wire_attempts w set seen = true, missed_at = null
    from unnest(${attempts.map((one) => one.runId)}::bigint[], ${attempts.map((one) => one.attempt)}::int[]) as k (run_id, attempt)
    where w.run_id = k.run_id and w.attempt = k.attempt and (not w.seen or w.missed_at is not null)`;
}

export async function noteMissed(
  sql: Sql | Tx,
  attempts: readonly { runId: number; attempt: number }[],
): Promise<void> {
  if (attempts.length === 0) return;
  await sql`
    update wire_attempts w set missed_at = clock_timestamp()
    from unnest(${attempts.map((one) => one.runId)}::bigint[], ${attempts.map((one) => one.attempt)}::int[]) as k (run_id, attempt)
    where w.run_id = k.run_id and w.attempt = k.attempt and w.missed_at is null`;
}

export async function noteStopHeard(
  sql: Sql | Tx,
  { runId, attempt }: { runId: number; attempt: number },
): Promise<void> {
  await sql`
    update wire_attempts set stop_heard_at = coalesce(stop_heard_at, clock_timestamp())
    where run_id = ${runId} and attempt = ${attempt}`;
}

export type WireAgentKind = "command" | "function";

/** Told at its first heartbeat by how soon after its registration that comes. @returns what it is; undefined for one of ours */
export async function settleAgentKind(
  sql: Sql | Tx,
  { agentId, functionWithinMs }: { agentId: number; functionWithinMs: number },
): Promise<WireAgentKind | undefined> {
  const rows = await sql<{ kind: WireAgentKind }[]>`
    with settled as (
      update wire_agents w set kind = case
        when clock_timestamp() - x.created_at < ${functionWithinMs}::float8 * interval '1 ms' then 'function' else 'command' end
      from agents x where x.id = w.agent_id and w.agent_id = ${agentId} and w.kind is null
      returning w.kind
    )
    select kind from settled union all ${knownKind(sql, agentId)}`;
  if (rows[0]) return rows[0].kind;
  // Two first beats at once, as after a lost answer: the second one waited for the first one's row, and still saw it as it was before.
  const [known] = await sql<{ kind: WireAgentKind }[]>`${knownKind(sql, agentId)}`;
  return known?.kind;
}

const knownKind = (sql: Sql | Tx, agentId: number) =>
  sql`select kind from wire_agents where agent_id = ${agentId} and kind is not null`;

export async function insertWireAgent(tx: Tx, agentId: number): Promise<void> {
  await tx`insert into wire_agents (agent_id) values (${agentId}) on conflict do nothing`;
}

/** A run by the name that a client uses, with the attempt that it means by it. */
export interface WireRun {
  runId: number;
  projectId: number;
  sweepId: string | null;
  name: string;
  attempt: number;
  /** The run's own. */
  current: number;
  state: RunState;
  /** Of that attempt. */
  ended: boolean;
  /** Ended for want of a sign of life. */
  lapsed: boolean;
  lastStep: number | null;
  /** Of that attempt: it goes on from there. */
  resumedFromStep: number | null;
  historyLines: number;
  outputLines: number;
  /** Held by an agent of our own, which reports output and the end itself. */
  ours: boolean;
  /** No agent holds it. */
  byHand: boolean;
  stopRequested: "stop" | "cancel" | "early" | null;
  startedAt: Date | null;
}

/** Of an attempt that has logged nothing yet and goes on with an earlier one: that one. */
export interface ContinuedAttempt {
  attempt: number;
  lastStep: number;
  historyLines: number;
  outputLines: number;
}

/**
 * The latest attempt with a history before this one, of all where this one was begun by hand, or of those that had its name on the wire;
 * undefined where this one has a history of its own.
 */
export async function readContinuedAttempt(
  sql: Sql | Tx,
  { runId, attempt }: { runId: number; attempt: number },
): Promise<ContinuedAttempt | undefined> {
  const rows = await sql<ContinuedAttempt[]>`
    select b.number as attempt, coalesce(b.last_step, b.resumed_from_step) as "lastStep",
      coalesce(b.history_lines, 0) as "historyLines", coalesce(b.output_lines, 0) as "outputLines"
    from attempts a join attempts b on b.run_id = a.run_id and b.number < a.number
    where a.run_id = ${runId} and a.number = ${attempt} and a.last_step is null and a.resumed_from_step is null
      and coalesce(b.last_step, b.resumed_from_step) is not null
      and (a.agent_id is null or exists (
        select from wire_attempts x join wire_attempts y on y.run_id = x.run_id and y.wire_name = x.wire_name
        where x.run_id = a.run_id and x.attempt = a.number and y.attempt = b.number))
    order by b.number desc limit 1`;
  return rows[0];
}

const wireRunColumns = (sql: Sql | Tx) => sql`
  r.id as "runId", r.project_id as "projectId", r.sweep_id as "sweepId", r.name, coalesce(a.number, 0) as attempt, r.attempt as current,
  r.state, coalesce(a.ended_at is not null, true) as ended, coalesce(a.reason in ('lease_expired', 'silent'), false) as lapsed,
  a.last_step as "lastStep", a.resumed_from_step as "resumedFromStep", coalesce(a.history_lines, 0) as "historyLines", coalesce(a.output_lines, 0) as "outputLines",
  a.agent_id is not null and not exists (select from wire_agents x where x.agent_id = a.agent_id) as ours,
  a.agent_id is null as "byHand",
  r.stop_requested as "stopRequested", r.started_at as "startedAt"`;

/**
 * A name that was given to an agent means that attempt; any other means the current attempt of the run that is called so.
 * The name of an attempt that was preempted and is gone on with means the later one.
 */
export async function findWireRun(
  sql: Sql | Tx,
  { projectId, name }: { projectId: number; name: string },
): Promise<WireRun | undefined> {
  const rows = await sql<WireRun[]>`
    with named as (
      (select w.run_id, w.attempt from wire_attempts w join runs r on r.id = w.run_id
        where w.wire_name = ${name} and r.project_id = ${projectId} and r.deleted_at is null
        order by w.run_id desc, w.attempt desc limit 1)
      union all
      (select r.id, r.attempt from runs r where r.project_id = ${projectId} and r.name = ${name} and r.deleted_at is null)
      limit 1
    )
    select ${wireRunColumns(sql)}
    from named n join runs r on r.id = n.run_id
    left join attempts a on a.run_id = n.run_id and a.number = n.attempt`;
  return rows[0];
}

/** The same for a run, or an attempt of it, that the caller knows by number; the current attempt when none is named. */
export async function readWireRun(
  sql: Sql | Tx,
  { runId, attempt }: { runId: number; attempt?: number },
): Promise<WireRun | undefined> {
  const rows = await sql<WireRun[]>`
    select ${wireRunColumns(sql)}
    from runs r left join attempts a on a.run_id = r.id and a.number = coalesce(${attempt ?? null}::int, r.attempt)
    where r.id = ${runId} and r.deleted_at is null`;
  return rows[0];
}

/** The sweep that the same key asked for with the same words within the last minute. */
export async function findRecentWireSweep(
  tx: Tx,
  { keyId, inputHash, withinMs }: { keyId: number | null; inputHash: Uint8Array; withinMs: number },
): Promise<string | undefined> {
  const rows = await tx<{ sweepId: string }[]>`
    select w.sweep_id as "sweepId" from wire_sweeps w join sweeps s on s.id = w.sweep_id
    where w.input_hash = ${inputHash} and w.key_id is not distinct from ${keyId}
      and w.created_at > clock_timestamp() - ${withinMs}::float8 * interval '1 ms' and s.state in ('pending', 'running')
    order by w.created_at desc limit 1`;
  return rows[0]?.sweepId;
}

export async function insertWireSweep(
  tx: Tx,
  row: { sweepId: string; keyId: number | null; inputHash: Uint8Array; description: string | null },
): Promise<void> {
  await tx`
    insert into wire_sweeps (sweep_id, key_id, input_hash, description)
    values (${row.sweepId}, ${row.keyId}, ${row.inputHash}, ${row.description}) on conflict do nothing`;
}
