import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";

export interface UserRow {
  id: number;
  entityId: number;
  /** The entity's name: the first segment of the user's paths. */
  name: string;
  displayName: string | null;
  email: string | null;
  admin: boolean;
  hasPassword: boolean;
  createdAt: Date;
  disabledAt: Date | null;
}

const columns = (sql: Sql | Tx) => sql`
  u.id, u.entity_id as "entityId", e.name, u.display_name as "displayName", u.email, u.admin,
  u.password_hash is not null as "hasPassword", u.created_at as "createdAt", u.disabled_at as "disabledAt"`;

/** Whole accounts are for their owners and for the server's administrators. */
const mayKnow = (sql: Sql | Tx, access: Access) => {
  if (access.kind === "system") return sql`true`;
  if (access.kind === "run") return sql`false`;
  return access.admin ? sql`true` : sql`u.id = ${access.userId}::int`;
};

/** Who is asking; undefined for callers that are no user. */
export async function getViewer({ sql }: Database, access: Access): Promise<UserRow | undefined> {
  if (access.kind !== "user") return undefined;
  const rows = await sql<UserRow[]>`
    select ${columns(sql)} from users u join entities e on e.id = u.entity_id where u.id = ${access.userId}`;
  return rows[0];
}

export async function getUsers(
  { sql }: Database,
  access: Access,
  ids: readonly number[],
): Promise<UserRow[]> {
  return sql<UserRow[]>`
    select ${columns(sql)} from users u join entities e on e.id = u.entity_id
    where u.id = any(${[...ids]}::int[]) and ${mayKnow(sql, access)}`;
}

/** In the order of their accounts; `after` is the last id of the page before. */
export async function listUsers(
  { sql }: Database,
  access: Access,
  { first, after }: { first: number; after?: number },
): Promise<UserRow[]> {
  return sql<UserRow[]>`
    select ${columns(sql)} from users u join entities e on e.id = u.entity_id
    where ${mayKnow(sql, access)} and u.id > ${after ?? 0} order by u.id limit ${first}`;
}

/** Whom a name or an address means, among those that the caller may know. */
export async function findUsers({ sql }: Database, access: Access, text: string): Promise<UserRow[]> {
  return sql<UserRow[]>`
    select ${columns(sql)} from users u join entities e on e.id = u.entity_id
    where ${mayKnow(sql, access)} and (lower(e.name) = lower(${text}) or lower(u.email) = lower(${text}))
    order by u.id limit 10`;
}

export async function countUsers({ sql }: Database, access: Access): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from users u where ${mayKnow(sql, access)}`;
  return rows[0]?.count ?? 0;
}

/** Any user at all? Asked at first start, under a lock that a second server waits for. */
export async function lockUsers(tx: Tx): Promise<boolean> {
  await tx`lock table users in share row exclusive mode`;
  const rows = await tx`select from users limit 1`;
  return rows.length > 0;
}

export interface NewUser {
  name: string;
  admin: boolean;
  displayName?: string | null;
  email?: string | null;
  /** Somebody else than the user says that the address is theirs. */
  emailVerified?: boolean;
  passwordHash?: string | null;
}

/** Breaks off (23505) when the name or the email is taken. */
export async function insertUser(tx: Tx, user: NewUser): Promise<{ userId: number; entityId: number }> {
  const rows = await tx<{ userId: number; entityId: number }[]>`
    with entity as (insert into entities (name, kind) values (${user.name}, 'user') returning id)
    insert into users (entity_id, admin, display_name, email, email_verified_at, password_hash, password_changed_at)
    select id, ${user.admin}, ${user.displayName ?? null}, ${user.email ?? null},
      case when ${user.emailVerified ?? false} then now() end, ${user.passwordHash ?? null},
      case when ${user.passwordHash ?? null}::text is not null then now() end
    from entity
    returning id as "userId", entity_id as "entityId"`;
  const row = rows[0];
  if (row === undefined) throw new Error("insert into users returned no row");
  return row;
}

/** Whom the caller means by a name, for verbs that then decide what may be done. */
export async function findUserByName(
  sql: Sql | Tx,
  name: string,
): Promise<
  { userId: number; entityId: number; name: string; admin: boolean; disabled: boolean } | undefined
> {
  const rows = await sql<
    { userId: number; entityId: number; name: string; admin: boolean; disabled: boolean }[]
  >`
    select u.id as "userId", u.entity_id as "entityId", e.name, u.admin, u.disabled_at is not null as disabled
    from users u join entities e on e.id = u.entity_id where lower(e.name) = lower(${name})`;
  return rows[0];
}

/** The oldest administrator who is not disabled. */
export async function findFirstAdmin(sql: Sql | Tx): Promise<number | undefined> {
  const rows = await sql<{ id: number }[]>`
    select id from users where admin and disabled_at is null order by id limit 1`;
  return rows[0]?.id;
}

/** Locks the server's administrators who can sign in, so that two of them can't remove each other at once. */
export async function lockAdmins(tx: Tx): Promise<number[]> {
  const rows = await tx<{ id: number }[]>`
    select id from users where admin and disabled_at is null order by id for update`;
  return rows.map(({ id }) => id);
}

export async function updateUser(
  tx: Tx,
  {
    userId,
    admin,
    disabled,
    forgetPassword = false,
  }: { userId: number; admin: boolean; disabled: boolean; forgetPassword?: boolean },
): Promise<void> {
  await tx`
    update users set admin = ${admin},
      password_hash = case when not ${forgetPassword} then password_hash end,
      disabled_at = case when ${disabled} then coalesce(disabled_at, now()) end
    where id = ${userId}`;
}

export interface ProfileChange {
  userId: number;
  /** Undefined leaves it as it is, null takes it away. */
  displayName?: string | null | undefined;
  email?: string | null | undefined;
  /** An address that its user typed is nobody's word but theirs. */
  emailVerified: boolean;
}

/** Breaks off (23505) when the email is taken. */
export async function updateProfile(tx: Tx, change: ProfileChange): Promise<void> {
  const { userId, displayName, email, emailVerified } = change;
  await tx`
    update users set
      display_name = ${displayName === undefined ? tx`display_name` : displayName},
      email = ${email === undefined ? tx`email` : email},
      email_verified_at = case when email is not distinct from ${email === undefined ? tx`email` : email}
        then email_verified_at when ${emailVerified} then now() end
    where id = ${userId}`;
}
