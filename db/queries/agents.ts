import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

/** What a person wants of an agent. */
export type AgentWish = "drain" | "stop";

export interface AgentRow {
  id: number;
  sweepId: string;
  host: string;
  pid: number | null;
  slots: number;
  version: string | null;
  cwd: string | null;
  /** JSON text of a list of words, one a device. */
  gpus: string;
  state: "alive" | "lost" | "exited";
  wish: AgentWish | null;
  /** Its machine gets no more runs of the sweep. */
  quarantined: boolean;
  createdAt: Date;
  lastHeartbeatAt: Date;
  /** Attempts it holds now. */
  holding: number;
  done: number;
  failed: number;
}

/** Of an agent `a`. */
export const agentColumns = (sql: Sql | Tx) => sql`
  a.id, a.sweep_id as "sweepId", a.host, a.pid, a.slots, a.version, a.cwd, a.gpus::text as gpus, a.state, a.wish,
  ${inQuarantine(sql, sql`a`)} as quarantined, a.created_at as "createdAt", a.last_heartbeat_at as "lastHeartbeatAt"`;

/** Does the agent behind the alias work on a machine that gets no more runs of its sweep? */
export const inQuarantine = (sql: Sql | Tx, agent: Fragment) => sql`exists (select from machines mq
  where mq.sweep_id = ${agent}.sweep_id and mq.host = ${agent}.host and mq.quarantined_at is not null)`;

export type BareAgent = Omit<AgentRow, "holding" | "done" | "failed">;

/** An agent `g` met through another row, in one column: null where there is none. Read it with `toAgent`. */
export const agentColumn = (sql: Sql | Tx) => sql`
  case when g.id is not null then json_build_array(g.id, g.sweep_id, g.host, g.pid, g.slots, g.version, g.cwd, g.gpus::text,
    g.state, g.wish, ${inQuarantine(sql, sql`g`)}, round(extract(epoch from g.created_at) * 1000),
    round(extract(epoch from g.last_heartbeat_at) * 1000))::text
  end as agent`;

export function toAgent(text: string): BareAgent {
  const [
    id,
    sweepId,
    host,
    pid,
    slots,
    version,
    cwd,
    gpus,
    state,
    wish,
    quarantined,
    createdAt,
    lastHeartbeatAt,
  ] = JSON.parse(text);
  return {
    id,
    sweepId,
    host,
    pid,
    slots,
    version,
    cwd,
    gpus,
    state,
    wish,
    quarantined,
    createdAt: new Date(createdAt),
    lastHeartbeatAt: new Date(lastHeartbeatAt),
  };
}

export async function getAgents(db: Database, access: Access, ids: readonly number[]): Promise<BareAgent[]> {
  const { sql } = db;
  return sql<AgentRow[]>`
    select ${agentColumns(sql)} from agents a join sweeps s on s.id = a.sweep_id
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
    cwd: string | null;
    gpus: readonly string[];
  },
): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    insert into agents (sweep_id, user_id, host, pid, slots, version, cwd, gpus)
    values (${agent.sweepId}, ${agent.userId}, ${agent.host}, ${agent.pid}, ${agent.slots}, ${agent.version},
      ${agent.cwd}, ${JSON.stringify(agent.gpus)}::text::jsonb)
    returning id`;
  return rows[0]?.id ?? 0;
}

export async function markAgentExited(tx: Tx, agentId: number): Promise<void> {
  await tx`update agents set state = 'exited', changed_xid = pg_current_xact_id() where id = ${agentId}`;
}

/** A stop is not weakened to a drain. */
export async function writeWish(
  tx: Tx,
  { agentId, wish }: { agentId: number; wish: AgentWish },
): Promise<void> {
  await tx`
    update agents set wish = case when wish = 'stop' then wish else ${wish} end, changed_xid = pg_current_xact_id()
    where id = ${agentId}`;
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
