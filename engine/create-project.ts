import { AppError } from "@/core/errors";
import { insertProject } from "@/db/queries/edit-project";
import { audit } from "./audit";
import { requireUser } from "./authorize";
import { checkMutationId, maybeText, show } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { once } from "./once";
import { resolvePlace } from "./place";

export const MAX_DESCRIPTION = 10_000;

export interface CreateProjectInput {
  /** The caller's own when absent. */
  readonly entity?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

/**
 * An empty project. (Sweeps and runs make the project that they name by themselves.)
 * @throws AppError NAME_TAKEN, BAD_INPUT, NOT_FOUND, FORBIDDEN
 */
export async function createProject(
  context: EngineContext,
  input: CreateProjectInput,
): Promise<{ projectId: number }> {
  requireUser(context.access);
  const { clientMutationId, ...asked } = input;
  const description = maybeText("description", input.description, MAX_DESCRIPTION);
  const place = await resolvePlace(context, { entity: input.entity, project: input.name });
  const mutation = {
    verb: "createProject",
    input: asked,
    clientMutationId: checkMutationId(clientMutationId),
  };
  const { answer, repeated } = await once(context, mutation, async (tx) => {
    const projectId = await insertProject(tx, {
      entityId: place.entityId,
      name: place.project,
      description,
    });
    if (projectId !== undefined) {
      await audit(tx, context, "project.create", place.project, {}, { projectId });
      return { projectId };
    }
    throw new AppError(
      "NAME_TAKEN",
      `${place.entity} has a project named ${show(place.project)} already: choose another name`,
      { details: { entity: place.entity, name: place.project } },
    );
  });
  if (!repeated) emitChange(answer.projectId, null, null, "sweep");
  return answer;
}
