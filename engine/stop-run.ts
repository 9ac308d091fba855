import { AppError } from "@/core/errors";
import { isOver, type RunState } from "@/core/run";
import type { Tx } from "@/db/client";
import { killWaiting, lockRun, requestStop } from "@/db/queries/settle-attempts";
import { inTransaction } from "@/db/transaction";
import { tellSettled } from "./after-settling";
import { authorizeProject } from "./authorize";
import { checkId } from "./check";
import type { EngineContext } from "./context";
import { runFacts } from "./facts";

/**
 * Somebody wants this run to stop. A run in the queue is killed at once; the holder of a running one learns it
 * with its next heartbeat, ends the process and says so. A run that is over stays what it is.
 */
export async function stopRun(
  context: EngineContext,
  input: { runId: number },
): Promise<{ runId: number; state: RunState }> {
  const { db } = context;
  const runId = checkId("runId", input.runId);
  const run = await runFacts(db, runId);
  await authorizeProject(context, run.projectId, "member");
  const state = await inTransaction(db, (tx) => stop(tx, runId));
  await tellSettled(db, [run]);
  return { runId, state };
}

async function stop(tx: Tx, runId: number): Promise<RunState> {
  const row = await lockRun(tx, runId);
  if (row === undefined) throw new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });
  if (isOver(row.runState)) return row.runState;
  if (row.runState === "pending" || row.runState === "preempted") {
    await killWaiting(tx, runId);
    return "killed";
  }
  await requestStop(tx, runId);
  return row.runState;
}
