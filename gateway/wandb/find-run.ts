import { isAppError } from "@/core/errors";
import type { ProjectRow } from "@/db/queries/projects";
import { findWireRun, readWireRun, type WireRun } from "@/db/queries/wire";
import { getWireRuns } from "@/db/queries/wire-runs";
import { toStorableText } from "@/engine/check";
import { findPlace } from "@/engine/place";
import type { GatewayContext } from "./context";

/** The run that a caller means, and the attempt it speaks for. A run's own key means its run, whatever it says. */
export async function findRun(
  context: GatewayContext,
  path: { entity?: string | null | undefined; project?: string | null | undefined; name: string },
): Promise<WireRun | undefined> {
  const { db, access } = context;
  if (access.kind === "run") return readWireRun(db.sql, access);
  if (toStorableText(path.name) !== path.name) return undefined;
  const place = await placeOf(context, path);
  return place && findWireRun(db.sql, { projectId: place.id, name: path.name });
}

/** What a client hears of a project. */
export type Place = Pick<ProjectRow, "id" | "entity" | "name" | "description" | "createdAt">;

/**
 * Undefined where there is no such project, or the caller may not know of it. A run's own key means the project of its run, whatever it
 * says, and knows its name.
 */
export async function placeOf(
  context: GatewayContext,
  { entity, project }: { entity?: string | null | undefined; project?: string | null | undefined },
): Promise<Place | undefined> {
  const { db, access } = context;
  if (access.kind === "run") {
    const [run] = await getWireRuns(db, access, [access.runId]);
    return run && { ...run, id: run.projectId, name: run.project, description: null };
  }
  try {
    return await findPlace(context, { entity: entity || undefined, project: project || DEFAULT_PROJECT });
  } catch (error) {
    if (isAppError(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
export const DEFAULT_PROJECT = "uncategorized";
