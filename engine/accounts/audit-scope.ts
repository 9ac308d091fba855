import { AppError } from "@/core/errors";
import type { AuditScope } from "@/db/queries/audit";
import { findEntity } from "@/db/queries/entities";
import { authorizeEntity, authorizeProject, requireAccount } from "../authorize";
import { show } from "../check";
import type { EngineContext } from "../context";
import { findPlace } from "../place";

export interface EntityPath {
  readonly entity?: string | undefined;
  readonly project?: string | undefined;
}

/** Whose audit events the caller asks for, and may see. @throws AppError NOT_FOUND, FORBIDDEN */
export async function resolveAuditScope(
  context: EngineContext,
  { entity, project }: EntityPath,
): Promise<AuditScope> {
  requireAccount(context.access);
  if (project !== undefined) {
    const { id } = await findPlace(context, { entity, project });
    await authorizeProject(context, id, "admin");
    return { projectId: id };
  }
  if (entity === undefined) return {};
  const found = await findEntity(context.db.sql, entity);
  if (found === undefined) {
    throw new AppError("NOT_FOUND", `entity ${show(entity)} is unknown`, { details: { entity } });
  }
  await authorizeEntity(context, found.id, "admin", entity);
  return { entityId: found.id };
}
