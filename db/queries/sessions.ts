import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";

/** Links of one user that are kept, so that asking for more costs nobody anything: beyond it the oldest ends. */
export const MAX_LOGIN_LINKS = 20;
/** Browsers of one user that are signed in at once: beyond it the one that was seen longest ago is signed out. */
export const MAX_SESSIONS = 100;

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

/** Uses up a link; undefined when it is unknown, used or too old, or its user is disabled. Two clicks at once: one wins. */
export async function useLoginLink(sql: Sql | Tx, tokenHash: Uint8Array): Promise<number | undefined> {
  const rows = await sql<{ userId: number }[]>`
    update login_links l set used_at = now() from users u
    where l.token_hash = ${tokenHash} and l.used_at is null and l.expires_at > now()
      and u.id = l.user_id and u.disabled_at is null
    returning l.user_id as "userId"`;
  return rows[0]?.userId;
}

export interface NewSession {
  tokenHash: Uint8Array;
  userId: number;
  keptMs: number;
  userAgent: string | null;
  address: string | null;
}

export async function insertSession(sql: Sql | Tx, session: NewSession): Promise<Date> {
  const rows = await sql<{ expiresAt: Date }[]>`
    with dropped as (
      delete from sessions where token_hash in (
        select token_hash from sessions where user_id = ${session.userId}
        order by expires_at > now() desc, coalesce(last_seen_at, created_at) desc, id desc offset ${MAX_SESSIONS - 1}))
    insert into sessions (token_hash, user_id, user_agent, address, expires_at)
    values (${session.tokenHash}, ${session.userId}, ${session.userAgent}, ${session.address},
      now() + ${session.keptMs}::float8 * interval '1 ms')
    returning expires_at as "expiresAt"`;
  return rows[0]?.expiresAt ?? new Date();
}

export interface LivingSession {
  sessionId: number;
  userId: number;
  entityId: number;
  admin: boolean;
  /** More than a minute ago (or never): worth writing down again. */
  seenLongAgo: boolean;
}

export async function findSession(sql: Sql | Tx, tokenHash: Uint8Array): Promise<LivingSession | undefined> {
  const rows = await sql<LivingSession[]>`
    select s.id as "sessionId", u.id as "userId", u.entity_id as "entityId", u.admin,
      coalesce(s.last_seen_at < now() - interval '1 minute', true) as "seenLongAgo"
    from sessions s join users u on u.id = s.user_id
    where s.token_hash = ${tokenHash} and s.expires_at > now() and u.disabled_at is null`;
  return rows[0];
}

export async function touchSession(sql: Sql | Tx, sessionId: number): Promise<void> {
  await sql`update sessions set last_seen_at = now() where id = ${sessionId}`;
}

/** By the browser itself. */
export async function deleteSession(sql: Sql | Tx, tokenHash: Uint8Array): Promise<number | undefined> {
  const rows = await sql<{ userId: number }[]>`
    delete from sessions where token_hash = ${tokenHash} returning user_id as "userId"`;
  return rows[0]?.userId;
}

export interface SessionRow {
  id: number;
  userAgent: string | null;
  address: string | null;
  createdAt: Date;
  lastSeenAt: Date | null;
  expiresAt: Date;
}

/** Where the caller is signed in, the latest first. */
export async function listSessions({ sql }: Database, access: Access): Promise<SessionRow[]> {
  if (access.kind !== "user") return [];
  return sql<SessionRow[]>`
    select id, user_agent as "userAgent", address, created_at as "createdAt", last_seen_at as "lastSeenAt",
      expires_at as "expiresAt"
    from sessions where user_id = ${access.userId} and expires_at > now()
    order by coalesce(last_seen_at, created_at) desc, id desc limit ${MAX_SESSIONS}`;
}

/** @returns whether the user had such a session */
export async function deleteSessionById(
  sql: Sql | Tx,
  { id, userId }: { id: number; userId: number },
): Promise<boolean> {
  const rows = await sql`delete from sessions where id = ${id} and user_id = ${userId} returning id`;
  return rows.length > 0;
}

/** All of a user's but `exceptId`, and the links that would make new ones. @returns how many sessions there were */
export async function deleteOtherSessions(
  sql: Sql | Tx,
  { userId, exceptId }: { userId: number; exceptId: number | undefined },
): Promise<number> {
  await sql`delete from login_links where user_id = ${userId} and used_at is null`;
  const rows = await sql`
    delete from sessions where user_id = ${userId} and id is distinct from ${exceptId ?? null} returning id`;
  return rows.length;
}
