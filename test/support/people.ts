import { randomBytes } from "node:crypto";
import type { KeyScope, Role } from "@/core/access";
import { toApiKey } from "@/core/ids";
import { hashKey } from "@/engine/run-key";
import type { TestServer } from "./server";

export interface Person {
  readonly url: string;
  readonly key: string;
  readonly keyId: number;
  readonly userId: number;
  readonly entityId: number;
  readonly name: string;
}

/** An account with a key, as if it had been invited. */
export async function addPerson(
  server: TestServer,
  name: string,
  { admin = false }: { admin?: boolean } = {},
): Promise<Person> {
  const [row] = await server.db.sql<{ userId: number; entityId: number }[]>`
    with e as (insert into entities (name, kind) values (${name}, 'user') returning id)
    insert into users (entity_id, admin) select id, ${admin} from e returning id as "userId", entity_id as "entityId"`;
  if (row === undefined) throw new Error(`${name} was not added`);
  return { ...(await addKey(server, row.userId)), url: server.url, name, ...row };
}

export interface KeyOptions {
  scope?: KeyScope;
  projectId?: number;
  expiresAt?: Date;
  revokedAt?: Date;
}

export async function addKey(
  server: TestServer,
  userId: number,
  { scope = "full", projectId, expiresAt, revokedAt }: KeyOptions = {},
): Promise<{ key: string; keyId: number }> {
  const key = toApiKey(randomBytes(32));
  const [row] = await server.db.sql<{ keyId: number }[]>`
    insert into api_keys (user_id, name, scope, project_id, prefix, hash, expires_at, revoked_at)
    values (${userId}, 'test', ${scope}, ${projectId ?? null}, ${key.slice(0, 10)}, ${hashKey(key)},
      ${expiresAt ?? null}, ${revokedAt ?? null}) returning id as "keyId"`;
  return { key, keyId: row?.keyId ?? 0 };
}

export async function addTeam(server: TestServer, name: string): Promise<number> {
  const [row] = await server.db.sql<{ id: number }[]>`
    insert into entities (name, kind) values (${name}, 'team') returning id`;
  return row?.id ?? 0;
}

export async function joinTeam(
  server: TestServer,
  entityId: number,
  userId: number,
  role: Role,
): Promise<void> {
  await server.db
    .sql`insert into team_members (entity_id, user_id, role) values (${entityId}, ${userId}, ${role})`;
}

export async function joinProject(
  server: TestServer,
  projectId: number,
  userId: number,
  role: Role,
): Promise<void> {
  await server.db
    .sql`insert into project_members (project_id, user_id, role) values (${projectId}, ${userId}, ${role})`;
}
