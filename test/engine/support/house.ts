import { isAppError } from "@/core/errors";
import { OUTAGE_MS } from "@/core/time";
import { type Database, openDatabase } from "@/db/client";
import { authenticate } from "@/engine/authorize";
import { beatLiveness } from "@/engine/background";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import type { EngineContext, Logger } from "@/engine/context";
import { createSweep } from "@/engine/create-sweep";
import { createFirstAdmin } from "@/engine/first-admin";
import { reapAttempts } from "@/engine/reap-attempts";
import { registerAgent } from "@/engine/register-agent";
import { closeSearch } from "@/engine/search/round";
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
      await Promise.all([closeSearch(db), closeSearch(second)]);
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

/**
 * Reaps as a server does that has been up for long. (The database itself may have started a second ago, and no lease
 * is reaped in its first 20 seconds; that rule has tests of its own.)
 */
export async function reapNow(db: Database): Promise<number> {
  await beatLiveness(db);
  return reapAttempts(db, silent, { silenceMs: 1_800_000, outageMs: OUTAGE_MS, graceMs: 0 });
}

export interface RunState {
  id: number;
  state: string;
  stateReason: string | null;
  attempt: number;
  crashes: number;
  preemptions: number;
}

export async function readRuns(db: Database): Promise<RunState[]> {
  return db.sql<RunState[]>`
    select id, state, state_reason as "stateReason", attempt, crashes, preemptions
    from runs where deleted_at is null order by id`;
}

export async function readSweep(db: Database, sweepId: string) {
  const rows = await db.sql<
    { state: string; stateReason: string | null; runCount: number; cursor: string; exhausted: boolean }[]
  >`select state, state_reason as "stateReason", run_count as "runCount", cursor, exhausted from sweeps where id = ${sweepId}`;
  const row = rows[0];
  if (row === undefined) throw new Error(`no sweep ${sweepId}`);
  return row;
}

/** One claim of one run; fails the test when there was none. */
export async function claimOne(
  context: EngineContext,
  sweep: { sweepId: string; agentId: number },
): Promise<Claim> {
  const { claims, directive } = await claimRuns(context, { ...sweep, count: 1 });
  const [claim] = claims;
  if (claim === undefined) throw new Error(`no run to claim: ${directive}`);
  return claim;
}

/** The code that a call fails with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
  return "none";
}
