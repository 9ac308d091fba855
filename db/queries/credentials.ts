import type { Sql } from "../client";
import { administers, living } from "./keys";

/**
 * Which of these keys and sessions (by the hexadecimal SHA-256 of their secret) still count, and whether they are an
 * administrator's: one statement for all that a server's open sockets came with. A run's key counts as long as the
 * key that it was derived from; that its user may still work in the project is asked with each use.
 */
export async function readLivingCredentials(
  sql: Sql,
  hashes: readonly string[],
): Promise<{ hash: string; admin: boolean }[]> {
  return sql<{ hash: string; admin: boolean }[]>`
    with asked as (
      select hex, decode(hex, 'hex') as hash from unnest(${[...hashes]}::text[]) hex
    )
    select asked.hex as hash, ${administers(sql)} as admin
    from asked join api_keys k on k.hash = asked.hash join users u on u.id = k.user_id
    where ${living(sql)}
    union all
    select asked.hex, false from asked join attempts a on a.key_hash = asked.hash
    join api_keys k on k.id = a.key_id join users u on u.id = k.user_id
    where ${living(sql)}
    union all
    select asked.hex, u.admin from asked join sessions s on s.token_hash = asked.hash
    join users u on u.id = s.user_id
    where s.expires_at > now() and u.disabled_at is null`;
}
