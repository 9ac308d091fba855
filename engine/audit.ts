import { toCaller } from "@/core/access";
import type { Tx } from "@/db/client";
import { insertAuditEvent } from "@/db/queries/audit";
import type { EngineContext } from "./context";

/** What changes rights or destroys data is written down, in the same transaction. */
export type AuditAction =
  | "api_key.create"
  | "api_key.revoke"
  | "run.delete"
  | "run.restore"
  | "run.enqueue"
  | "run.retry"
  | "sweep.update"
  | "sweep.prior_runs"
  | "sweep.cancel"
  | "project.create"
  | "project.update"
  | "project.delete"
  | "team.create"
  | "team.delete"
  | "member.set"
  | "member.remove"
  | "invitation.create"
  | "invitation.revoke"
  | "invitation.accept"
  | "user.create"
  | "user.update"
  | "user.password"
  | "user.email"
  | "user.openid"
  | "login_link.create"
  | "session.create"
  | "session.end"
  | "device.approve";

/** Where it happened, for those who lead there; neither for what concerns an account or the server. */
export interface AuditPlace {
  readonly entityId?: number | undefined;
  readonly projectId?: number | undefined;
}

export function audit(
  tx: Tx,
  { access }: Pick<EngineContext, "access">,
  action: AuditAction,
  target: string,
  details: object = {},
  place: AuditPlace = {},
): Promise<void> {
  const userId = access.kind === "user" ? access.userId : null;
  return insertAuditEvent(tx, { userId, caller: toCaller(access), action, target, details, ...place });
}

/** The same for what somebody does at the sign-in doors, where there is no access yet. */
export function auditAs(
  tx: Tx,
  userId: number,
  action: AuditAction,
  target: string,
  details: object = {},
  place: AuditPlace = {},
): Promise<void> {
  return insertAuditEvent(tx, { userId, caller: `user:${userId}`, action, target, details, ...place });
}

/** What the server does by itself when it is started. */
export const auditByServer = (tx: Tx, action: AuditAction, target: string, details: object): Promise<void> =>
  insertAuditEvent(tx, { userId: null, caller: "system", action, target, details });
