/**
 * Claims a second through the engine alone: 32 callers in a loop, one claim each, on one grid sweep.
 * npx tsx bench/claims-engine.ts [DATABASE_URL] (a server with fsync on; a database is made and dropped)
 */
import { availableParallelism } from "node:os";
import postgres from "postgres";
import { openDatabase } from "@/db/client";
import { migrate } from "@/db/migrate";
import { authenticate } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import { createSweep } from "@/engine/create-sweep";
import { finishRun } from "@/engine/finish-run";
import { createFirstAdmin } from "@/engine/first-admin";
import { registerAgent } from "@/engine/register-agent";

const url = process.argv[2] ?? process.env.DATABASE_URL ?? "postgres://root@127.0.0.1:5432/postgres";
const CALLERS = 32;
const SECONDS = 4;
const ROUNDS = 3;
const log = { debug() {}, info() {}, warn() {}, error() {} };

const admin = postgres(url, { max: 1, onnotice: () => {} });
const name = `besom_bench_${process.pid}`;
await admin.unsafe(`create database ${name}`);
const own = new URL(url);
own.pathname = `/${name}`;
const db = openDatabase(own.href, { max: 8 });
try {
  await migrate(db);
  const first = await createFirstAdmin(db, { name: "bench" });
  if (first === undefined) throw new Error("users in a fresh database");
  const context = { db, access: await authenticate(db, first.key), secret: first.key, log };
  const [facts] =
    await db.sql`select current_setting('server_version') as version, current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as commit`;
  console.log(
    `Node ${process.version}, PostgreSQL ${facts?.version}, fsync ${facts?.fsync}, synchronous_commit ${facts?.commit}, ${availableParallelism()} cores`,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const values = Array.from({ length: 1_000 }, (_, i) => i);
    const { sweepId } = await createSweep(context, {
      json: {
        method: "grid",
        program: "train.py",
        parameters: { a: { values }, b: { values }, c: { value: "x" } },
      },
    });
    const { agentId } = await registerAgent(context, { sweepId, host: "bench" });
    const claimed: { runId: number; attempt: number }[] = [];
    const claims = await measure(async (caller, i) => {
      const clientMutationId = `${round}-${caller}-${i}`;
      const answer = await claimRuns(context, { sweepId, agentId, count: 1, clientMutationId });
      claimed.push(...answer.claims);
      return undefined;
    });
    const finishes = await measure(async (caller, i) => {
      const claim = claimed.pop();
      if (claim === undefined) return true;
      const { runId, attempt } = claim;
      await finishRun(context, {
        runId,
        attempt,
        state: "finished",
        exitCode: 0,
        clientMutationId: `f${round}-${caller}-${i}`,
      });
      return undefined;
    });
    console.log(`round ${round + 1}: claims ${claims}; finishes ${finishes}`);
  }
} finally {
  await db.close();
  await admin.unsafe(`drop database ${name} with (force)`);
  await admin.end();
}

/** Until the time is up, or `call` says that there is nothing left. */
async function measure(call: (caller: number, i: number) => Promise<true | undefined>): Promise<string> {
  const times: number[] = [];
  const start = performance.now();
  const until = start + SECONDS * 1_000;
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let i = 0; performance.now() < until; i++) {
        const begin = performance.now();
        if (await call(caller, i)) return;
        times.push(performance.now() - begin);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number) => `${(times[Math.floor(times.length * share)] ?? 0).toFixed(1)} ms`;
  return `${Math.round(times.length / seconds)}/s (p50 ${at(0.5)}, p99 ${at(0.99)})`;
}
