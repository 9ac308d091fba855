import type { Fragment } from "postgres";
import type { SweepState } from "@/core/sweep";
import type { Sql, Tx } from "../client";
import type { AgentWish } from "./agents";
import { type AnswerRow, type MutationKey, type NewAnswer, readAnswers } from "./idempotency";

/*
 * Handing out runs. All claims of one sweep that a server has collected are one transaction: lock and read, then
 * write and commit; or, while this server alone hands out the sweep, a single statement (writeClaimsAhead).
 *
 * Who gets what is decided under the lock of the sweep's row (`for no key update`: foreign keys of agents that register
 * meanwhile may pass). Locks that would not do: `skip locked` on points (they are not stored), advisory locks (they
 * don't pass a pooler, and a frozen server would keep one for ever, where a row lock ends with idle_in_transaction
 * _session_timeout), optimistic `update ... where cursor = $1` (with two servers half of the groups are thrown away).
 * Requeued runs are locked with `skip locked`: one that its own heartbeat is reviving at this moment is passed over.
 */

export interface LockedSweep {
  sweepId: string;
  projectId: number;
  name: string;
  state: SweepState;
  generation: number;
  cursor: string;
  size: string | null;
  runCount: number;
  runCap: number | null;
  exhausted: boolean;
  /** The queue is all there is: somebody else chooses. */
  outside: boolean;
  /** Runs of before, whose points are known. */
  priors: number;
}

export interface QueuedRun {
  runId: number;
  sweepId: string;
  name: string;
  displayName: string;
  attempt: number;
  generation: number | null;
  pointIndex: string | null;
  /** Null where the point says it: of a run that came from its sweep's points they are never read. */
  params: string | null;
}

/** It has said goodbye, somebody wants it to leave, or its machine is in quarantine. */
export interface ClosedAgent {
  agentId: number;
  host: string;
  state: "alive" | "lost" | "exited";
  wish: AgentWish | null;
  /** Why, where it is in quarantine. */
  quarantine: string | null;
}

/** Of an agent `x`, with its machine `m`. */
const isClosed = (sql: Sql | Tx) =>
  sql`(x.state = 'exited' or x.wish is not null or m.quarantined_at is not null)`;
const joinMachine = (sql: Sql | Tx) =>
  sql`left join machines m on m.sweep_id = x.sweep_id and m.host = x.host`;

export interface ClaimReading {
  sweep: LockedSweep | undefined;
  answers: (AnswerRow & MutationKey)[];
  queued: QueuedRun[];
  /** The queue holds more than was read: its runs would not fit into one answer. */
  more: boolean;
  /** Agents among those asked for that get none, by their id. */
  closed: Map<number, ClosedAgent>;
  /** As many ids for new runs as were asked for, ascending. */
  ids: number[];
  leaseExpiresAt: Date;
}

/** Locks the sweep, then reads; sent as one batch, so the reads see what the lock waited for. */
export async function readForClaim(
  tx: Tx,
  asked: {
    sweepId: string;
    count: number;
    leaseMs: number;
    agentIds: readonly number[];
    mutations: readonly MutationKey[];
    /** Bytes of parameters to read from the queue at most, beyond the first run's. */
    maxBytes: number;
  },
): Promise<ClaimReading> {
  // A query is sent when it is executed, not when it is written down; left to Promise.all, the lock would come second.
  const locked = tx<LockedSweep[]>`
    select id as "sweepId", project_id as "projectId", name, state, generation, cursor, size,
      run_count as "runCount", run_cap as "runCap", exhausted, outside, priors
    from sweeps where id = ${asked.sweepId} for no key update`.execute();
  const answered = readAnswers(tx, asked.mutations);
  const waiting = tx<(QueuedRun & { fits: boolean })[]>`
    with held as (
      select id, name, display_name, attempt, generation, point_index, queued_at,
        case when ${isLoose(tx)} then octet_length(params::text) else 0 end as bytes
      from runs where sweep_id = ${asked.sweepId} and state = 'pending' and deleted_at is null
      order by queued_at, id limit ${asked.count} for no key update skip locked
    ), counted as (
      select *, sum(bytes) over (order by queued_at, id) - bytes < ${asked.maxBytes} as fits from held
    )
    select id as "runId", ${asked.sweepId} as "sweepId", name, display_name as "displayName", attempt, generation,
      point_index as "pointIndex", fits,
      case when fits and ${isLoose(tx)} then (select r.params::text from runs r where r.id = c.id) end as params
    from counted c order by queued_at, id`.execute();
  const rest = tx<{ ids: number[]; closed: ClosedAgent[] | null; leaseExpiresAt: Date }[]>`
    select array(select nextval('runs_id_seq') from generate_series(1, ${asked.count})) as ids,
      (select json_agg(json_build_object('agentId', x.id, 'host', x.host, 'state', x.state, 'wish', x.wish,
          'quarantine', case when m.quarantined_at is not null then m.reason end))
        from agents x ${joinMachine(tx)}
        where x.id = any(${[...asked.agentIds]}::int[]) and ${isClosed(tx)}) as closed,
      clock_timestamp() + ${asked.leaseMs}::float8 * interval '1 ms' as "leaseExpiresAt"`.execute();
  const [sweeps, answers, queued, facts] = await Promise.all([locked, answered, waiting, rest]);
  const fact = facts[0];
  if (fact === undefined) throw new Error("a select without from returned no row");
  return {
    sweep: sweeps[0],
    answers,
    queued: queued.filter(({ fits }) => fits),
    more: queued.some(({ fits }) => !fits),
    closed: new Map((fact.closed ?? []).map((agent) => [agent.agentId, agent])),
    ids: fact.ids,
    leaseExpiresAt: fact.leaseExpiresAt,
  };
}

/** Its parameters stand in its row alone. */
const isLoose = (tx: Tx) => tx`(point_index is null or generation is null)`;

/** Numbers and texts only: it travels as JSON. */
export interface FreshRun {
  id: number;
  name: string;
  displayName: string;
  /** Null where a search proposed it. */
  pointIndex: string | null;
  /** Hex. */
  pointHash: string;
  repeat: number;
  suggestion: number | null;
  params: string;
}

export interface NewAttempt {
  runId: number;
  attempt: number;
  agentId: number;
  /** SHA-256 of the run's key, hex. */
  keyHash: string;
  /** The API key that the run's key was derived from. */
  keyId: number | null;
}

export interface ClaimWriting {
  sweep: LockedSweep;
  fresh: readonly FreshRun[];
  attempts: readonly NewAttempt[];
  answers: readonly NewAnswer[];
  /** By the database's clock, read under the lock; null: `leaseMs` after the lock is had. */
  leaseExpiresAt: Date | null;
  leaseMs: number;
  /** Of the sweep, afterwards. */
  cursor: string;
  exhausted: boolean;
}

/**
 * Everything a group of claims changes, in one statement, sent at once. The sweep's row is locked. A point, a name or a
 * mutation id that is there already breaks it off with unique_violation (23505, constraint runs_point_key,
 * runs_project_name_key or idempotency_answers_caller_mutation_id_pk): the caller starts over, knowing more.
 */
export async function writeClaims(tx: Tx, writing: ClaimWriting): Promise<void> {
  await claimStatement(tx, writing, tx`true`).execute();
}

/**
 * The same as a transaction of its own, in a single exchange, for a server that handed out the sweep's last runs and so
 * knows its row: it holds only if the row is still as it was left, nothing waits in the queue and every agent among those asking
 * may have runs. Two servers at once: the second waits for the first one's lock and then finds the row changed.
 * @returns when the leases end, or undefined when nothing was done
 */
export async function writeClaimsAhead(sql: Sql, writing: ClaimWriting): Promise<Date | undefined> {
  const { sweep, attempts } = writing;
  const unchanged = sql`
    s.cursor = ${sweep.cursor}::numeric and s.generation = ${sweep.generation} and s.run_count = ${sweep.runCount}
    and s.priors = ${sweep.priors} and s.name = ${sweep.name} and s.state = 'running' and not s.exhausted and not s.outside
    and not exists (select from runs q where q.sweep_id = s.id and q.state = 'pending' and q.deleted_at is null)
    and not exists (select from agents x ${joinMachine(sql)}
      where x.id = any(${attempts.map(({ agentId }) => agentId)}::int[]) and ${isClosed(sql)})`;
  const rows = await claimStatement(sql, writing, unchanged);
  return rows[0]?.leaseExpiresAt;
}

function claimStatement(sql: Sql | Tx, writing: ClaimWriting, condition: Fragment) {
  const { sweep, fresh, attempts, answers } = writing;
  const text = JSON.stringify({ fresh, attempts, answers });
  const made = new Set(fresh.map(({ id }) => id));
  const requeued = attempts.flatMap(({ runId }) => (made.has(runId) ? [] : [runId]));
  return sql<{ leaseExpiresAt: Date }[]>`
    with given as materialized (
      select ${text}::text::json as g
    ), sweep as (
      update sweeps s set cursor = ${writing.cursor}::numeric, exhausted = ${writing.exhausted},
        run_count = s.run_count + ${fresh.length}::int,
        state = case when s.state = 'pending' then 'running' else s.state end,
        started_at = coalesce(s.started_at, now()), changed_xid = pg_current_xact_id()
      where s.id = ${sweep.sweepId} and ${condition}
      returning coalesce(${writing.leaseExpiresAt}::timestamptz,
        clock_timestamp() + ${writing.leaseMs}::float8 * interval '1 ms')::timestamptz(3) as lease
    ), made as (
      insert into runs (id, project_id, sweep_id, name, display_name, state, generation, point_index, point_hash,
        repeat, suggestion, params, attempt, started_at)
      overriding system value
      select f.id, ${sweep.projectId}::int, ${sweep.sweepId}, f.name, f."displayName", 'running',
        ${sweep.generation}::int, f."pointIndex", decode(f."pointHash", 'hex'), f.repeat, f.suggestion, f.params::jsonb, 1, now()
      from sweep, given, json_to_recordset(g -> 'fresh') as f (id bigint, name text, "displayName" text,
        "pointIndex" numeric, "pointHash" text, repeat int, suggestion int, params text)
    ), again as (
      update runs r set state = 'running', attempt = r.attempt + 1, state_reason = null, state_detail = null,
        exit_code = null, queued_at = null, started_at = coalesce(r.started_at, now()), finished_at = null,
        objective = null, objective_step = null, feasible = null, changed_xid = pg_current_xact_id()
      from sweep where r.id = any(${requeued}::bigint[]) and r.state = 'pending'
    ), held as (
      insert into attempts (run_id, number, sweep_id, agent_id, key_hash, key_id, lease_expires_at)
      select "runId", attempt, ${sweep.sweepId}, "agentId", decode("keyHash", 'hex'), "keyId", lease
      from sweep, given, json_to_recordset(g -> 'attempts') as t (
        "runId" bigint, attempt int, "agentId" int, "keyHash" text, "keyId" int)
    ), answered as (
      insert into idempotency_answers (caller, mutation_id, verb, input_hash, answer)
      select caller, "mutationId", verb, decode("inputHash", 'hex'), answer
      from sweep, given, json_to_recordset(g -> 'answers') as t (
        caller text, "mutationId" text, verb text, "inputHash" text, answer jsonb)
    )
    select lease as "leaseExpiresAt" from sweep`;
}

/** Ids for runs to come. Those that are never used leave gaps, which mean nothing. */
export async function reserveRunIds(sql: Sql, count: number): Promise<number[]> {
  const rows = await sql<
    { id: number }[]
  >`select nextval('runs_id_seq') as id from generate_series(1, ${count})`;
  return rows.map(({ id }) => id);
}

/** Which of these points (hex hashes) have a live run in the sweep already. */
export async function readKnownPoints(
  sql: Sql | Tx,
  { sweepId, points }: { sweepId: string; points: readonly { hash: string; repeat: number }[] },
): Promise<Set<string>> {
  const asked = points.map(({ hash, repeat }) => ({ hash, repeat }));
  const rows = await sql<{ hash: string; repeat: number }[]>`
    select encode(r.point_hash, 'hex') as hash, r.repeat
    from json_to_recordset(${JSON.stringify(asked)}::text::json) as t (hash text, repeat int)
    join runs r on r.sweep_id = ${sweepId} and r.point_hash = decode(t.hash, 'hex') and r.repeat = t.repeat
    where r.deleted_at is null
    union all
    select encode(p.point_hash, 'hex'), p.repeat
    from json_to_recordset(${JSON.stringify(asked)}::text::json) as t (hash text, repeat int)
    join prior_runs p on p.sweep_id = ${sweepId} and p.point_hash = decode(t.hash, 'hex') and p.repeat = t.repeat`;
  return new Set(rows.map(({ hash, repeat }) => `${hash}/${repeat}`));
}

export interface GivenRun extends QueuedRun {
  leaseExpiresAt: Date;
}

/** For the answer to a repeated claim: the runs it was given, each as the attempt it was given as, in the same order. */
export async function readGivenRuns(
  tx: Tx,
  given: readonly { runId: number; attempt: number }[],
): Promise<GivenRun[]> {
  return tx<GivenRun[]>`
    select r.id as "runId", r.sweep_id as "sweepId", r.name, r.display_name as "displayName", a.number as attempt, r.generation,
      r.point_index as "pointIndex", case when ${isLoose(tx)} then r.params::text end as params,
      a.lease_expires_at as "leaseExpiresAt"
    from unnest(${given.map((one) => one.runId)}::bigint[], ${given.map((one) => one.attempt)}::int[])
      with ordinality as t (run_id, number, place)
    join runs r on r.id = t.run_id
    join attempts a on a.run_id = t.run_id and a.number = t.number
    order by t.place`;
}
