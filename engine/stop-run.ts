import { isOver, type RunState } from "@/core/run";
import type { Tx } from "@/db/client";
import { killWaiting, lockRun, requestStop } from "@/db/queries/settle-attempts";
import { tellSettled } from "./after-settling";
import { authorizeProject } from "./authorize";
import { checkId, checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { runFacts, unknownRun } from "./facts";
import { once, recallOr } from "./once";
import { isRevivable } from "./settle-facts";

/**
 * Somebody wants this run to stop. A run in the queue is killed at once; the holder of a running one learns it
 * with its next heartbeat, ends the process and says so. A run that is over stays what it is; one that was given up for want
 * of a sign of life hears it too, should it come back.
 */
export async function stopRun(
  context: EngineContext,
  input: { runId: number; clientMutationId?: string | undefined },
): Promise<{ runId: number; state: RunState }> {
  const { db } = context;
  const runId = checkId("runId", input.runId);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "stopRun", input: { runId }, clientMutationId };
  return recallOr(context, mutation, async () => {
    const run = await runFacts(db, runId);
    await authorizeProject(context, run.projectId, "member", () => unknownRun(runId));
    const { answer, repeated } = await once(context, mutation, async (tx) => ({
      runId,
      state: await stop(tx, runId),
    }));
    if (!repeated) await tellSettled(db, [run]);
    return answer;
  });
}

async function stop(tx: Tx, runId: number): Promise<RunState> {
  const row = await lockRun(tx, runId);
  if (row === undefined) throw unknownRun(runId);
  if (isOver(row.runState)) {
    if (isRevivable(row)) await requestStop(tx, runId);
    return row.runState;
  }
  if (row.runState === "pending" || row.runState === "preempted") {
    await killWaiting(tx, runId);
    return "killed";
  }
  await requestStop(tx, runId);
  return row.runState;
}
