import type { Tx } from "@/db/client";
import { lockSweep } from "@/db/queries/close-sweeps";
import { requeueHoles } from "@/db/queries/delete-run";
import type { RunFacts } from "@/db/queries/facts";
import { lockRuns, markRunsDeleted, uncountRuns } from "@/db/queries/many-runs";
import { settleAttempts } from "@/db/queries/settle-attempts";
import { tellSettled } from "./after-settling";
import { audit } from "./audit";
import { checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { forgetRun } from "./facts";
import { authorizeRuns, checkRunIds, groupBy, refuseMissing } from "./many-runs";
import { once, recallOr } from "./once";
import { RESTORABLE_MS } from "./restore-runs";

/**
 * `deleteRun` for many, all or none: they leave their project, their processes hear STALE, the points of a grid are open
 * again.
 * @throws AppError NOT_FOUND (also when one was deleted before), FORBIDDEN, BAD_INPUT
 */
export async function deleteRuns(
  context: EngineContext,
  input: { readonly runIds: readonly number[]; readonly clientMutationId?: string | undefined },
): Promise<{ runIds: number[] }> {
  const { db } = context;
  const runIds = checkRunIds(input.runIds);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "deleteRuns", input: { runIds }, clientMutationId };
  return recallOr(context, mutation, async () => {
    const runs = await authorizeRuns(context, runIds);
    await once(
      context,
      mutation,
      async (tx) => {
        await removeRuns(tx, runs);
        await writeDown(tx, context, runs);
        return { runIds };
      },
      { makesRoom: true },
    );
    for (const runId of runIds) forgetRun(db, runId);
    await tellSettled(db, runs);
    return { runIds };
  });
}

/** Ends the attempts under way, takes the runs out of their sweeps' counts and puts points of grids that are open again into the queue. */
export async function removeRuns(tx: Tx, runs: readonly RunFacts[]): Promise<void> {
  const inSweeps = groupBy(runs, ({ sweepId }) => sweepId);
  const sweepIds = [...inSweeps.keys()].filter((id) => id !== null).sort();
  const sweeps = [];
  for (const sweepId of sweepIds) sweeps.push(await lockSweep(tx, sweepId));
  const runIds = runs.map(({ runId }) => runId);
  const locked = await lockRuns(tx, runIds);
  refuseMissing(runIds, locked);
  await settleAttempts(
    tx,
    locked
      .filter(({ attempt, ended }) => attempt > 0 && !ended)
      .map(({ runId, attempt, crashes, preemptions }) => ({
        runId,
        attempt,
        attemptState: "killed",
        attemptReason: "stopped_by_user",
        runState: "killed",
        runReason: "stopped_by_user",
        detail: "deleted while it was running",
        exitCode: null,
        crashes,
        preemptions,
      })),
  );
  await markRunsDeleted(tx, runIds, { filesStayMs: RESTORABLE_MS + 60_000 });
  for (const sweep of sweeps) {
    if (sweep === undefined) continue;
    const { sweepId, state } = sweep;
    await uncountRuns(tx, { sweepId, count: inSweeps.get(sweepId)?.length ?? 0 });
    if (state !== "finished" && state !== "canceled") await requeueHoles(tx, sweep);
  }
}

/** One event a project, with the number and the name of each run. */
async function writeDown(tx: Tx, context: EngineContext, runs: readonly RunFacts[]): Promise<void> {
  for (const [projectId, ofProject] of groupBy(runs, (run) => run.projectId)) {
    const named = ofProject.map(({ runId, name, sweepId }) => ({ runId, name, sweepId }));
    await audit(tx, context, "run.delete", `${named.length} runs`, { runs: named }, { projectId });
  }
}
