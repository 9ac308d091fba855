import type { Sql, Tx } from "../client";

export interface UserRow {
  id: number;
  entityId: number;
  /** The entity's name: the first segment of the user's paths. */
  name: string;
  displayName: string | null;
  email: string | null;
  admin: boolean;
  createdAt: Date;
}

export async function getUser(sql: Sql | Tx, userId: number): Promise<UserRow | undefined> {
  const rows = await sql<UserRow[]>`
    select u.id, u.entity_id as "entityId", e.name, u.display_name as "displayName", u.email, u.admin,
      u.created_at as "createdAt"
    from users u join entities e on e.id = u.entity_id where u.id = ${userId}`;
  return rows[0];
}

/** Any user at all? Asked at first start, under a lock that a second server waits for. */
export async function lockUsers(tx: Tx): Promise<boolean> {
  await tx`lock table users in share row exclusive mode`;
  const rows = await tx`select from users limit 1`;
  return rows.length > 0;
}

export async function insertUser(
  tx: Tx,
  user: { name: string; admin: boolean },
): Promise<{ userId: number; entityId: number }> {
  const rows = await tx<{ userId: number; entityId: number }[]>`
    with entity as (insert into entities (name, kind) values (${user.name}, 'user') returning id)
    insert into users (entity_id, admin) select id, ${user.admin} from entity
    returning id as "userId", entity_id as "entityId"`;
  const row = rows[0];
  if (row === undefined) throw new Error("insert into users returned no row");
  return row;
}

export async function findEntity(
  sql: Sql | Tx,
  name: string,
): Promise<{ id: number; name: string; kind: "user" | "team" } | undefined> {
  const rows = await sql<{ id: number; name: string; kind: "user" | "team" }[]>`
    select id, name, kind from entities where lower(name) = lower(${name})`;
  return rows[0];
}

/** The oldest administrator who is not disabled. */
export async function findFirstAdmin(sql: Sql | Tx): Promise<number | undefined> {
  const rows = await sql<{ id: number }[]>`
    select id from users where admin and disabled_at is null order by id limit 1`;
  return rows[0]?.id;
}
