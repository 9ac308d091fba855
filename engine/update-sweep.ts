import { AppError } from "@/core/errors";
import type { Diagnostic } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import { type LockedState, lockSweep } from "@/db/queries/close-sweeps";
import { renameSweep, replaceGeneration } from "@/db/queries/create-sweep";
import { readPriorRunIds } from "@/db/queries/prior-runs";
import { forgetSearch } from "@/db/queries/searches";
import { authorizeProject, requireUser } from "./authorize";
import { checkMutationId, checkSweepId, maybeText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once } from "./once";
import { tellAgain } from "./prior-runs";
import { readSweepFile, type SweepFile, type UnderstoodSweep } from "./read-sweep-file";

export interface UpdateSweepInput extends SweepFile {
  readonly sweepId: string;
  readonly name?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface UpdateSweepAnswer {
  readonly sweepId: string;
  readonly generation: number;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Renames a sweep at any time; puts another configuration in force while no run exists.
 * @throws AppError ILLEGAL_MOVE once there are runs or the sweep is over, and what createSweep throws about the file
 */
export async function updateSweep(
  context: EngineContext,
  input: UpdateSweepInput,
): Promise<UpdateSweepAnswer> {
  const { userId } = requireUser(context.access);
  const { clientMutationId, ...asked } = input;
  const sweepId = checkSweepId(input.sweepId);
  const name = maybeText("name", input.name, 500);
  const { projectId } = await sweepFacts(context.db, sweepId);
  await authorizeProject(context, projectId, "member");
  const file = input.source == null && input.json == null ? undefined : readSweepFile(input);
  const mutation = { verb: "updateSweep", input: asked, clientMutationId: checkMutationId(clientMutationId) };
  const { answer, repeated } = await once(context, mutation, async (tx): Promise<Answer> => {
    const sweep = await lockSweep(tx, sweepId);
    if (sweep === undefined)
      throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
    if (file === undefined) {
      if (name !== null) await renameSweep(tx, { sweepId, name });
      return { generation: sweep.generation };
    }
    const generation = await replace(tx, sweep, file, name, userId);
    const leftOut = await tellAgain(
      tx,
      { sweepId, projectId, config: file.config },
      await readPriorRunIds(tx, sweepId),
    );
    return { generation, leftOut };
  });
  if (!repeated) emitChange(projectId, sweepId, null, "sweep");
  return {
    sweepId,
    generation: answer.generation,
    warnings: [...(file?.warnings ?? []), ...(answer.leftOut ?? [])],
  };
}

interface Answer {
  readonly generation: number;
  /** Absent without another file, and in what an earlier version answered. */
  readonly leftOut?: readonly Diagnostic[];
}

async function replace(
  tx: Tx,
  sweep: LockedState,
  file: UnderstoodSweep,
  name: string | null,
  createdBy: number,
): Promise<number> {
  const { sweepId } = sweep;
  const over = sweep.state === "finished" || sweep.state === "canceled";
  if (over || sweep.cursor !== "0" || sweep.runCount > 0) {
    const why = over ? `it is ${sweep.state}` : `${sweep.runCount} of its runs are handed out`;
    throw new AppError(
      "ILLEGAL_MOVE",
      `sweep ${sweepId} can't take another configuration: ${why}; start a new sweep`,
      {
        details: { sweepId, state: sweep.state, runCount: sweep.runCount },
      },
    );
  }
  const generation = sweep.generation + 1;
  await forgetSearch(tx, sweepId);
  await replaceGeneration(tx, {
    ...file.generation,
    sweepId,
    generation,
    name: name ?? file.config.name?.slice(0, 500) ?? sweep.name,
    createdBy,
  });
  return generation;
}
