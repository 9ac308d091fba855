/**
 * How long a run waits for the verdict on a value: a sweep of 10,000 runs, 7,000 of which came to all of 50 bands and 3,000 of which were
 * stopped on their way, and 32 more that log one value after the other. Through the engine alone, with the flush to disk:
 * `npx tsx bench/stopping/live.ts [rule ...]`. The goal is a verdict within 100 ms for 95 of 100 values.
 */
import { parseSweepConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { logMetrics } from "@/engine/report-metrics";
import { makeRun, makeSweep, systemContext, toBatch } from "@/test/support/history";
import { noise } from "../support/metrics";
import { median, ms, perSecond, quantile, withBenchDatabase } from "../support/stage";

const RUNS = 10_000;
const STOPPED = 3_000;
const VALUES = 50;
const AGENTS = 32;
const SECONDS = 8;

const RULES: Readonly<Record<string, string>> = {
  none: "",
  median: "{type: median, every: 1}",
  percentile: "{type: percentile, percent: 25, every: 1}",
  funnel: "{type: funnel, every: 1}",
  asha: "{type: asha, min_iter: 1, eta: 1.1}",
  hyperband: "{type: hyperband, min_iter: 1, eta: 1.1}",
  wilcoxon: "{type: wilcoxon, every: 1}",
};

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(RULES))
  await withBenchDatabase((db) => measure(db, name, RULES[name] ?? ""));

async function measure(db: Database, name: string, rule: string): Promise<void> {
  const { config } = parseSweepConfig(
    `method: random\nmetric: {name: loss, goal: minimize}\nparameters: {x: {value: 1}}\n${rule && `early_terminate: ${rule}\n`}`,
  );
  const place = await makeSweep(db, {
    metric: { name: "loss", goal: "minimize" },
    ...(config?.earlyTerminate && { earlyTerminate: config.earlyTerminate }),
  });
  await fill(db, place, config?.earlyTerminate?.type === "wilcoxon");
  const context = systemContext(db);
  const random = noise(1);
  const latencies: number[] = [];
  let stopped = 0;
  const start = performance.now();
  const end = start + SECONDS * 1_000;
  await Promise.all(
    Array.from({ length: AGENTS }, async () => {
      while (performance.now() < end) {
        const runId = await makeRun(db, place);
        // Among the best third at first, so that most of the runs go on.
        const level = random() / 3;
        for (let step = 0; step < VALUES && performance.now() < end; step++) {
          const loss = level + 2 / (step + 1) + random() / 50;
          const began = performance.now();
          const { command } = await logMetrics(context, {
            runId,
            metrics: toBatch({ batch: step + 1 }, [[step, { loss }]]),
          });
          latencies.push(performance.now() - began);
          if (command === null) continue;
          stopped++;
          break;
        }
        await db.sql`update runs set state = 'finished' where id = ${runId}`;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  console.log(
    `${name}: ${perSecond(latencies.length / seconds)} values, p50 ${ms(median(latencies))}, p95 ${ms(quantile(latencies, 0.95))}, p99 ${ms(quantile(latencies, 0.99))}; ${stopped} runs stopped`,
  );
}

/** What stands in the database before: put there by SQL, since what wrote it is not what this is about. */
async function fill(
  db: Database,
  { projectId, sweepId }: { projectId: number; sweepId: string },
  averaged: boolean,
): Promise<void> {
  await db.sql`
    insert into runs (project_id, sweep_id, generation, name, display_name, state, params, attempt, objective, started_at, stop_requested, early_stop)
    select ${projectId}, ${sweepId}, 1, 'old' || i, 'old' || i, case when i <= ${STOPPED} then 'killed' else 'finished' end, '{}', 1, i / ${RUNS}::float8,
      now(), case when i <= ${STOPPED} then 'early' end, case when i <= ${STOPPED} then '{}'::jsonb end
    from generate_series(1, ${RUNS}) i`;
  await db.sql`
    insert into attempts (run_id, number, sweep_id, state, ended_at)
    select id, 1, sweep_id, 'finished', now() from runs where sweep_id = ${sweepId}`;
  await db.sql`
    insert into rungs (sweep_id, band, run_id, attempt, value, best, step)
    select r.sweep_id, b, r.id, 1, hashint4((r.id * 7)::int)::float8 / 4294967296 + 0.5 + 2.0 / b,
      hashint4((r.id * 7)::int)::float8 / 4294967296 + 0.5 + 2.0 / b, b - 1
    from runs r, generate_series(1, ${VALUES}) b
    where r.sweep_id = ${sweepId} and (r.early_stop is null or b <= 1 + r.id % 20)`;
  // As they would have been written.
  if (averaged)
    await db.sql`
      update rungs g set mean = m.mean from (
        select run_id, band, avg(value) over (partition by run_id order by band) as mean from rungs
      ) m where g.run_id = m.run_id and g.band = m.band`;
  await db.sql`vacuum analyze runs`;
  await db.sql`vacuum analyze rungs`;
}
