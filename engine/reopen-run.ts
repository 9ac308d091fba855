import { AppError } from "@/core/errors";
import { isOver } from "@/core/run";
import { insertReopened } from "@/db/queries/run-records";
import { lockRun } from "@/db/queries/settle-attempts";
import { inTransaction } from "@/db/transaction";
import { authorizeProject } from "./authorize";
import { checkId } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { runFacts, unknownRun } from "./facts";
import { bringFront } from "./grow-front";

/**
 * A run that is over is gone on with, or done again, by a writer without an agent: another attempt begins. It shows what that attempt
 * logs; whether it goes on from the one before is for its first metrics to say (`resumedFromStep`). A run that is under way is left as
 * it is.
 * @throws AppError ILLEGAL_MOVE for a run that waits in a sweep's queue, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function reopenRun(
  context: EngineContext,
  input: { runId: number },
): Promise<{ runId: number; attempt: number; reopened: boolean }> {
  const { db } = context;
  const run = await runFacts(db, checkId("runId", input.runId));
  const { runId } = run;
  await authorizeProject(context, run.projectId, "member", () => unknownRun(runId));
  const answer = await inTransaction(db, async (tx) => {
    const locked = await lockRun(tx, runId);
    if (locked === undefined) throw unknownRun(runId);
    if (!locked.ended) return { runId, attempt: locked.attempt, reopened: false };
    if (!isOver(locked.runState))
      throw new AppError(
        "ILLEGAL_MOVE",
        `run ${run.name} waits in its sweep's queue: an agent will take it up`,
        { details: { runId, state: locked.runState } },
      );
    return { runId, attempt: await insertReopened(tx, runId), reopened: true };
  });
  if (!answer.reopened) return answer;
  emitChange(run.projectId, run.sweepId, runId, "run", "sweep");
  // It is finished no more. A front goes by which runs are: brought up only when this one is again, it would keep what it was before.
  if (run.sweepId !== null) await bringFront(db, run.sweepId);
  return answer;
}
