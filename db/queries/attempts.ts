import type { Access } from "@/core/access";
import type { AttemptState } from "@/core/run";
import type { Database } from "../client";
import { agentColumn, type BareAgent, toAgent } from "./agents";
import { visible } from "./visible";

export interface AttemptRow {
  runId: number;
  number: number;
  agentId: number | null;
  state: AttemptState;
  reason: string | null;
  exitCode: number | null;
  leaseExpiresAt: Date | null;
  lastContactAt: Date;
  startedAt: Date;
  endedAt: Date | null;
  resumedFromStep: number | null;
  lastStep: number | null;
  host: string | null;
  pid: number | null;
  /** JSON text of the argv list. */
  command: string | null;
  slot: number | null;
  device: string | null;
  agent: BareAgent | null;
}

/** All attempts of the runs, each run's in order. */
export async function listAttempts(
  db: Database,
  access: Access,
  runIds: readonly number[],
): Promise<AttemptRow[]> {
  const { sql } = db;
  const rows = await sql<(Omit<AttemptRow, "agent"> & { agent: string | null })[]>`
    select a.run_id as "runId", a.number, a.agent_id as "agentId", a.state, a.reason, a.exit_code as "exitCode",
      a.lease_expires_at as "leaseExpiresAt", a.last_contact_at as "lastContactAt", a.started_at as "startedAt",
      a.ended_at as "endedAt", a.resumed_from_step as "resumedFromStep", a.last_step as "lastStep",
      coalesce(a.host, g.host) as host, coalesce(a.pid, g.pid) as pid, a.command::text as command, a.slot, a.device,
      ${agentColumn(sql)}
    from attempts a join runs r on r.id = a.run_id left join agents g on g.id = a.agent_id
    where a.run_id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by a.run_id, a.number`;
  return rows.map((row) => ({ ...row, agent: row.agent === null ? null : toAgent(row.agent) }));
}
