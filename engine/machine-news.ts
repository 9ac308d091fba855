import { DEFAULT_QUARANTINE_AFTER } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import type { MachineNews } from "@/db/queries/machines";
import type { LockedAttempt } from "@/db/queries/settle-attempts";
import type { EngineContext } from "./context";
import type { Settlement } from "./settle";
import { readRules } from "./settle-facts";

export interface End {
  readonly row: LockedAttempt;
  readonly settlement: Pick<Settlement, "attemptState">;
  readonly server: Pick<EngineContext, "db" | "log">;
}

/**
 * What these ends, in their order, say about the machines they took place on. A run that failed at once (FAST_FAILURE_MS) counts against its
 * machine, and any other end begins the count anew; one that was preempted says nothing. While nothing fails there is no news, and
 * nothing is written.
 */
export async function toMachineNews(tx: Tx, ends: readonly End[]): Promise<MachineNews[]> {
  const news = new Map<string, MachineNews>();
  for (const { row, settlement, server } of ends) {
    const { sweepId, host, runId } = row;
    if (sweepId === null || host === null || settlement.attemptState === "preempted") continue;
    const name = `${sweepId} ${host}`;
    const known = news.get(name);
    if (settlement.attemptState === "failed" && row.young) {
      const { quarantineAfter = DEFAULT_QUARANTINE_AFTER } = await readRules(server, tx, row);
      if (quarantineAfter === false) continue;
      const { reset = false, failed = [] } = known ?? {};
      news.set(name, { sweepId, host, reset, failed: [...failed, runId], most: quarantineAfter });
    } else if (known || row.failing) news.set(name, { sweepId, host, reset: true, failed: [], most: null });
  }
  return [...news.values()];
}
