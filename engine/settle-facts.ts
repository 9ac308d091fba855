import { AppError } from "@/core/errors";
import type { SweepConfig } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import type { LockedAttempt } from "@/db/queries/settle-attempts";
import type { EngineContext } from "./context";
import { loadConfig } from "./plan";
import type { Facts } from "./settle";

/** Ended by the server for want of a sign of life: its own heartbeat or finish may take that back, if nobody took over. */
export const isLapsed = ({ ended, attemptReason }: Pick<LockedAttempt, "ended" | "attemptReason">): boolean =>
  ended && (attemptReason === "lease_expired" || attemptReason === "silent");

/** May this attempt go on as if its lease had not run out? */
export const isRevivable = (row: LockedAttempt): boolean =>
  isLapsed(row) &&
  row.current === row.attempt &&
  (row.runState === "pending" || row.runState === "crashed" || row.runState === "preempted");

type Server = Pick<EngineContext, "db" | "log">;

/** What `settle` needs to know of a locked attempt. What a lapse had counted is uncounted. */
export async function toFacts(server: Server, tx: Tx, row: LockedAttempt): Promise<Facts> {
  const lapsed = isLapsed(row);
  const { retries, retryFailed } = await readRules(server, tx, row);
  return {
    preempting: row.attemptState === "preempting",
    stopRequested: row.stopRequested,
    sweepState: row.sweepState,
    // A run that was put into the queue by hand begins to count anew.
    crashes: Math.max(0, row.crashes - (lapsed && row.attemptState === "crashed" ? 1 : 0)),
    preemptions: Math.max(0, row.preemptions - (lapsed && row.attemptState === "preempted" ? 1 : 0)),
    retries,
    retryFailed,
  };
}

type Rules = Pick<SweepConfig, "retries" | "retryFailed" | "quarantineAfter">;
const NO_RETRIES: Rules = { retries: 0, retryFailed: false, quarantineAfter: false };

/** A sweep that can't be read has no retries: its runs end like others, and hold up nobody else's. */
export async function readRules(
  { db, log }: Server,
  tx: Tx,
  { runId, sweepId, generation }: LockedAttempt,
): Promise<Rules> {
  if (sweepId === null || generation === null) return NO_RETRIES;
  try {
    return await loadConfig(db, tx, { sweepId, generation });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ err: error, runId, sweepId, generation }, "unreadable sweep: its run ends without retries");
    return NO_RETRIES;
  }
}
