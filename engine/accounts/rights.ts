import type { Database } from "@/db/client";
import { forgetAccess } from "../authorize";
import { emitAccessChange } from "../events";

/** What these users may do has changed, after the commit: nothing that is remembered of it, or still open, counts any more. */
export function endRights(db: Database, userIds: readonly number[]): void {
  forgetAccess(db);
  emitAccessChange(userIds);
}
