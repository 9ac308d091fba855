/**
 * What a claim waits for a search: 64 agents, each with one run at a time of a few seconds, on one sweep of ten mixed
 * parameters, over HTTP. Says how long claims took, how many got a fallback, and how many proposals grew too old. Goals, on two cores
 * with the agents on the same machine: p95 20 ms, 5 % of the proposals fallbacks or too old. Where other work slows the machine
 * down, fewer agents with longer runs ask for no more than it can compute: two versions are compared by running both at once.
 * With method `random`, whose claims wait for nobody, it says what the machine and the way through HTTP cost.
 * npx tsx bench/searches.ts [AGENTS] [SECONDS] [RUNS] [METHOD]
 */
import { loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { openClient } from "@/client/client";
import { HEARTBEAT_MS } from "@/core/time";
import { ClaimRun, CreateSweep, FinishRun, Heartbeat, LogMetrics, RegisterAgent } from "@/graphql/operations";
import { ms, quantile, withService } from "./support/stage";

const [AGENTS = 64, RUN_S = 6, RUNS = 800] = process.argv.slice(2, 5).map(Number);
const METHOD = process.argv[5] ?? "bayes";

const metric = { name: "loss", goal: "minimize" };
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

interface Wait {
  readonly ms: number;
  readonly isFirst: boolean;
}

await withService(async ({ url, key, db }) => {
  const client = openClient({ url, key, patienceMs: Number.POSITIVE_INFINITY });
  // The server has just started: what is measured is one that has served before.
  const rehearsal = await startSweep(40);
  await Promise.all(Array.from({ length: 8 }, (_, number) => work(rehearsal, number, 0.2)));
  const sweepId = await startSweep(RUNS);
  const began = performance.now();
  const waits = (
    await Promise.all(Array.from({ length: AGENTS }, (_, number) => work(sweepId, number, RUN_S)))
  ).flat();
  const seconds = (performance.now() - began) / 1_000;
  const [made] = await db.sql<{ runs: number; points: number }[]>`
    select count(*)::int as runs, count(distinct point_hash)::int as points from runs where sweep_id = ${sweepId}`;
  console.log(
    `${made?.runs} runs of ${made?.points} configurations in ${seconds.toFixed(0)} s by ${AGENTS} agents; load ${loadavg()[0]?.toFixed(1)}`,
  );
  const shares = await db.sql<{ early: boolean; fallbacks: number; stale: number; proposed: number }[]>`
    select observed = 0 as early, count(*) filter (where reason = 'fallback')::int as fallbacks,
      count(*) filter (where state = 'withdrawn')::int as stale, count(*)::int as proposed
    from suggestions where sweep_id = ${sweepId} group by 1`;
  for (const isFirst of [true, false]) {
    const own = waits.filter((one) => one.isFirst === isFirst).map(({ ms }) => ms);
    const at = (share: number) => ms(quantile(own, share));
    const { fallbacks = 0, stale = 0, proposed = 0 } = shares.find(({ early }) => early === isFirst) ?? {};
    const share = (n: number) => `${n} (${((100 * n) / Math.max(1, proposed)).toFixed(1)} %)`;
    console.log(
      `${isFirst ? "each agent's first claim" : "all later claims"} waits p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}; of ${proposed} proposals ${share(fallbacks)} were fallbacks and ${share(stale)} grew too old`,
    );
  }
  const computed = await db.sql<
    { upto: number; p50: number; p95: number; count: number; fallbacks: number }[]
  >`
    select 200 * (observed / 200) + 200 as upto,
      percentile_cont(0.5) within group (order by compute_ms) filter (where reason = 'model') as p50,
      percentile_cont(0.95) within group (order by compute_ms) filter (where reason = 'model') as p95,
      count(*)::int as count, (count(*) filter (where reason = 'fallback'))::int as fallbacks
    from suggestions where sweep_id = ${sweepId} group by 1 order by 1`;
  for (const { upto, p50, p95, count, fallbacks } of computed)
    console.log(
      `up to ${upto} results: ${count} proposals, ${fallbacks} of them fallbacks; a model's was computed in p50 ${(p50 ?? 0).toFixed(0)} ms, p95 ${(p95 ?? 0).toFixed(0)} ms`,
    );
  const hasty = await db.sql<{ haste: number; count: number; p50: number }[]>`
    select coalesce((e.details->>'haste')::int, 0) as haste, count(*)::int as count,
      percentile_cont(0.5) within group (order by g.compute_ms) as p50
    from search_events e join suggestions g on g.sweep_id = e.sweep_id and g.number = e.number
    where e.sweep_id = ${sweepId} and e.kind = 'proposed' and g.reason = 'model' group by 1 order by 1`;
  for (const { haste, count, p50 } of hasty)
    console.log(`haste ${haste}: ${count} of the model's proposals, p50 ${p50.toFixed(0)} ms`);
  await client.close();

  async function startSweep(runs: number): Promise<string> {
    const json = { method: METHOD, program: "train.py", metric, run_cap: runs, parameters };
    const { sweep } = await client.mutate(CreateSweep, { input: { project: "bench", json } });
    if (sweep === null) throw new Error("no sweep");
    return sweep.id;
  }

  /** @returns what its claims waited */
  async function work(sweepId: string, number: number, runSeconds: number): Promise<Wait[]> {
    const waits: Wait[] = [];
    await pause(Math.random() * 1_000);
    const { agent } = await client.mutate(RegisterAgent, { input: { sweepId, host: `bench-${number}` } });
    if (agent === null) throw new Error("no agent");
    const held = new Map<string, number>();
    const beat = () => {
      const attempts = Array.from(held, ([runId, attempt]) => ({ runId, attempt }));
      return client.mutate(Heartbeat, { input: { agentId: agent.id, attempts } });
    };
    const beats = setInterval(() => void beat().catch(console.error), HEARTBEAT_MS);
    for (;;) {
      const begin = performance.now();
      const { claims, directive, retryAfterMs } = await client.mutate(ClaimRun, {
        input: { sweepId, agentId: agent.id, count: 1 },
      });
      if (directive === "EXIT") {
        clearInterval(beats);
        return waits;
      }
      if (claims.length === 0) await pause(retryAfterMs ?? 1_000);
      else waits.push({ ms: performance.now() - begin, isFirst: waits.length === 0 });
      for (const { runId, attempt, params } of claims) {
        held.set(runId, attempt);
        await pause(runSeconds * 1_000 * (0.5 + Math.random()));
        const isFailed = Math.random() < 1 / 30;
        const series = [{ key: "loss", values: [lossOf(params) + 0.05 * Math.random()] }];
        const batch = { attempt, batch: 1, steps: [0], times: [Date.now()], series };
        if (!isFailed) await client.mutate(LogMetrics, { input: { runId, batch } });
        const state = isFailed ? "failed" : "finished";
        await client.mutate(FinishRun, { input: { runId, attempt, state, exitCode: isFailed ? 1 : 0 } });
        held.delete(runId);
      }
    }
  }
});
