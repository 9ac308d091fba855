import { isAppError } from "@/core/errors";
import { findWireRun, readWireRun, type WireRun } from "@/db/queries/wire";
import { findPlace } from "@/engine/place";
import type { GatewayContext } from "./context";

/** The run that a caller means, and the attempt it speaks for. A run's own key means its run, whatever it says. */
export async function findRun(
  context: GatewayContext,
  path: { entity?: string | null | undefined; project?: string | null | undefined; name: string },
): Promise<WireRun | undefined> {
  const { db, access } = context;
  if (access.kind === "run") return readWireRun(db.sql, access);
  const place = await placeOf(context, path);
  return place && findWireRun(db.sql, { projectId: place.id, name: path.name });
}

/** Undefined where there is no such project, or the caller may not know of it. */
export async function placeOf(
  context: GatewayContext,
  { entity, project }: { entity?: string | null | undefined; project?: string | null | undefined },
) {
  try {
    return await findPlace(context, { entity: entity || undefined, project: project || DEFAULT_PROJECT });
  } catch (error) {
    if (isAppError(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
export const DEFAULT_PROJECT = "uncategorized";
