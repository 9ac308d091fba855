/**
 * Metric points a second through the engine alone (no HTTP, no GraphQL): 32 runs, each one batch of 100 steps x 4
 * metrics after the other, merging in the background as the server does it. Half of what the API may cost is the
 * question this answers: the goal is 400,000/s where the API's is 200,000/s.
 */
import { mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { makeRun, makeSweep, systemContext } from "@/test/support/history";
import { makeSeries, noise, walBytes } from "./support/metrics";
import { median, ms, perSecond, quantile, withBenchDatabase } from "./support/stage";

const RUNS = 32;
const STEPS = 100;
const SECONDS = 5;
const ROUNDS = 3;
const KEYS = ["loss", "accuracy", "val/loss", "val/accuracy"];

await withBenchDatabase(async (db) => {
  const context = systemContext(db);
  const place = await makeSweep(db, { metric: { name: "loss", goal: "minimize" } });
  const random = noise(1);
  const series = Array.from({ length: 16 }, () => makeSeries(KEYS, STEPS, random));
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const runIds = await Promise.all(Array.from({ length: RUNS }, () => makeRun(db, place)));
    const wal = await walBytes(db);
    const cpu = process.cpuUsage();
    const start = performance.now();
    const latencies: number[] = [];
    let writing = true;
    const merging = (async () => {
      let merges = 0;
      while (writing) {
        merges += await mergeHistory(db, context.log);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      return merges;
    })();
    await Promise.all(
      runIds.map(async (runId, i) => {
        for (let batch = 1; performance.now() < start + SECONDS * 1_000; batch++) {
          const first = (batch - 1) * STEPS;
          const steps = Array.from({ length: STEPS }, (_, step) => first + step);
          const times = steps.map((step) => 1_800_000_000_000 + step * 37);
          const began = performance.now();
          await logMetrics(context, {
            runId,
            metrics: { attempt: 1, batch, steps, times, series: series[(i + batch) % 16] },
          });
          latencies.push(performance.now() - began);
        }
      }),
    );
    const seconds = (performance.now() - start) / 1_000;
    writing = false;
    const merges = await merging;
    const points = latencies.length * STEPS * KEYS.length;
    const { user, system } = process.cpuUsage(cpu);
    const bytes = (await walBytes(db)) - wal;
    if (round === 0) continue; // caches, prepared statements and the compiler are cold
    rates.push(points / seconds);
    console.log(
      `round ${round}: ${perSecond(points / seconds)} points (${perSecond(latencies.length / seconds)} batches), p50 ${ms(median(latencies))}, p99 ${ms(quantile(latencies, 0.99))}, ${(bytes / points).toFixed(1)} WAL bytes a point, ${merges} merges, our CPU ${(((user + system) / 1e6 / seconds) * 100).toFixed(0)} % (${((user + system) / latencies.length).toFixed(0)} us a batch)`,
    );
  }
  console.log(
    `points, ${RUNS} runs: median ${perSecond(median(rates))} (goal 400,000/s, ${(median(rates) / 400_000).toFixed(2)}x)`,
  );
});
