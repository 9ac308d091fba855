import type { Sql, Tx } from "../client";

/** Of key k and its user u. */
const living = (sql: Sql | Tx) => sql`
  k.revoked_at is null and u.disabled_at is null and (k.expires_at is null or k.expires_at > now())`;

export interface KeyRow {
  keyId: number;
  userId: number;
  entityId: number;
  admin: boolean;
  /** Older than a minute (or never used): worth writing down again. */
  usedLongAgo: boolean;
}

/** The living API key with this SHA-256, of a user who is not disabled. */
export async function findApiKey(sql: Sql | Tx, hash: Uint8Array): Promise<KeyRow | undefined> {
  const rows = await sql<KeyRow[]>`
    select k.id as "keyId", u.id as "userId", u.entity_id as "entityId", u.admin,
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
 * no longer than the API key it was derived from.
 */
export async function findRunKey(sql: Sql | Tx, hash: Uint8Array): Promise<RunKeyRow | undefined> {
  const rows = await sql<RunKeyRow[]>`
    select a.run_id as "runId", a.number as attempt, r.project_id as "projectId", r.sweep_id as "sweepId"
    from attempts a join runs r on r.id = a.run_id
    join api_keys k on k.id = a.key_id join users u on u.id = k.user_id
    where a.key_hash = ${hash} and r.deleted_at is null and ${living(sql)}`;
  return rows[0];
}

export interface ApiKeyRow {
  id: number;
  name: string;
  prefix: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export async function insertApiKey(
  sql: Sql | Tx,
  key: { userId: number; name: string; prefix: string; hash: Uint8Array; expiresAt: Date | null },
): Promise<number> {
  const rows = await sql<{ id: number }[]>`
    insert into api_keys (user_id, name, prefix, hash, expires_at)
    values (${key.userId}, ${key.name}, ${key.prefix}, ${key.hash}, ${key.expiresAt})
    returning id`;
  return rows[0]?.id ?? 0;
}

export async function listApiKeys(sql: Sql | Tx, userId: number): Promise<ApiKeyRow[]> {
  return sql<ApiKeyRow[]>`
    select id, name, prefix, created_at as "createdAt", expires_at as "expiresAt",
      last_used_at as "lastUsedAt", revoked_at as "revokedAt"
    from api_keys where user_id = ${userId} order by id desc`;
}

/** @returns whether the user had such a key */
export async function revokeApiKey(
  sql: Sql | Tx,
  { id, userId }: { id: number; userId: number },
): Promise<boolean> {
  const rows = await sql`
    update api_keys set revoked_at = coalesce(revoked_at, now()) where id = ${id} and user_id = ${userId} returning id`;
  return rows.length > 0;
}
