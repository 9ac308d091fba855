import type { Database } from "@/db/client";
import { openDatabase } from "@/db/client";
import { authenticate } from "@/engine/authorize";
import type { EngineContext, Logger } from "@/engine/context";
import { createSweep } from "@/engine/create-sweep";
import { createFirstAdmin } from "@/engine/first-admin";
import { registerAgent } from "@/engine/register-agent";
import { withDatabase } from "../../support/database";

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface House {
  db: Database;
  url: string;
  /** Of the administrator, through a server. */
  context: EngineContext;
  /** The same caller through another server: a pool and a memory of its own on the same database. */
  other: EngineContext;
  key: string;
}

/** A database with an administrator and two servers in front of it. */
export async function withHouse<T>(body: (house: House) => Promise<T>): Promise<T> {
  return withDatabase(async (db, url) => {
    const admin = await createFirstAdmin(db, { name: "ada" });
    if (admin === undefined) throw new Error("the template has users");
    const second = openDatabase(url, { max: 8 });
    try {
      const context = { db, access: await authenticate(db, admin.key), secret: admin.key, log: silent };
      const other = { ...context, db: second, access: await authenticate(second, admin.key) };
      return await body({ db, url, context, other, key: admin.key });
    } finally {
      await second.close();
    }
  });
}

/** A grid of `points` points over one parameter, plus whatever else the file should say. */
export const gridOf = (points: number, extra: object = {}): object => ({
  method: "grid",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { values: Array.from({ length: points }, (_, i) => i) }, fixed: { value: 1.5 } },
  ...extra,
});

export async function startSweep(
  context: EngineContext,
  json: object,
): Promise<{ sweepId: string; agentId: number }> {
  const { sweepId } = await createSweep(context, { json, project: "digits" });
  const { agentId } = await registerAgent(context, { sweepId, host: "box" });
  return { sweepId, agentId };
}

/** The database's clock moves on for these leases: they ran out a second ago. */
export async function expireLeases(db: Database, runIds?: readonly number[]): Promise<void> {
  await db.sql`
    update attempts set lease_expires_at = clock_timestamp() - interval '1 second',
      last_contact_at = clock_timestamp() - interval '1 hour'
    where ended_at is null and ${runIds === undefined ? db.sql`true` : db.sql`run_id = any(${[...runIds]}::bigint[])`}`;
}

/** As if servers had been beating for an hour. */
export async function settleLiveness(db: Database): Promise<void> {
  await db.sql`
    insert into liveness (last_beat_at, up_since) values (clock_timestamp(), clock_timestamp() + interval '1 hour')
    on conflict (id) do update set last_beat_at = clock_timestamp(),
      up_since = greatest(clock_timestamp() - interval '1 hour', pg_postmaster_start_time())`;
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
