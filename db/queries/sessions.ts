import type { Sql, Tx } from "../client";

/** Links of one user that are kept, so that asking for more costs nobody anything: beyond it the oldest ends. */
export const MAX_LOGIN_LINKS = 20;

/** Tokens are 256 random bits; the database holds their SHA-256. */
export async function insertLoginLink(
  sql: Sql | Tx,
  link: { tokenHash: Uint8Array; userId: number; keptMs: number },
): Promise<void> {
  await sql`
    with dropped as (
      delete from login_links where token_hash in (
        select token_hash from login_links where user_id = ${link.userId}
        order by used_at is null and expires_at > now() desc, created_at desc offset ${MAX_LOGIN_LINKS - 1}))
    insert into login_links (token_hash, user_id, expires_at)
    values (${link.tokenHash}, ${link.userId}, now() + ${link.keptMs}::float8 * interval '1 ms')`;
}

/** Uses up a link; undefined when it is unknown, used or too old. Two clicks at once: one wins. */
export async function useLoginLink(sql: Sql | Tx, tokenHash: Uint8Array): Promise<number | undefined> {
  const rows = await sql<{ userId: number }[]>`
    update login_links set used_at = now()
    where token_hash = ${tokenHash} and used_at is null and expires_at > now()
    returning user_id as "userId"`;
  return rows[0]?.userId;
}

export async function insertSession(
  sql: Sql | Tx,
  session: { tokenHash: Uint8Array; userId: number; keptMs: number },
): Promise<Date> {
  const rows = await sql<{ expiresAt: Date }[]>`
    insert into sessions (token_hash, user_id, expires_at)
    values (${session.tokenHash}, ${session.userId}, now() + ${session.keptMs}::float8 * interval '1 ms')
    returning expires_at as "expiresAt"`;
  return rows[0]?.expiresAt ?? new Date();
}

export async function findSession(
  sql: Sql | Tx,
  tokenHash: Uint8Array,
): Promise<{ userId: number; entityId: number; admin: boolean } | undefined> {
  const rows = await sql<{ userId: number; entityId: number; admin: boolean }[]>`
    select u.id as "userId", u.entity_id as "entityId", u.admin
    from sessions s join users u on u.id = s.user_id
    where s.token_hash = ${tokenHash} and s.expires_at > now() and u.disabled_at is null`;
  return rows[0];
}

export async function deleteSession(sql: Sql | Tx, tokenHash: Uint8Array): Promise<void> {
  await sql`delete from sessions where token_hash = ${tokenHash}`;
}
