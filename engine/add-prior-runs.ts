import { AppError } from "@/core/errors";
import type { Diagnostic } from "@/core/sweep-config";
import { lockSweep } from "@/db/queries/close-sweeps";
import { readPriorRunIds } from "@/db/queries/prior-runs";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { badInput, checkMutationId, checkSweepId } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once } from "./once";
import { loadConfig } from "./plan";
import { checkPriorRuns, type ToldMore, tellMorePriorRuns } from "./prior-runs";

export interface AddPriorRunsInput {
  readonly sweepId: string;
  /** Names or ids of runs of the same project. */
  readonly runs: readonly string[];
  readonly clientMutationId?: string | undefined;
}

export interface AddPriorRunsAnswer {
  readonly sweepId: string;
  /** Runs that it was told of now; those it knew are absent. */
  readonly told: readonly number[];
  readonly warnings: readonly Diagnostic[];
}

/**
 * Makes runs of before part of what a sweep knows, also when it is under way: a search learns from their results, and no method runs
 * their points again.
 * @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT, INPUT_TOO_LARGE; ILLEGAL_MOVE for a run that has not ended, and a canceled sweep
 */
export async function addPriorRuns(
  context: EngineContext,
  input: AddPriorRunsInput,
): Promise<AddPriorRunsAnswer> {
  const { db } = context;
  const sweepId = checkSweepId(input.sweepId);
  const asked = checkPriorRuns(input.runs);
  if (asked.length === 0) throw badInput("runIds", [], "at least one run");
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const mutation = {
    verb: "addPriorRuns",
    input: { sweepId, asked },
    clientMutationId: checkMutationId(input.clientMutationId),
  };
  const { answer, repeated } = await once(context, mutation, async (tx): Promise<ToldMore> => {
    const sweep = await lockSweep(tx, sweepId);
    if (sweep === undefined)
      throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
    if (sweep.state === "canceled")
      throw new AppError(
        "ILLEGAL_MOVE",
        `sweep ${sweepId} is canceled: it learns nothing more; start a new sweep that begins with these runs`,
        { details: { sweepId, state: sweep.state } },
      );
    const config = await loadConfig(db, tx, sweep);
    const { length: priors } = await readPriorRunIds(tx, sweepId);
    const done = await tellMorePriorRuns(tx, { sweepId, projectId, config }, { asked, priors });
    if (done.told.length > 0)
      await audit(tx, context, "sweep.prior_runs", sweepId, { runIds: done.told }, { projectId });
    return done;
  });
  if (!repeated) emitChange(projectId, sweepId, null, "sweep", "run");
  return { sweepId, ...answer };
}
