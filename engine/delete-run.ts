import { tellSettled } from "./after-settling";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { checkId, checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { removeRuns } from "./delete-runs";
import { forgetRun, runFacts, unknownRun } from "./facts";
import { once, recallOr } from "./once";

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
  return recallOr(context, mutation, async () => {
    const run = await runFacts(db, runId);
    await authorizeProject(context, run.projectId, "member", () => unknownRun(runId));
    await once(
      context,
      mutation,
      async (tx) => {
        await removeRuns(tx, [run]);
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
  });
}
