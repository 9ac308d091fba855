import { lockProject, markProjectDeleted } from "@/db/queries/edit-project";
import { audit } from "./audit";
import { authorizeProject, forgetAccess } from "./authorize";
import { badInput, checkId, checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { emitAccessChange, emitChange } from "./events";
import { once, recallOr } from "./once";
import { unknownProject } from "./update-project";

export interface DeleteProjectInput {
  readonly projectId: number;
  /** The project's name, so that nobody deletes another by a wrong number. */
  readonly confirm: string;
  readonly clientMutationId?: string | undefined;
}

/**
 * A project with all its sweeps and runs goes, for good. It is one row that changes: here the project is unknown from
 * then on, at other servers within a second, and its name is free. Agents at work in it are told to CANCEL with their next
 * heartbeat. Its rows go in the background (purge-projects.ts), however many they are.
 * @throws AppError NOT_FOUND (also when it was deleted before), FORBIDDEN, BAD_INPUT
 */
export async function deleteProject(
  context: EngineContext,
  input: DeleteProjectInput,
): Promise<{ projectId: number }> {
  const { db } = context;
  const projectId = checkId("projectId", input.projectId);
  const mutation = {
    verb: "deleteProject",
    input: { projectId, confirm: input.confirm },
    clientMutationId: checkMutationId(input.clientMutationId),
  };
  return recallOr(context, mutation, async () => {
    await authorizeProject(context, projectId, "admin");
    const { answer } = await once(
      context,
      mutation,
      async (tx) => {
        const project = await lockProject(tx, projectId);
        if (project === undefined) throw unknownProject(projectId);
        if (project.name !== input.confirm)
          throw badInput("confirm", input.confirm, `the project's name, ${project.name}`);
        await markProjectDeleted(tx, projectId);
        await audit(tx, context, "project.delete", project.name, {}, { projectId });
        return { projectId };
      },
      { makesRoom: true },
    );
    forgetAccess(db);
    emitAccessChange("everybody");
    emitChange(projectId, null, null, "sweep", "run");
    return answer;
  });
}
