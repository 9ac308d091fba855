import { AppError, isAppError } from "@/core/errors";
import { getViewer } from "@/db/queries/users";
import { authorizeProject, requireUser } from "@/engine/authorize";
import type { Context } from "./context";

/** `viewerCan...`: the page asks instead of guessing. */
export async function mayAct(
  { db, access }: Pick<Context, "db" | "access">,
  projectId: number,
  role: "viewer" | "member" | "admin",
): Promise<boolean> {
  try {
    await authorizeProject({ db, access }, projectId, role);
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

/** The entity that a path without one means: the caller's own. */
export async function ownEntity({ db, access }: Pick<Context, "db" | "access">): Promise<string> {
  requireUser(access);
  const user = await getViewer(db, access);
  if (user === undefined) throw new AppError("UNAUTHENTICATED", "the user behind this key is gone");
  return user.name;
}
