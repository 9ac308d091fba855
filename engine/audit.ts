import { toCaller } from "@/core/access";
import type { Tx } from "@/db/client";
import { insertAuditEvent } from "@/db/queries/audit";
import type { EngineContext } from "./context";

/** What changes rights or destroys data is written down, in the same transaction. */
export type AuditAction = "api_key.create" | "api_key.revoke" | "run.delete" | "sweep.cancel";

export function audit(
  tx: Tx,
  { access }: EngineContext,
  action: AuditAction,
  target: string,
  details: object = {},
): Promise<void> {
  const userId = access.kind === "user" ? access.userId : null;
  return insertAuditEvent(tx, { userId, caller: toCaller(access), action, target, details });
}
