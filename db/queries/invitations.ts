import type { Access, Role } from "@/core/access";
import type { Database, Sql, Tx } from "../client";

export interface InvitationRow {
  id: number;
  /** The team's name; at most one of it and the project is set. */
  team: string | null;
  projectId: number | null;
  role: Role | null;
  admin: boolean;
  email: string | null;
  createdBy: string;
  createdByDisplayName: string | null;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
  usedBy: string | null;
  usedByDisplayName: string | null;
  revokedAt: Date | null;
}

const from = (sql: Sql | Tx) => sql`
  i.id, t.name as team, i.project_id as "projectId", i.role, i.admin, i.email, ce.name as "createdBy",
  c.display_name as "createdByDisplayName", i.created_at as "createdAt", i.expires_at as "expiresAt",
  i.used_at as "usedAt", ue.name as "usedBy", u.display_name as "usedByDisplayName", i.revoked_at as "revokedAt"
  from invitations i join users c on c.id = i.created_by join entities ce on ce.id = c.entity_id
  left join users u on u.id = i.used_by left join entities ue on ue.id = u.entity_id
  left join entities t on t.id = i.entity_id`;

/** Where to look; nowhere in particular means what the caller made, and everything for the server's administrators. */
export interface InvitationScope {
  readonly entityId?: number | undefined;
  readonly projectId?: number | undefined;
}

/** The newest MAX_LISTED. Whether the caller leads the team or the project was asked before. */
export async function listInvitations(
  { sql }: Database,
  access: Access,
  { entityId, projectId }: InvitationScope,
): Promise<InvitationRow[]> {
  if (access.kind !== "user") return [];
  const where =
    entityId !== undefined
      ? sql`i.entity_id = ${entityId}`
      : projectId !== undefined
        ? sql`i.project_id = ${projectId}`
        : access.admin
          ? sql`true`
          : sql`i.created_by = ${access.userId}`;
  return sql<InvitationRow[]>`select ${from(sql)} where ${where} order by i.id desc limit ${MAX_LISTED}`;
}
const MAX_LISTED = 500;

/** For the payload of the verb that made or revoked it. */
export async function getInvitations(
  { sql }: Database,
  access: Access,
  ids: readonly number[],
): Promise<InvitationRow[]> {
  if (access.kind !== "user") return [];
  return sql<InvitationRow[]>`select ${from(sql)} where i.id = any(${[...ids]}::int[])`;
}

export interface NewInvitation {
  tokenHash: Uint8Array;
  entityId: number | null;
  projectId: number | null;
  role: Role | null;
  admin: boolean;
  email: string | null;
  createdBy: number;
  keptMs: number;
}

export async function insertInvitation(tx: Tx, made: NewInvitation): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    insert into invitations (token_hash, entity_id, project_id, role, admin, email, created_by, expires_at)
    values (${made.tokenHash}, ${made.entityId}, ${made.projectId}, ${made.role}, ${made.admin}, ${made.email},
      ${made.createdBy}, now() + ${made.keptMs}::float8 * interval '1 ms')
    returning id`;
  const row = rows[0];
  if (row === undefined) throw new Error("insert into invitations returned no row");
  return row.id;
}

/** That could still be used. */
export async function countOpenInvitations(sql: Sql | Tx, createdBy: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from invitations
    where created_by = ${createdBy} and used_at is null and revoked_at is null and expires_at > now()`;
  return rows[0]?.count ?? 0;
}

/** An invitation as the engine judges it. */
export interface Invitation {
  id: number;
  entityId: number | null;
  projectId: number | null;
  role: Role | null;
  admin: boolean;
  email: string | null;
  createdBy: number;
  expiresAt: Date;
  usedAt: Date | null;
  usedBy: number | null;
  revokedAt: Date | null;
  /** Whether whoever made it administers the server. */
  byAdmin: boolean;
  /** Neither used nor revoked nor too old, and whoever made it is not disabled. */
  open: boolean;
  by: string;
  byDisplayName: string | null;
  team: string | null;
  project: string | null;
  projectEntity: string | null;
}

const judged = (sql: Sql | Tx) => sql`
  i.id, i.entity_id as "entityId", i.project_id as "projectId", i.role, i.admin, i.email, i.created_by as "createdBy",
  i.expires_at as "expiresAt", i.used_at as "usedAt", i.used_by as "usedBy", i.revoked_at as "revokedAt",
  i.used_at is null and i.revoked_at is null and i.expires_at > now() and c.disabled_at is null as open, c.admin as "byAdmin",
  ce.name as by, c.display_name as "byDisplayName", t.name as team, p.name as project, pe.name as "projectEntity"
  from invitations i join users c on c.id = i.created_by join entities ce on ce.id = c.entity_id
  left join entities t on t.id = i.entity_id
  left join projects p on p.id = i.project_id left join entities pe on pe.id = p.entity_id`;

/** Whoever holds the token may look: that is what it is for. */
export async function findInvitation(sql: Sql | Tx, tokenHash: Uint8Array): Promise<Invitation | undefined> {
  const rows = await sql<Invitation[]>`select ${judged(sql)} where i.token_hash = ${tokenHash}`;
  return rows[0];
}

/** The same, held against a second person who opens the link at this moment. */
export async function lockInvitation(tx: Tx, tokenHash: Uint8Array): Promise<Invitation | undefined> {
  const rows = await tx<Invitation[]>`
    select ${judged(tx)} where i.token_hash = ${tokenHash} for update of i`;
  return rows[0];
}

export async function readInvitation(sql: Sql | Tx, id: number): Promise<Invitation | undefined> {
  const rows = await sql<Invitation[]>`select ${judged(sql)} where i.id = ${id}`;
  return rows[0];
}

export async function markInvitationUsed(
  tx: Tx,
  { id, userId }: { id: number; userId: number },
): Promise<void> {
  await tx`update invitations set used_at = now(), used_by = ${userId} where id = ${id}`;
}

/** One that was used stays so. */
export async function markInvitationRevoked(tx: Tx, id: number): Promise<void> {
  await tx`update invitations set revoked_at = coalesce(revoked_at, now()) where id = ${id} and used_at is null`;
}
