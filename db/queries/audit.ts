import type { Tx } from "../client";

/** Within the transaction that it tells of: what was rolled back has not happened. */
export async function insertAuditEvent(
  tx: Tx,
  event: { userId: number | null; caller: string; action: string; target: string; details: object },
): Promise<void> {
  await tx`
    insert into audit_events (user_id, caller, action, target, details)
    values (${event.userId}, ${event.caller}, ${event.action}, ${event.target},
      ${JSON.stringify(event.details)}::text::jsonb)`;
}
