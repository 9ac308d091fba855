import type { Role } from "@/core/access";
import { AppError } from "@/core/errors";
import { findEntity } from "@/db/queries/entities";
import { authorizeEntity, authorizeProject, requireAccount } from "../authorize";
import { badInput, checkText, show } from "../check";
import type { EngineContext } from "../context";
import { findPlace } from "../place";

/** What people are members of. */
export type Realm =
  | { readonly kind: "team"; readonly entityId: number; readonly path: string }
  | {
      readonly kind: "project";
      readonly entityId: number;
      readonly projectId: number;
      readonly path: string;
    };

/** As callers name it: a team, or a project by its entity (the caller's own when absent) and name. */
export interface RealmPath {
  readonly team?: string | undefined;
  readonly entity?: string | undefined;
  readonly project?: string | undefined;
}

/**
 * The team or the project, where the caller is at least `role` with full rights.
 * @throws AppError BAD_INPUT when neither or both are named, NOT_FOUND, FORBIDDEN
 */
export async function resolveRealm(context: EngineContext, path: RealmPath, role: Role): Promise<Realm> {
  requireAccount(context.access);
  if (path.team === undefined) {
    if (path.project === undefined) throw badInput("team", path.team, "a team's name, or entity and project");
    const { id, entityId, entity, name } = await findPlace(context, { ...path, project: path.project });
    await authorizeProject(context, id, role);
    return { kind: "project", entityId, projectId: id, path: `${entity}/${name}` };
  }
  if (path.project !== undefined || path.entity !== undefined) {
    throw badInput("project", path.project ?? path.entity, "nothing beside a team");
  }
  const team = await findEntity(context.db.sql, checkText("team", path.team, 128));
  if (team?.kind !== "team") throw unknownTeam(path.team);
  await authorizeEntity(context, team.id, role, team.name);
  return { kind: "team", entityId: team.id, path: team.name };
}

export const unknownTeam = (name: string) =>
  new AppError("NOT_FOUND", `team ${show(name)} is unknown`, { details: { team: name } });
