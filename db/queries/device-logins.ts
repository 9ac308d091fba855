import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";

export interface NewDeviceLogin {
  codeHash: Uint8Array;
  userCode: string;
  label: string;
  address: string | null;
  keptMs: number;
}

/** @returns undefined when the user code is in use: draw another */
export async function insertDeviceLogin(sql: Sql | Tx, made: NewDeviceLogin): Promise<Date | undefined> {
  const rows = await sql<{ expiresAt: Date }[]>`
    insert into device_logins (code_hash, user_code, label, address, expires_at)
    values (${made.codeHash}, ${made.userCode}, ${made.label}, ${made.address},
      now() + ${made.keptMs}::float8 * interval '1 ms')
    on conflict (user_code) do nothing returning expires_at as "expiresAt"`;
  return rows[0]?.expiresAt;
}

/** That wait for somebody, from one address or network and from all. The zone of `fe80::1%eth0` is no part of an inet. */
export async function countDeviceLogins(sql: Sql | Tx, near: string): Promise<{ all: number; near: number }> {
  const rows = await sql<{ all: number; near: number }[]>`
    select count(*)::int as all, count(*) filter (
      where nullif(split_part(address, '%', 1), '')::inet <<= nullif(${near}, '')::inet)::int as near
    from device_logins where expires_at > now() and taken_at is null and denied_at is null`;
  return rows[0] ?? { all: 0, near: 0 };
}

export interface DeviceLoginRow {
  userCode: string;
  label: string;
  address: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/** What a signed-in person compares before saying yes: one that still waits. */
export async function findDeviceLogin(
  { sql }: Database,
  access: Access,
  userCode: string,
): Promise<DeviceLoginRow | undefined> {
  if (access.kind !== "user") return undefined;
  const rows = await sql<DeviceLoginRow[]>`
    select user_code as "userCode", label, address, created_at as "createdAt", expires_at as "expiresAt"
    from device_logins
    where user_code = ${userCode} and expires_at > now() and approved_at is null and denied_at is null`;
  return rows[0];
}

/** @returns its label; undefined when it is unknown, too old or decided */
export async function decideDeviceLogin(
  tx: Tx,
  { userCode, userId, approve }: { userCode: string; userId: number; approve: boolean },
): Promise<string | undefined> {
  const rows = await tx<{ label: string }[]>`
    update device_logins set
      approved_by = ${approve ? userId : null}, approved_at = case when ${approve} then now() end,
      denied_at = case when not ${approve} then now() end
    where user_code = ${userCode} and expires_at > now() and approved_at is null and denied_at is null
    returning label`;
  return rows[0]?.label;
}

export interface WaitingDevice {
  label: string;
  approvedBy: number | null;
  /** Whether the approver's account still works. */
  living: boolean;
  denied: boolean;
  expired: boolean;
  taken: boolean;
}

/** As the terminal asks for it; locked, since the key is handed out once. */
export async function lockDeviceLogin(tx: Tx, codeHash: Uint8Array): Promise<WaitingDevice | undefined> {
  const rows = await tx<WaitingDevice[]>`
    select d.label, d.approved_by as "approvedBy",
      exists (select from users u where u.id = d.approved_by and u.disabled_at is null) as living,
      d.denied_at is not null as denied, d.expires_at <= now() as expired, d.taken_at is not null as taken
    from device_logins d where d.code_hash = ${codeHash} for update`;
  return rows[0];
}

export async function markDeviceTaken(tx: Tx, codeHash: Uint8Array): Promise<void> {
  await tx`update device_logins set taken_at = now() where code_hash = ${codeHash}`;
}
