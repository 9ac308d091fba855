import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

export interface AgentRow {
  id: number;
  sweepId: string;
  host: string;
  pid: number | null;
  slots: number;
  version: string | null;
  state: "alive" | "lost" | "exited";
  createdAt: Date;
  lastHeartbeatAt: Date;
  /** Attempts it holds now. */
  holding: number;
  done: number;
  failed: number;
}

const columns = (sql: Sql | Tx) => sql`
  a.id, a.sweep_id as "sweepId", a.host, a.pid, a.slots, a.version, a.state,
  a.created_at as "createdAt", a.last_heartbeat_at as "lastHeartbeatAt"`;

/** Attempts are counted by one pass over those of the sweep, not one per agent. */
export async function listAgents(
  db: Database,
  access: Access,
  { sweepId, limit = 1_000 }: { sweepId: string; limit?: number },
): Promise<AgentRow[]> {
  const { sql } = db;
  return sql<AgentRow[]>`
    with counted as (
      select agent_id, count(*) filter (where ended_at is null) as holding,
        count(*) filter (where state = 'finished') as done,
        count(*) filter (where state in ('failed', 'crashed')) as failed
      from attempts where sweep_id = ${sweepId} group by agent_id)
    select ${columns(sql)}, coalesce(c.holding, 0)::int as holding, coalesce(c.done, 0)::int as done,
      coalesce(c.failed, 0)::int as failed
    from agents a join sweeps s on s.id = a.sweep_id left join counted c on c.agent_id = a.id
    where a.sweep_id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)}
    order by a.state, a.id desc limit ${limit}`;
}

export async function getAgents(
  db: Database,
  access: Access,
  ids: readonly number[],
): Promise<Omit<AgentRow, "holding" | "done" | "failed">[]> {
  const { sql } = db;
  return sql<AgentRow[]>`
    select ${columns(sql)} from agents a join sweeps s on s.id = a.sweep_id
    where a.id = any(${[...ids]}::int[]) and ${visible(sql, access, sql`s.project_id`)}`;
}

/** @returns the agent's id */
export async function insertAgent(
  tx: Tx,
  agent: {
    sweepId: string;
    userId: number;
    host: string;
    pid: number | null;
    slots: number;
    version: string | null;
  },
): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    insert into agents (sweep_id, user_id, host, pid, slots, version)
    values (${agent.sweepId}, ${agent.userId}, ${agent.host}, ${agent.pid}, ${agent.slots}, ${agent.version})
    returning id`;
  return rows[0]?.id ?? 0;
}

export async function markAgentExited(tx: Tx, agentId: number): Promise<void> {
  await tx`update agents set state = 'exited', changed_xid = pg_current_xact_id() where id = ${agentId}`;
}

/** Agents that missed their beats for a whole lease, under the same grace after an outage as leases. */
export async function markAgentsLost(
  sql: Sql | Tx,
  {
    leaseMs,
    graceMs,
    outageMs,
    limit,
  }: { leaseMs: number; graceMs: number; outageMs: number; limit: number },
): Promise<{ agentId: number; sweepId: string; projectId: number }[]> {
  return sql<{ agentId: number; sweepId: string; projectId: number }[]>`
    update agents a set state = 'lost', changed_xid = pg_current_xact_id()
    from sweeps s
    where s.id = a.sweep_id and a.id in (
      select id from agents
      where state = 'alive' and last_heartbeat_at < clock_timestamp() - ${leaseMs}::float8 * interval '1 ms'
        and exists (select from liveness l
          where l.last_beat_at > clock_timestamp() - ${outageMs}::float8 * interval '1 ms'
            and l.up_since <= clock_timestamp() - ${graceMs}::float8 * interval '1 ms'
            and l.up_since >= pg_postmaster_start_time())
      limit ${limit} for no key update skip locked)
    returning a.id as "agentId", a.sweep_id as "sweepId", s.project_id as "projectId"`;
}
