import { AppError, isAppError } from "@/core/errors";
import { getProjects } from "@/db/queries/projects";
import { createProject } from "@/engine/create-project";
import { updateProject } from "@/engine/update-project";
import type { GatewayContext } from "./context";
import { placeOf } from "./find-run";
import { Project } from "./project";

export interface UpsertModelInput {
  readonly id?: string | null;
  readonly name?: string | null;
  readonly entityName?: string | null;
  readonly description?: string | null;
}

/**
 * Makes a project, or says of one that is there what it is about (W88). Access, views and benchmarks are W&B's own, and ignored.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN
 */
export async function upsertModel({ input }: { input: UpsertModelInput }, context: GatewayContext) {
  const known = input.id ? await byId(context, input.id) : await byName(context, input);
  if (known !== undefined) {
    if (input.id && input.name && input.name !== known.name)
      throw new AppError(
        "BAD_INPUT",
        `project ${known.name} keeps its name: its paths are in programs and links`,
      );
    if (input.description != null && input.description !== (known.description ?? ""))
      await updateProject(context, { projectId: known.id, description: input.description });
    return show(context, known.id, false);
  }
  if (!input.name) throw new AppError("BAD_INPUT", "name is empty, expected a project's name");
  try {
    const { projectId } = await createProject(context, {
      name: input.name,
      ...(input.entityName && { entity: input.entityName }),
      ...(input.description && { description: input.description }),
    });
    return await show(context, projectId, true);
  } catch (error) {
    // Asked twice at once.
    const made = isAppError(error) && error.code === "NAME_TAKEN" ? await byName(context, input) : undefined;
    if (made === undefined) throw error;
    return show(context, made.id, false);
  }
}

async function byId(context: GatewayContext, id: string) {
  const projectId = Number(id);
  const [row] =
    Number.isInteger(projectId) && projectId > 0 && projectId < 2 ** 31
      ? await getProjects(context.db, context.access, [projectId])
      : [];
  if (row !== undefined) return row;
  throw new AppError("NOT_FOUND", `project ${JSON.stringify(id).slice(0, 100)} is unknown`, {
    details: { id },
  });
}

const byName = async (context: GatewayContext, { name, entityName }: UpsertModelInput) =>
  name ? placeOf(context, { entity: entityName, project: name }) : undefined;

async function show(context: GatewayContext, projectId: number, inserted: boolean) {
  const [row] = await getProjects(context.db, context.access, [projectId]);
  if (row === undefined) throw new AppError("NOT_FOUND", `project ${projectId} is unknown`);
  const project = new Project(row);
  return { project, model: project, inserted };
}
