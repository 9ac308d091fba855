import { randomBytes } from "node:crypto";
import { toShortId } from "@/core/ids";
import type { Diagnostic } from "@/core/sweep-config";
import { insertSweep } from "@/db/queries/create-sweep";
import { requireUser } from "./authorize";
import { checkMutationId, maybeText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { once } from "./once";
import { ensurePlace, resolvePlace } from "./place";
import { checkPriorRuns, tellPriorRuns } from "./prior-runs";
import { readSweepFile, type SweepFile } from "./read-sweep-file";

export interface CreateSweepInput extends SweepFile {
  /** Beats what the file says. */
  readonly entity?: string | undefined;
  readonly project?: string | undefined;
  readonly name?: string | undefined;
  /** Names or ids of runs of the same project whose results it begins with. */
  readonly priorRuns?: readonly string[] | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface CreateSweepAnswer {
  readonly sweepId: string;
  readonly warnings: readonly Diagnostic[];
}

const MAX_NAME = 500;

interface Answer {
  readonly sweepId: string;
  readonly projectId: number;
  /** Absent in what an earlier version answered. */
  readonly leftOut?: readonly Diagnostic[];
}

export async function createSweep(
  context: EngineContext,
  input: CreateSweepInput,
): Promise<CreateSweepAnswer> {
  const { userId } = requireUser(context.access);
  const { clientMutationId, ...asked } = input;
  const mutationId = checkMutationId(clientMutationId);
  const name = maybeText("name", input.name, MAX_NAME);
  const priorRuns = checkPriorRuns(input.priorRuns);
  const { config, generation, warnings } = readSweepFile(input);
  const place = await resolvePlace(context, {
    entity: input.entity ?? config.entity,
    project: input.project ?? config.project,
  });
  const sweepId = toShortId(randomBytes(32));
  const { answer, repeated } = await once(
    context,
    { verb: "createSweep", input: asked, clientMutationId: mutationId },
    async (tx): Promise<Answer> => {
      const projectId = await ensurePlace(tx, place);
      await insertSweep(tx, {
        ...generation,
        sweepId,
        projectId,
        generation: 1,
        // The file's own name is cut, not refused: W&B takes any.
        name: name ?? (config.name?.slice(0, MAX_NAME) || sweepId),
        createdBy: userId,
      });
      const leftOut = await tellPriorRuns(tx, { sweepId, projectId, config }, priorRuns);
      return { sweepId, projectId, leftOut };
    },
  );
  if (!repeated) emitChange(answer.projectId, answer.sweepId, null, "sweep");
  return { sweepId: answer.sweepId, warnings: [...warnings, ...(answer.leftOut ?? [])] };
}
