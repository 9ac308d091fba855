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

export type BareAgent = Omit<AgentRow, "holding" | "done" | "failed">;

/** An agent `g` met through another row, in one column: null where there is none. Read it with `toAgent`. */
export const agentColumn = (sql: Sql | Tx) => sql`
  case when g.id is not null then json_build_array(g.id, g.sweep_id, g.host, g.pid, g.slots, g.version, g.state,
    round(extract(epoch from g.created_at) * 1000), round(extract(epoch from g.last_heartbeat_at) * 1000))::text
  end as agent`;

export function toAgent(text: string): BareAgent {
  const [id, sweepId, host, pid, slots, version, state, createdAt, lastHeartbeatAt] = JSON.parse(text);
  return {
    id,
    sweepId,
    host,
    pid,
    slots,
    version,
    state,
    createdAt: new Date(createdAt),
    lastHeartbeatAt: new Date(lastHeartbeatAt),
  };
}

export async function getAgents(db: Database, access: Access, ids: readonly number[]): Promise<BareAgent[]> {
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
