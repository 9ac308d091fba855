import { LEASE_MS } from "@/core/time";
import type { Database } from "@/db/client";
import { lockAttempts, reviveAttempts } from "@/db/queries/settle-attempts";
import { inTransaction } from "@/db/transaction";
import { emitChange } from "./events";
import { isRevivable } from "./settle-facts";

export interface Revived {
  readonly live: true;
  readonly stopRequested: "stop" | "cancel" | "early" | null;
}

/**
 * Gives runs back to attempts that were given up too early: the lease ran out, the run may be in the queue again
 * or even out of retries, but nobody has claimed it yet. A claim at the same moment holds the run's lock: one of the two wins.
 * @param agentId only attempts of this agent; null for any
 * @returns by run id (only a current attempt can be revived); those that can't be revived are absent
 */
export async function reviveLapsed(
  db: Database,
  lapsed: readonly { runId: number; attempt: number }[],
  agentId: number | null,
): Promise<Map<number, Revived>> {
  const revived = await inTransaction(db, async (tx) => {
    const rows = (await lockAttempts(tx, lapsed)).filter(
      (row) => isRevivable(row) && (agentId === null || row.agentId === agentId),
    );
    const stopRequested = await reviveAttempts(tx, { revived: rows, leaseMs: LEASE_MS });
    return rows.map((row) => ({ row, stopRequested: stopRequested.get(row.runId) ?? null }));
  });
  for (const { row } of revived) emitChange(row.projectId, row.sweepId, row.runId, "run", "sweep");
  return new Map(revived.map(({ row, stopRequested }) => [row.runId, { live: true, stopRequested }]));
}
