import type { Tx } from "@/db/client";
import { noteMachines } from "@/db/queries/machines";
import { type LockedAttempt, type SettledAttempt, settleAttempts } from "@/db/queries/settle-attempts";
import { findFeasible } from "./check-feasible";
import type { EngineContext } from "./context";
import { type End, toMachineNews } from "./machine-news";
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
  const ends: End[] = [];
  for (const row of rows) {
    const settlement = settle(toEnding(row), await toFacts(server, tx, row));
    ends.push({ row, settlement, server });
    settled.push({ ...settlement, runId: row.runId, attempt: row.attempt, detail: null, exitCode: null });
  }
  const feasible = await findFeasible(
    server.db,
    tx,
    rows.filter(({ constrained }) => constrained),
  );
  const news = await toMachineNews(tx, ends);
  await settleAttempts(
    tx,
    settled.map((one) => ({ ...one, feasible: feasible.get(one.runId) ?? null })),
  );
  await noteMachines(tx, news);
}
