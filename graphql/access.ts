import type { Role } from "@/core/access";
import { AppError } from "@/core/errors";
import { getViewer } from "@/db/queries/users";
import { projectRoles, requireUser, strengthOf } from "@/engine/authorize";
import type { Context } from "./context";

/** What the caller may do in a project. What subscribers share says nothing of one of them, so there each asks for itself. */
export async function viewerRole(context: Context, projectId: number): Promise<Role | undefined> {
  const { loaders } = context;
  return loaders.shared
    ? (await projectRoles(context, [projectId])).get(projectId)
    : loaders.viewerRole.load(projectId);
}

/** `viewerCan...`: the page asks instead of guessing. */
export async function mayAct(context: Context, projectId: number, role: Role): Promise<boolean> {
  const own = await viewerRole(context, projectId);
  return own !== undefined && strengthOf(own) >= strengthOf(role);
}

/** The entity that a path without one means: the caller's own. */
export async function ownEntity({ db, access }: Pick<Context, "db" | "access">): Promise<string> {
  requireUser(access);
  const user = await getViewer(db, access);
  if (user === undefined) throw new AppError("UNAUTHENTICATED", "the user behind this key is gone");
  return user.name;
}
