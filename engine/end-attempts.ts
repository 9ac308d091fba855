import type { Tx } from "@/db/client";
import { type LockedAttempt, settleAttempts } from "@/db/queries/settle-attempts";
import type { EngineContext } from "./context";
import { type Ending, settle } from "./settle";
import { toFacts } from "./settle-facts";

/** Ends locked attempts for a reason of the server's own. */
export async function endAttempts(
  server: Pick<EngineContext, "db" | "log">,
  tx: Tx,
  rows: readonly LockedAttempt[],
  toEnding: (row: LockedAttempt) => Ending,
): Promise<void> {
  const settled = [];
  for (const row of rows) {
    const settlement = settle(toEnding(row), await toFacts(server, tx, row));
    settled.push({ ...settlement, runId: row.runId, attempt: row.attempt, detail: null, exitCode: null });
  }
  await settleAttempts(tx, settled);
}
