import { hostname } from "node:os";
import { isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { findFirstAdmin } from "@/db/queries/users";
import { issueApiKey } from "./api-keys";
import { authenticate } from "./authorize";
import { createFirstAdmin } from "./first-admin";

export interface LocalAdmin {
  userId: number;
  /** For `besom` on this machine. */
  key: string;
  /** Made by this call. */
  fresh: boolean;
}

/**
 * The administrator whom the owner of this machine acts as: made at the first start of all, and given a new key when
 * the one kept on this machine is lost or no longer taken.
 * @param known the key kept here from an earlier start
 */
export async function ensureLocalAdmin(
  db: Database,
  { name, known }: { name: string; known: string | undefined },
): Promise<LocalAdmin | undefined> {
  const made = await createFirstAdmin(db, { name });
  if (made !== undefined) return { userId: made.userId, key: made.key, fresh: true };
  const access = known === undefined ? undefined : await stillTaken(db, known);
  if (known !== undefined && access?.kind === "user")
    return { userId: access.userId, key: known, fresh: false };
  const userId = await findFirstAdmin(db.sql);
  if (userId === undefined) return undefined; // every admin was disabled: their business
  const { key } = await issueApiKey(db, { userId, name: `besom on ${hostname()}` });
  return { userId, key, fresh: true };
}

async function stillTaken(db: Database, key: string) {
  try {
    return await authenticate(db, key);
  } catch (error) {
    if (isAppError(error) && error.code === "UNAUTHENTICATED") return undefined;
    throw error;
  }
}
