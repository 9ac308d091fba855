import type { Sql, Tx } from "../client";

export interface PasswordRow {
  userId: number;
  name: string;
  email: string | null;
  hash: string | null;
}

/** For whoever wants to sign in: by name or by email, who is not disabled. A name wins, and no name holds an `@`. */
export async function findPassword(sql: Sql | Tx, nameOrEmail: string): Promise<PasswordRow | undefined> {
  const rows = await sql<PasswordRow[]>`
    select u.id as "userId", e.name, u.email, u.password_hash as hash
    from users u join entities e on e.id = u.entity_id
    where u.disabled_at is null and (
      u.entity_id = (select id from entities where lower(name) = lower(${nameOrEmail}))
      or u.email = lower(${nameOrEmail}))`;
  return rows[0];
}

/** Whether the user has signed in from there, and the browser still is. */
export async function isKnownAddress(
  sql: Sql | Tx,
  { userId, address }: { userId: number; address: string },
): Promise<boolean> {
  const rows = await sql`select from sessions where user_id = ${userId} and address = ${address} limit 1`;
  return rows.length > 0;
}

export async function readPassword(sql: Sql | Tx, userId: number): Promise<PasswordRow | undefined> {
  const rows = await sql<PasswordRow[]>`
    select u.id as "userId", e.name, u.email, u.password_hash as hash
    from users u join entities e on e.id = u.entity_id where u.id = ${userId}`;
  return rows[0];
}

/** @returns whether it is still the one that was checked: of two changes at once the later one must know the new password */
export async function setPassword(
  tx: Tx,
  { userId, hash, before }: { userId: number; hash: string; before: string | null },
): Promise<boolean> {
  const rows = await tx`
    update users set password_hash = ${hash}, password_changed_at = now()
    where id = ${userId} and password_hash is not distinct from ${before} returning id`;
  return rows.length > 0;
}
