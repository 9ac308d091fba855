import { AppError } from "@/core/errors";
import { writeRunDates } from "@/db/queries/date-run";
import { lockRuns } from "@/db/queries/many-runs";
import { inTransaction } from "@/db/transaction";
import { authorizeRun } from "./authorize";
import { badInput, checkId } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { runFacts, unknownRun } from "./facts";

export interface DateRunInput {
  readonly runId: number;
  readonly startedAt?: Date | undefined;
  /** Only of a run that is over. */
  readonly finishedAt?: Date | undefined;
}

/**
 * When a run outside sweeps began and ended, where that was not here and now: it was moved in from elsewhere. Its current attempt is dated
 * with it. The last word wins, so that it may be said again; what is absent stays.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN, UNAVAILABLE; ILLEGAL_MOVE for a run of a sweep, whose times the search and the budget
 *   go by, and for the end of a run that is under way
 */
export async function dateRun(context: EngineContext, input: DateRunInput): Promise<{ runId: number }> {
  const { db } = context;
  const run = await runFacts(db, checkId("runId", input.runId));
  const { runId } = run;
  await authorizeRun(context, run, "member");
  const { startedAt = null, finishedAt = null } = input;
  if (run.sweepId !== null)
    throw new AppError(
      "ILLEGAL_MOVE",
      `run ${run.name} is a sweep's: when it began and ended is the server's to say`,
      { details: { runId, sweepId: run.sweepId } },
    );
  await inTransaction(db, async (tx) => {
    const [locked] = await lockRuns(tx, [runId]);
    if (locked === undefined) throw unknownRun(runId);
    if (finishedAt !== null && !locked.ended)
      throw new AppError("ILLEGAL_MOVE", `run ${run.name} is ${locked.runState}: finish it first`, {
        details: { runId, state: locked.runState },
      });
    const dates = await writeRunDates(tx, { runId, startedAt, finishedAt });
    if (dates?.startedAt && dates.finishedAt && dates.finishedAt < dates.startedAt)
      throw badInput(
        "finishedAt",
        dates.finishedAt.toISOString(),
        `no moment before startedAt, ${dates.startedAt.toISOString()}`,
      );
  });
  emitChange(run.projectId, null, runId, "run");
  return { runId };
}
