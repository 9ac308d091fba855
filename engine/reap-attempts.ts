import { LEASE_MS, OUTAGE_MS, SILENCE_MS } from "@/core/time";
import type { Database } from "@/db/client";
import { markAgentsLost } from "@/db/queries/agents";
import { lockExpired } from "@/db/queries/settle-attempts";
import { inTransaction, retrying } from "@/db/transaction";
import { tellSettled } from "./after-settling";
import type { Logger } from "./context";
import { endAttempts } from "./end-attempts";
import { emitChange } from "./events";
import { tallyOf } from "./tally";

/** Attempts ended in one transaction. */
const BATCH = 200;

export interface ReapRules {
  readonly silenceMs: number;
  readonly outageMs: number;
  /** How long the service must have been up before a lease counts as run out: one full lease. */
  readonly graceMs: number;
}

const RULES: ReapRules = { silenceMs: SILENCE_MS, outageMs: OUTAGE_MS, graceMs: LEASE_MS };

/**
 * Ends attempts whose lease ran out, and those of writers without an agent that fell silent; their runs go back to
 * the queue while retries are left. Safe on several servers at once, and harmless after an outage (see lockExpired).
 * @returns how many attempts it ended
 */
export async function reapAttempts(db: Database, log: Logger, rules = RULES): Promise<number> {
  for (let total = 0; ; ) {
    const reaped = await inTransaction(db, async (tx) => {
      const rows = await lockExpired(tx, { ...rules, limit: BATCH });
      await endAttempts({ db, log }, tx, rows, ({ leased, unbegun }) =>
        unbegun ? "agent_gone" : leased ? "expired" : "silent",
      );
      return rows;
    });
    for (const { runId, attempt, agentId, sweepId } of reaped) {
      log.info({ runId, attempt, agentId, sweepId }, "no sign of life: the attempt is ended");
    }
    await tellSettled(db, reaped);
    tallyOf(db).reaped += reaped.length;
    total += reaped.length;
    if (reaped.length < BATCH) return total;
  }
}

/** Agents that missed their beats are shown as lost; one that comes back is alive again with its first beat. */
export async function loseAgents(db: Database, log: Logger, rules = RULES): Promise<number> {
  const lost = await retrying(() => markAgentsLost(db.sql, { ...rules, leaseMs: LEASE_MS, limit: BATCH }));
  for (const { agentId, sweepId, projectId } of lost) {
    log.info({ agentId, sweepId }, "agent lost: no heartbeat for a whole lease");
    emitChange(projectId, sweepId, null, "agent");
  }
  return lost.length;
}
