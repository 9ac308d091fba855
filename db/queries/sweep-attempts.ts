import type { Access } from "@/core/access";
import type { AttemptState } from "@/core/run";
import type { Database } from "../client";
import { visible } from "./visible";

export interface SweepAttempt {
  runId: number;
  number: number;
  agentId: number | null;
  /** From 0; null where its agent has one slot alone. */
  slot: number | null;
  state: AttemptState;
  reason: string | null;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number | null;
}

/**
 * Attempts of a sweep's runs that their rows do not tell of: all of a run that was tried more than once (its row begins with the first
 * one), and those in a slot. Those of the newest runs first. In a sweep without either the answer is empty.
 */
export async function listSweepAttempts(
  { sql }: Database,
  access: Access,
  { sweepId, length }: { sweepId: string; length: number },
): Promise<SweepAttempt[]> {
  return sql<SweepAttempt[]>`
    select a.run_id as "runId", a.number, a.agent_id as "agentId", a.slot, a.state, a.reason,
      floor(extract(epoch from a.started_at) * 1000)::float8 as "startedAt",
      floor(extract(epoch from a.ended_at) * 1000)::float8 as "endedAt"
    from attempts a join runs r on r.id = a.run_id
    where a.sweep_id = ${sweepId} and r.deleted_at is null and (r.attempt > 1 or a.slot is not null)
      and exists (select from sweeps s where s.id = ${sweepId} and ${visible(sql, access, sql`s.project_id`)})
    order by a.run_id desc, a.number limit ${length}`;
}
