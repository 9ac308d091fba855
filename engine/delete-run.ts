import { AppError } from "@/core/errors";
import type { Tx } from "@/db/client";
import { lockSweep } from "@/db/queries/close-sweeps";
import { markDeleted, requeueHoles, uncountRun } from "@/db/queries/delete-run";
import { lockRun, settleAttempts } from "@/db/queries/settle-attempts";
import { tellSettled } from "./after-settling";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { checkId, checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { forgetRun, runFacts } from "./facts";
import { once, recall } from "./once";

/**
 * Takes a run out of its project. Its process, if one is running, hears STALE. In a grid sweep its point is open
 * again, as in W&B: that is how a failed point is run once more.
 * @throws AppError NOT_FOUND (also when it was deleted before), FORBIDDEN
 */
export async function deleteRun(
  context: EngineContext,
  input: { runId: number; clientMutationId?: string | undefined },
): Promise<{ runId: number }> {
  const { db } = context;
  const runId = checkId("runId", input.runId);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "deleteRun", input: { runId }, clientMutationId };
  const before = await recall<{ runId: number }>(context, mutation);
  if (before !== undefined) return before;
  const run = await runFacts(db, runId);
  await authorizeProject(context, run.projectId, "member");
  await once(
    context,
    mutation,
    async (tx) => {
      await remove(tx, runId, run.sweepId);
      await audit(
        tx,
        context,
        "run.delete",
        String(runId),
        { name: run.name, sweepId: run.sweepId },
        { projectId: run.projectId },
      );
      return { runId };
    },
    { makesRoom: true },
  );
  forgetRun(db, runId);
  await tellSettled(db, [run]);
  return { runId };
}

async function remove(tx: Tx, runId: number, sweepId: string | null): Promise<void> {
  const sweep = sweepId === null ? undefined : await lockSweep(tx, sweepId);
  const row = await lockRun(tx, runId);
  if (row === undefined) throw new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });
  if (row.attempt > 0 && !row.ended) {
    await settleAttempts(tx, [
      {
        runId,
        attempt: row.attempt,
        attemptState: "killed",
        attemptReason: "stopped_by_user",
        runState: "killed",
        runReason: "stopped_by_user",
        detail: "deleted while it was running",
        exitCode: null,
        crashes: row.crashes,
        preemptions: row.preemptions,
      },
    ]);
  }
  await markDeleted(tx, runId);
  if (sweep === undefined) return;
  await uncountRun(tx, sweep.sweepId);
  if (sweep.state !== "finished" && sweep.state !== "canceled") await requeueHoles(tx, sweep);
}
