import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";

export interface NewAuditEvent {
  userId: number | null;
  caller: string;
  action: string;
  target: string;
  details: object;
  /** Where it happened; a project's events are its entity's too. */
  entityId?: number | undefined;
  projectId?: number | undefined;
}

/** Within the transaction that it tells of: what was rolled back has not happened. */
export async function insertAuditEvent(tx: Tx, event: NewAuditEvent): Promise<void> {
  await tx`
    insert into audit_events (user_id, caller, action, target, entity_id, project_id, details)
    values (${event.userId}, ${event.caller}, ${event.action}, ${event.target},
      coalesce(${event.entityId ?? null}::int, (select entity_id from projects where id = ${event.projectId ?? null}::int)),
      ${event.projectId ?? null}, ${JSON.stringify(event.details)}::text::jsonb)`;
}

export interface AuditEventRow {
  id: number;
  at: Date;
  userId: number | null;
  /** Of that user; null for what the server did by itself. */
  name: string | null;
  displayName: string | null;
  caller: string;
  action: string;
  target: string;
  details: unknown;
}

/** Where to look; nowhere in particular means the caller's own, and everything for the server's administrators. */
export interface AuditScope {
  readonly entityId?: number | undefined;
  readonly projectId?: number | undefined;
}

const within = (sql: Sql | Tx, access: Access, { entityId, projectId }: AuditScope) => {
  if (access.kind === "run") return sql`false`;
  if (projectId !== undefined) return sql`a.project_id = ${projectId}::int`;
  if (entityId !== undefined) return sql`a.entity_id = ${entityId}::int`;
  return access.kind === "user" && !access.admin ? sql`a.user_id = ${access.userId}::int` : sql`true`;
};

/** Newest first. Whether the caller leads the entity or the project was asked before. */
export async function listAuditEvents(
  { sql }: Database,
  access: Access,
  { first, before, ...scope }: AuditScope & { first: number; before?: number | undefined },
): Promise<AuditEventRow[]> {
  return sql<AuditEventRow[]>`
    select a.id, a.at, a.user_id as "userId", e.name, u.display_name as "displayName", a.caller, a.action, a.target,
      a.details
    from audit_events a left join users u on u.id = a.user_id left join entities e on e.id = u.entity_id
    where ${within(sql, access, scope)} and ${before === undefined ? sql`true` : sql`a.id < ${before}`}
    order by a.id desc limit ${first}`;
}

export async function countAuditEvents(
  { sql }: Database,
  access: Access,
  scope: AuditScope,
): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from audit_events a where ${within(sql, access, scope)}`;
  return rows[0]?.count ?? 0;
}
