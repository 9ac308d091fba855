import type { Access, KeyScope } from "@/core/access";
import type { Database, Sql, Tx } from "../client";

/** Of key k and its user u. */
export const living = (sql: Sql | Tx) => sql`
  k.revoked_at is null and u.disabled_at is null and (k.expires_at is null or k.expires_at > now())`;

/** A server administrator's key that is capped is nobody's administrator. */
export const administers = (sql: Sql | Tx) => sql`(u.admin and k.scope = 'full' and k.project_id is null)`;

export interface KeyRow {
  keyId: number;
  userId: number;
  entityId: number;
  admin: boolean;
  scope: KeyScope;
  onlyProjectId: number | null;
  /** Older than a minute (or never used): worth writing down again. */
  usedLongAgo: boolean;
}

/** The living API key with this SHA-256, of a user who is not disabled. */
export async function findApiKey(sql: Sql | Tx, hash: Uint8Array): Promise<KeyRow | undefined> {
  const rows = await sql<KeyRow[]>`
    select k.id as "keyId", u.id as "userId", u.entity_id as "entityId", ${administers(sql)} as admin, k.scope,
      k.project_id as "onlyProjectId",
      coalesce(k.last_used_at < now() - interval '1 minute', true) as "usedLongAgo"
    from api_keys k join users u on u.id = k.user_id
    where k.hash = ${hash} and ${living(sql)}`;
  return rows[0];
}

export async function touchApiKey(sql: Sql | Tx, keyId: number): Promise<void> {
  await sql`update api_keys set last_used_at = now() where id = ${keyId}`;
}

export interface RunKeyRow {
  runId: number;
  attempt: number;
  projectId: number;
  sweepId: string | null;
}

/**
 * The attempt that a run-scoped key belongs to, also after it has ended: its late data still has a place. The key lives
 * no longer than the API key it was derived from, and no longer than that key's user may work in the project.
 */
export async function findRunKey(sql: Sql | Tx, hash: Uint8Array): Promise<RunKeyRow | undefined> {
  const rows = await sql<RunKeyRow[]>`
    select a.run_id as "runId", a.number as attempt, r.project_id as "projectId", r.sweep_id as "sweepId"
    from attempts a join runs r on r.id = a.run_id join projects p on p.id = r.project_id
    join api_keys k on k.id = a.key_id join users u on u.id = k.user_id
    where a.key_hash = ${hash} and r.deleted_at is null and p.deleted_at is null and ${living(sql)} and (
      p.entity_id = u.entity_id or ${administers(sql)}
      or exists (select from team_members t where t.entity_id = p.entity_id and t.user_id = u.id and t.role <> 'viewer')
      or exists (select from project_members m where m.project_id = p.id and m.user_id = u.id and m.role <> 'viewer'))`;
  return rows[0];
}

export interface ApiKeyRow {
  id: number;
  name: string;
  scope: KeyScope;
  projectId: number | null;
  prefix: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface NewApiKey {
  userId: number;
  name: string;
  scope: KeyScope;
  projectId: number | null;
  prefix: string;
  hash: Uint8Array;
  expiresAt: Date | null;
}

export async function insertApiKey(sql: Sql | Tx, key: NewApiKey): Promise<number> {
  const rows = await sql<{ id: number }[]>`
    insert into api_keys (user_id, name, scope, project_id, prefix, hash, expires_at)
    values (${key.userId}, ${key.name}, ${key.scope}, ${key.projectId}, ${key.prefix}, ${key.hash}, ${key.expiresAt})
    returning id`;
  return rows[0]?.id ?? 0;
}

/** Keys that could still be used; a user has at most MAX_LIVING_KEYS. */
export async function countLivingKeys(sql: Sql | Tx, userId: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from api_keys
    where user_id = ${userId} and revoked_at is null and (expires_at is null or expires_at > now())`;
  return rows[0]?.count ?? 0;
}

/** The caller's own keys, the newest MAX_LISTED_KEYS. */
export async function listApiKeys({ sql }: Database, access: Access): Promise<ApiKeyRow[]> {
  if (access.kind !== "user") return [];
  return sql<ApiKeyRow[]>`
    select id, name, scope, project_id as "projectId", prefix, created_at as "createdAt", expires_at as "expiresAt",
      last_used_at as "lastUsedAt", revoked_at as "revokedAt"
    from api_keys where user_id = ${access.userId} order by id desc limit ${MAX_LISTED_KEYS}`;
}
const MAX_LISTED_KEYS = 1_000;

/** @returns whether the user had such a key */
export async function revokeApiKey(
  sql: Sql | Tx,
  { id, userId }: { id: number; userId: number },
): Promise<boolean> {
  const rows = await sql`
    update api_keys set revoked_at = coalesce(revoked_at, now()) where id = ${id} and user_id = ${userId} returning id`;
  return rows.length > 0;
}
