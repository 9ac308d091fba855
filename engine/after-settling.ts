import type { Database } from "@/db/client";
import type { LockedAttempt } from "@/db/queries/settle-attempts";
import { closeSweeps } from "./close-sweeps";
import { emitChange } from "./events";

type Settled = Pick<LockedAttempt, "projectId" | "sweepId" | "runId">;

/** After the commit that ended attempts: tell who watches, and see whether a sweep has ended with them. */
export async function tellSettled(db: Database, settled: readonly Settled[]): Promise<void> {
  for (const { projectId, sweepId, runId } of settled) emitChange(projectId, sweepId, runId, "run", "sweep");
  await closeSweeps(db, [...new Set(settled.flatMap(({ sweepId }) => sweepId ?? []))]);
}
