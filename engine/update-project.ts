import { AppError } from "@/core/errors";
import { lockProject, type ProjectChange, updateProject as write } from "@/db/queries/edit-project";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { badInput, checkId, checkInteger, checkMutationId, checkText } from "./check";
import type { EngineContext } from "./context";
import { MAX_DESCRIPTION } from "./create-project";
import { emitChange } from "./events";
import { once } from "./once";

export interface UpdateProjectInput {
  readonly projectId: number;
  /** Empty takes it away. What is absent stays as it is. */
  readonly description?: string | undefined;
  /** Days after a run's end; 0 puts the server's own setting in force again. */
  readonly keepOutputDays?: number | undefined;
  readonly keepHistoryDays?: number | undefined;
  readonly clientMutationId?: string | undefined;
}

/** A century: "for ever" in a project of a server that keeps less. */
const MAX_DAYS = 36_500;

/** @throws AppError BAD_INPUT, NOT_FOUND; FORBIDDEN: what is kept is for the project's admins to say */
export async function updateProject(
  context: EngineContext,
  input: UpdateProjectInput,
): Promise<{ projectId: number }> {
  const { clientMutationId, ...asked } = input;
  const projectId = checkId("projectId", input.projectId);
  const change = toChange(input);
  const keeps = change.keepOutputDays !== undefined || change.keepHistoryDays !== undefined;
  await authorizeProject(context, projectId, keeps ? "admin" : "member");
  const mutation = {
    verb: "updateProject",
    input: asked,
    clientMutationId: checkMutationId(clientMutationId),
  };
  const { repeated } = await once(
    context,
    mutation,
    async (tx) => {
      const project = await lockProject(tx, projectId);
      if (project === undefined) throw unknownProject(projectId);
      await write(tx, projectId, change);
      await audit(tx, context, "project.update", project.name, change, { projectId });
      return { projectId };
    },
    { makesRoom: true },
  );
  if (!repeated) emitChange(projectId, null, null, "sweep");
  return { projectId };
}

export const unknownProject = (projectId: number): AppError =>
  new AppError("NOT_FOUND", `project ${projectId} is unknown`, { details: { projectId } });

function toChange({ description, keepOutputDays, keepHistoryDays }: UpdateProjectInput): ProjectChange {
  const change: ProjectChange = {};
  if (description !== undefined)
    change.description = description === "" ? null : checkText("description", description, MAX_DESCRIPTION);
  if (keepOutputDays !== undefined)
    change.keepOutputDays = checkInteger("keepOutputDays", keepOutputDays, 0, MAX_DAYS) || null;
  if (keepHistoryDays !== undefined)
    change.keepHistoryDays = checkInteger("keepHistoryDays", keepHistoryDays, 0, MAX_DAYS) || null;
  if (Object.keys(change).length > 0) return change;
  throw badInput("input", null, "a description, keepOutputDays or keepHistoryDays");
}
