import type { Sql, Tx } from "../client";

/** What nobody can use any more. Each statement takes at most `limit` rows. */

const DAY_MS = 86_400_000;
/** An invitation shows who came by it, and whom by; for as long as somebody may ask. */
const INVITATIONS_KEPT_MS = 90 * DAY_MS;

/** @returns how many rows went of the table that had the most; call again while it is `limit` */
export async function pruneSignIns(sql: Sql | Tx, limit: number): Promise<number> {
  const ago = (ms: number) => sql`clock_timestamp() - ${ms}::float8 * interval '1 ms'`;
  const counts = await Promise.all([
    sql`delete from sessions where token_hash in (
      select token_hash from sessions where expires_at < ${ago(DAY_MS)} limit ${limit} for update skip locked)`,
    sql`delete from login_links where token_hash in (
      select token_hash from login_links where expires_at < ${ago(DAY_MS)} limit ${limit} for update skip locked)`,
    sql`delete from device_logins where code_hash in (
      select code_hash from device_logins where expires_at < ${ago(DAY_MS)} limit ${limit} for update skip locked)`,
    sql`delete from invitations where id in (
      select id from invitations where least(expires_at, used_at, revoked_at) < ${ago(INVITATIONS_KEPT_MS)}
      limit ${limit} for update skip locked)`,
    sql`delete from sign_in_failures where bucket in (
      select bucket from sign_in_failures
      where last_at < ${ago(DAY_MS)} and coalesce(blocked_until < clock_timestamp(), true)
      limit ${limit} for update skip locked)`,
  ]);
  return Math.max(...counts.map(({ count }) => count));
}
