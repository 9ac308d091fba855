/**
 * Milliseconds to read a chart: one line of a run of a million steps at several zooms, and 50 runs of 20,000 steps at
 * once. Beside it what the slow path of logging costs, which reads a metric's whole history.
 */
import { summarize } from "@/core/history/summary";
import { readHistory } from "@/db/queries/read-history";
import { readPoints } from "@/db/queries/read-points";
import { mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { makeRun, makeSweep, systemContext } from "@/test/support/history";
import { makeSeries, noise } from "./support/metrics";
import { median, ms, withBenchDatabase } from "./support/stage";

const LONG = 1_000_000;
const SHORT = 20_000;
const RUNS = 50;
const ROUNDS = 9;

await withBenchDatabase(async (db) => {
  const context = systemContext(db);
  const place = await makeSweep(db);
  const random = noise(3);
  const fill = async (total: number, keys: readonly string[]) => {
    const runId = await makeRun(db, place);
    for (let first = 0, batch = 1; first < total; first += 2_000, batch++) {
      const steps = Array.from({ length: 2_000 }, (_, i) => first + i);
      const times = steps.map((step) => 1_800_000_000_000 + step * 33);
      const metrics = { attempt: 1, batch, steps, times, series: makeSeries(keys, 2_000, random) };
      await logMetrics(context, { runId, metrics });
    }
    return runId;
  };
  const long = await fill(LONG, ["loss"]);
  const runIds: number[] = [];
  for (let i = 0; i < RUNS; i++) runIds.push(await fill(SHORT, ["loss", "accuracy"]));
  await db.sql`update attempts set ended_at = now()`;
  await mergeHistory(db, context.log);
  await db.sql.unsafe("vacuum analyze");
  const line = (samples: number, minStep?: number, maxStep?: number) =>
    readHistory(db, context.access, {
      runIds: [long],
      samples,
      ...(minStep !== undefined && { minStep }),
      ...(maxStep !== undefined && { maxStep }),
    });
  await time("1 run, 1,000,000 steps, 500 buckets", () => line(500));
  await time("1 run, 1,000,000 steps, 1,500 buckets", () => line(1_500));
  await time("1 run, 1,000,000 steps, 30 buckets (mostly from statistics)", () => line(30));
  await time("1 run, 1,000 steps of a million, exact", () => line(1_500, 500_000, 500_999));
  await time(`${RUNS} runs, ${SHORT} steps, 500 buckets each`, () =>
    readHistory(db, context.access, { runIds, keys: ["loss"], samples: 500 }),
  );
  await time("summary of 1,000,000 points made anew", () =>
    db.sql.begin(async (tx) => {
      const points = await readPoints(tx, {
        runId: long,
        segments: [{ attempt: 1, maxStep: Number.MAX_SAFE_INTEGER }],
      });
      return [...points.values()].map(summarize);
    }),
  );
});

async function time(name: string, body: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  const cpu = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await body();
    took.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${name}: median ${ms(median(took))}, least ${ms(Math.min(...took))}, of our CPU ${ms((user + system) / 1e3 / ROUNDS)}`,
  );
}
