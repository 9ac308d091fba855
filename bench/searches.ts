/**
 * What a claim waits for a search: 64 agents, each with one run at a time of a few seconds, on one sweep of ten mixed
 * parameters. Says how long claims took, how many got a fallback, and how many proposals grew too old. Where other work slows the machine
 * down, fewer agents with longer runs ask for no more than it can compute: two versions are compared by running both at once.
 * npx tsx bench/searches.ts [DATABASE_URL] [AGENTS] [SECONDS] [RUNS] (a server with fsync on; a database is made and dropped)
 */
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { HEARTBEAT_MS } from "@/core/time";
import { openDatabase } from "@/db/client";
import { migrate } from "@/db/migrate";
import { authenticate } from "@/engine/authorize";
import { type BackgroundOptions, startBackground } from "@/engine/background";
import { claimRuns } from "@/engine/claim-runs";
import { createSweep } from "@/engine/create-sweep";
import { finishRun } from "@/engine/finish-run";
import { createFirstAdmin } from "@/engine/first-admin";
import { heartbeat } from "@/engine/heartbeat";
import { registerAgent } from "@/engine/register-agent";
import { logMetrics } from "@/engine/report-metrics";

const url = process.argv[2] ?? process.env.DATABASE_URL ?? "postgres://root@127.0.0.1:5432/postgres";
const [AGENTS = 64, RUN_S = 6, RUNS = 800] = process.argv.slice(3).map(Number);
const complain = (...what: unknown[]) => console.error(...what);
const log: BackgroundOptions["log"] = { debug() {}, info() {}, warn: complain, error: complain };

const parameters = {
  lr: { distribution: "log_uniform_values", min: 1e-5, max: 1 },
  dropout: { distribution: "uniform", min: 0, max: 0.6 },
  momentum: { distribution: "uniform", min: 0.5, max: 0.999 },
  decay: { distribution: "log_uniform_values", min: 1e-8, max: 1e-2 },
  layers: { min: 1, max: 8 },
  width: { values: [32, 64, 128, 256, 512] },
  batch: { distribution: "q_log_uniform_values", q: 8, min: 8, max: 512 },
  optimizer: { values: ["sgd", "adam", "adamw", "lion"] },
  schedule: { values: ["constant", "cosine", "linear"] },
  norm: { values: [true, false] },
};

/** Smooth, with one best place, a little noise, and a failure in thirty. */
function lossOf(params: string): number {
  const { lr, dropout, momentum, layers, width, optimizer } = JSON.parse(params);
  const far = (Math.log10(lr) + 3) ** 2 + 4 * (dropout - 0.2) ** 2 + 3 * (momentum - 0.9) ** 2;
  return (
    far + Math.abs(layers - 4) / 8 + Math.abs(Math.log2(width) - 7) / 5 + (optimizer === "adamw" ? 0 : 0.3)
  );
}

const admin = postgres(url, { max: 1, onnotice: () => {} });
const name = `besom_bench_${process.pid}`;
await admin.unsafe(`create database ${name}`);
const own = new URL(url);
own.pathname = `/${name}`;
const db = openDatabase(own.href, { max: 12 });
try {
  await migrate(db);
  const first = await createFirstAdmin(db, { name: "bench" });
  if (first === undefined) throw new Error("users in a fresh database");
  const context = { db, access: await authenticate(db, first.key), secret: first.key, log };
  const background = startBackground({ db, log });
  const { sweepId } = await createSweep(context, {
    json: {
      method: "bayes",
      program: "train.py",
      metric: { name: "loss", goal: "minimize" },
      run_cap: RUNS,
      parameters,
    },
  });
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: AGENTS }, async (_, number) => {
      await pause(Math.random() * 1_000);
      const { agentId } = await registerAgent(context, { sweepId, host: `bench-${number}` });
      const held = new Map<number, number>();
      const beat = () =>
        heartbeat(context, {
          agentId,
          attempts: Array.from(held, ([runId, attempt]) => ({ runId, attempt })),
        });
      const beats = setInterval(() => void beat().catch(complain), HEARTBEAT_MS);
      for (;;) {
        const begin = performance.now();
        const { claims, directive, retryAfterMs } = await claimRuns(context, { sweepId, agentId, count: 1 });
        if (directive === "EXIT") return clearInterval(beats);
        if (claims.length === 0) await pause(retryAfterMs);
        else times.push(performance.now() - begin);
        for (const { runId, attempt, params } of claims) {
          held.set(runId, attempt);
          await pause(RUN_S * 1_000 * (0.5 + Math.random()));
          const isFailed = Math.random() < 1 / 30;
          const series = [{ key: "loss", values: [lossOf(params) + 0.05 * Math.random()] }];
          const metrics = { attempt, batch: 1, steps: [0], times: [Date.now()], series };
          if (!isFailed) await logMetrics(context, { runId, metrics });
          await finishRun(context, {
            runId,
            attempt,
            state: isFailed ? "failed" : "finished",
            exitCode: isFailed ? 1 : 0,
          });
          held.delete(runId);
        }
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const [made] = await db.sql<
    { runs: number; points: number; fallbacks: number; stale: number; proposed: number }[]
  >`
    select (select count(*)::int from runs) as runs, (select count(distinct point_hash)::int from runs) as points,
      count(*) filter (where reason = 'fallback')::int as fallbacks,
      count(*) filter (where state = 'withdrawn')::int as stale, count(*)::int as proposed from suggestions`;
  times.sort((a, b) => a - b);
  const at = (share: number) => `${(times[Math.floor(times.length * share)] ?? 0).toFixed(1)} ms`;
  console.log(
    `${made?.runs} runs of ${made?.points} configurations in ${seconds.toFixed(0)} s by ${AGENTS} agents; a claim waits p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}`,
  );
  const share = (n = 0) => `${n} (${((100 * n) / (made?.proposed || 1)).toFixed(1)} %)`;
  console.log(
    `of ${made?.proposed} proposals ${share(made?.fallbacks)} were fallbacks and ${share(made?.stale)} grew too old`,
  );
  const computed = await db.sql<{ upto: number; p50: number; p95: number }[]>`
    select 200 * (observed / 200) + 200 as upto, percentile_cont(0.5) within group (order by compute_ms) as p50,
      percentile_cont(0.95) within group (order by compute_ms) as p95
    from suggestions where reason = 'model' group by 1 order by 1`;
  for (const { upto, p50, p95 } of computed)
    console.log(`computed in p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, up to ${upto} results`);
  await background.stop();
} finally {
  await db.close();
  await admin.unsafe(`drop database ${name} with (force)`);
  await admin.end();
}
