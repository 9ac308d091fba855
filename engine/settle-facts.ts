import type { Database, Tx } from "@/db/client";
import type { LockedAttempt } from "@/db/queries/settle-attempts";
import { loadPlan } from "./plan";
import type { Facts } from "./settle";

/** Ended by the server for want of a sign of life: its own heartbeat or finish may take that back, if nobody took over. */
export const isLapsed = ({ ended, attemptReason }: Pick<LockedAttempt, "ended" | "attemptReason">): boolean =>
  ended && (attemptReason === "lease_expired" || attemptReason === "silent");

/** May this attempt go on as if its lease had not run out? */
export const isRevivable = (row: LockedAttempt): boolean =>
  isLapsed(row) &&
  row.current === row.attempt &&
  (row.runState === "pending" || row.runState === "crashed" || row.runState === "preempted");

/** What `settle` needs to know of a locked attempt. What a lapse had counted is uncounted. */
export async function toFacts(db: Database, tx: Tx, row: LockedAttempt): Promise<Facts> {
  const lapsed = isLapsed(row);
  const { retries, retryFailed } = await retryRules(db, tx, row);
  return {
    preempting: row.attemptState === "preempting",
    stopRequested: row.stopRequested,
    sweepState: row.sweepState,
    crashes: row.crashes - (lapsed && row.attemptState === "crashed" ? 1 : 0),
    preemptions: row.preemptions - (lapsed && row.attemptState === "preempted" ? 1 : 0),
    retries,
    retryFailed,
  };
}

async function retryRules(
  db: Database,
  tx: Tx,
  { sweepId, generation }: LockedAttempt,
): Promise<{ retries: number; retryFailed: boolean }> {
  if (sweepId === null || generation === null) return { retries: 0, retryFailed: false };
  const { config } = await loadPlan(db, tx, { sweepId, generation });
  return config;
}
