import type { Tx } from "@/db/client";
import { type LockedAttempt, type SettledAttempt, settleAttempts } from "@/db/queries/settle-attempts";
import { findFeasible } from "./check-feasible";
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
  const settled: SettledAttempt[] = [];
  for (const row of rows) {
    const settlement = settle(toEnding(row), await toFacts(server, tx, row));
    settled.push({ ...settlement, runId: row.runId, attempt: row.attempt, detail: null, exitCode: null });
  }
  const feasible = await findFeasible(
    server.db,
    tx,
    rows.filter(({ constrained }) => constrained),
  );
  await settleAttempts(
    tx,
    settled.map((one) => ({ ...one, feasible: feasible.get(one.runId) ?? null })),
  );
}
