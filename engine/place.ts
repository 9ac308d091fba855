import { AppError } from "@/core/errors";
import { isSlug, RESERVED_ENTITY_NAMES } from "@/core/ids";
import type { Tx } from "@/db/client";
import { findEntity } from "@/db/queries/entities";
import { ensureProject, findProject, type ProjectRow } from "@/db/queries/projects";
import { getViewer } from "@/db/queries/users";
import { authorizeEntity, authorizeProject, requireUser } from "./authorize";
import { show } from "./check";
import type { EngineContext } from "./context";

/** Where W&B puts what names no project. */
export const DEFAULT_PROJECT = "uncategorized";

export interface Place {
  readonly entityId: number;
  readonly entity: string;
  readonly project: string;
}

/**
 * The project that something new goes into, checked and authorised; `ensurePlace` makes it when it isn't there.
 * @throws AppError BAD_INPUT, NAME_RESERVED, NOT_FOUND, FORBIDDEN
 */
export async function resolvePlace(
  context: EngineContext,
  wish: { entity?: string | null | undefined; project?: string | null | undefined },
): Promise<Place> {
  const { db, access } = context;
  const project = checkSlug("project", wish.project ?? DEFAULT_PROJECT);
  const entityName = checkEntityName(wish.entity ?? (await ownEntity(context)));
  const entity = await findEntity(db.sql, entityName);
  if (entity === undefined) {
    throw new AppError("NOT_FOUND", `entity ${show(entityName)} is unknown`, {
      details: { entity: entityName },
    });
  }
  const existing = await findProject(db, access, { entity: entityName, name: project });
  if (existing === undefined) await authorizeEntity(context, entity.id, "member", entityName);
  else await authorizeProject(context, existing.id, "member");
  return { entityId: entity.id, entity: entity.name, project };
}

/** A project that is there already, by its path; without an entity it is the caller's own. @throws AppError NOT_FOUND */
export async function findPlace(
  context: EngineContext,
  path: { entity?: string | undefined; project: string },
): Promise<ProjectRow> {
  const entity = checkSlug("entity", path.entity ?? (await ownEntity(context)));
  const name = checkSlug("project", path.project);
  const project = await findProject(context.db, context.access, { entity, name });
  if (project !== undefined) return project;
  throw new AppError("NOT_FOUND", `project ${entity}/${name} is unknown`, {
    details: { entity, project: name },
  });
}

export async function ensurePlace(tx: Tx, place: Place): Promise<number> {
  const { id } = await ensureProject(tx, { entityId: place.entityId, name: place.project });
  return id;
}

async function ownEntity({ db, access }: EngineContext): Promise<string> {
  requireUser(access);
  const user = await getViewer(db, access);
  if (user === undefined) throw new AppError("UNAUTHENTICATED", "the user behind this key is gone");
  return user.name;
}

export function checkEntityName(name: unknown): string {
  const slug = checkSlug("entity", name);
  if (RESERVED_ENTITY_NAMES.has(slug.toLowerCase())) {
    throw new AppError(
      "NAME_RESERVED",
      `${show(slug)} can't be an entity's name: the server uses that path itself`,
      {
        details: { name: slug },
      },
    );
  }
  return slug;
}

function checkSlug(what: string, name: unknown): string {
  if (typeof name === "string" && isSlug(name)) return name;
  throw new AppError(
    "BAD_INPUT",
    `${what} is ${show(name)}, expected 1 to 128 letters, digits, "_", "." or "-", beginning with a letter or digit`,
    { details: { [what]: name } },
  );
}
