import type { SweepState } from "@/core/sweep";
import type { Sql, Tx } from "../client";
import { type HeldNews, heldCommands } from "./agent-news";
import type { AgentWish } from "./agents";

export interface BeatenAttempt {
  runId: number;
  attempt: number;
  /** Its lease was extended just now. */
  live: boolean;
  /** The run's current attempt; null when the run is unknown or deleted, or its attempt another agent's. */
  current: number | null;
  stopRequested: "stop" | "cancel" | "early" | null;
}

/**
 * Extends the leases of attempts that have not ended, in one statement. No run is locked, no index touched: the
 * change cursor is left alone (a lease is no news to a page), so the update stays on its page (HOT).
 * @param agentId only attempts that this agent holds; null for a beat without an agent
 */
export async function beatAttempts(
  sql: Sql | Tx,
  {
    attempts,
    agentId,
    leaseMs,
  }: {
    attempts: readonly { runId: number; attempt: number }[];
    agentId: number | null;
    leaseMs: number;
  },
): Promise<BeatenAttempt[]> {
  const runIds = attempts.map(({ runId }) => runId);
  return sql<BeatenAttempt[]>`
    with asked as (
      select * from unnest(${runIds}::bigint[], ${attempts.map((one) => one.attempt)}::int[])
        as t (run_id, number)
    ), locked as (
      select a.run_id, a.number from attempts a join asked using (run_id, number)
      where a.run_id = any(${runIds}::bigint[]) and a.ended_at is null and a.agent_id is not distinct from coalesce(${agentId}::int, a.agent_id)
      order by a.run_id for no key update of a
    ), beaten as (
      update attempts a set last_contact_at = clock_timestamp(),
        lease_expires_at = case when a.lease_expires_at is not null
          then clock_timestamp() + ${leaseMs}::float8 * interval '1 ms' end
      from locked l where a.run_id = l.run_id and a.number = l.number and a.run_id = any(${runIds}::bigint[])
        and a.ended_at is null
      returning a.run_id, a.number
    )
    select asked.run_id as "runId", asked.number as attempt, b.run_id is not null as live, r.attempt as current,
      r.stop_requested as "stopRequested"
    from asked
    left join beaten b using (run_id, number)
    left join attempts a on a.run_id = asked.run_id and a.number = asked.number and a.run_id = any(${runIds}::bigint[])
      and a.agent_id is not distinct from coalesce(${agentId}::int, a.agent_id)
    left join runs r on r.id = a.run_id and r.id = any(${runIds}::bigint[]) and r.deleted_at is null`;
}

export interface StartedAttempt {
  runId: number;
  attempt: number;
  pid: number;
  command: readonly string[];
  /** Which of the agent's slots it has, from 0. */
  slot: number | null;
  /** The devices it sees, as CUDA_VISIBLE_DEVICES says. */
  device: string | null;
}

/** The processes that attempts of this agent became, on its host; others than its own are left alone. */
export async function writeStarted(
  sql: Sql | Tx,
  { agentId, started }: { agentId: number; started: readonly StartedAttempt[] },
): Promise<void> {
  await sql`
    with given as (
      select * from json_to_recordset(${JSON.stringify(started)}::text::json)
        as t ("runId" bigint, attempt int, pid int, command jsonb, slot int, device text)
    ), held as (
      select a.run_id, a.number, g.pid, g.command, g.slot, g.device from given g
      join attempts a on a.run_id = g."runId" and a.number = g.attempt
      where a.run_id = any(${started.map(({ runId }) => runId)}::bigint[]) and a.agent_id = ${agentId}
      order by a.run_id, a.number for no key update of a
    )
    update attempts a set host = (select host from agents where id = ${agentId}), pid = h.pid, command = h.command,
      slot = h.slot, device = h.device, changed_xid = pg_current_xact_id()
    from held h where a.run_id = h.run_id and a.number = h.number`;
}

export interface BeatenAgent {
  sweepId: string;
  sweepState: SweepState;
  agentState: "alive" | "exited";
  wish: AgentWish | null;
  /** It had been given up as lost. */
  back: boolean;
  /** Runs that it holds and somebody wants stopped, whether it named them or not. */
  commands: HeldNews[] | null;
}

/** @returns undefined for an unknown agent */
export async function beatAgent(sql: Sql, agentId: number): Promise<BeatenAgent | undefined> {
  const rows = await sql<BeatenAgent[]>`
    with before as (
      select id, state from agents where id = ${agentId}
    ), beaten as (
      update agents a set last_heartbeat_at = clock_timestamp(),
        state = case when a.state = 'lost' then 'alive' else a.state end,
        changed_xid = case when a.state = 'lost' then pg_current_xact_id() else a.changed_xid end
      where a.id = ${agentId} returning a.sweep_id, a.state, a.wish
    )
    select s.id as "sweepId", s.state as "sweepState", b.state as "agentState", b.wish, a.state = 'lost' as back,
      ${heldCommands(sql)} as commands
    from beaten b join sweeps s on s.id = b.sweep_id, before a`;
  return rows[0];
}
