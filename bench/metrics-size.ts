/**
 * Bytes on disk for each metric point after merging, indexes, free space and all bookkeeping included, noisy float64
 * values, plain VACUUM only. Goal: 14. Three kinds of programs: one that logs fast (batches of 100 steps), one that logs
 * each step by itself, and one whose metrics have steps of their own.
 */
import type { Database } from "@/db/client";
import { mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { makeRun, makeSweep, systemContext } from "@/test/support/history";
import { makeSeries, noise, walBytes } from "./support/metrics";
import { withBenchDatabase } from "./support/stage";

interface Program {
  readonly name: string;
  readonly runs: number;
  readonly steps: number;
  readonly stepsABatch: number;
  readonly keys: readonly string[];
  /** Every how many steps the second half of the keys is logged. */
  readonly sparse: number;
}

const FOUR = ["loss", "accuracy", "val/loss", "val/accuracy"];
const PROGRAMS: readonly Program[] = [
  {
    name: "32 runs, 100 steps a batch, 4 metrics",
    runs: 32,
    steps: 20_000,
    stepsABatch: 100,
    keys: FOUR,
    sparse: 1,
  },
  {
    name: "32 runs, 5 steps a batch, 4 metrics",
    runs: 32,
    steps: 4_000,
    stepsABatch: 5,
    keys: FOUR,
    sparse: 1,
  },
  {
    name: "32 runs, 50 steps a batch, 2 of 4 metrics each 50 steps",
    runs: 32,
    steps: 20_000,
    stepsABatch: 50,
    keys: FOUR,
    sparse: 50,
  },
  {
    name: "8 runs, 10 steps a batch, 500 metrics",
    runs: 8,
    steps: 400,
    stepsABatch: 10,
    keys: Array.from({ length: 500 }, (_, i) => `layer/${i}/norm`),
    sparse: 1,
  },
];

for (const program of PROGRAMS) await withBenchDatabase((db) => measure(db, program));

async function measure(
  db: Database,
  { name, runs, steps, stepsABatch, keys, sparse }: Program,
): Promise<void> {
  const context = systemContext(db);
  const place = await makeSweep(db, { metric: { name: "loss", goal: "minimize" } });
  const empty = await sizes(db);
  const random = noise(7);
  const wal = await walBytes(db);
  const runIds = await Promise.all(Array.from({ length: runs }, () => makeRun(db, place)));
  let points = 0;
  for (let first = 0, batch = 1; first < steps; first += stepsABatch, batch++) {
    await Promise.all(
      runIds.map((runId) => {
        const own = Array.from({ length: stepsABatch }, (_, i) => first + i);
        const series = makeSeries(keys, stepsABatch, random).map(({ key, values }, k) => ({
          key,
          values: values.map((value, i) =>
            k < keys.length / 2 || (first + i) % sparse === 0 ? value : null,
          ),
        }));
        points += series.reduce((sum, one) => sum + one.values.filter((value) => value !== null).length, 0);
        // About 30 steps a second, unevenly, as a training program's clock goes.
        const times = own.map((step) => 1_800_000_000_000 + step * 33 + Math.floor(random() * 20));
        return logMetrics(context, { runId, metrics: { attempt: 1, batch, steps: own, times, series } });
      }),
    );
    if (batch % 50 === 0) await mergeHistory(db, context.log);
  }
  await db.sql`update attempts set ended_at = now()`;
  await mergeHistory(db, context.log);
  const walPerPoint = ((await walBytes(db)) - wal) / points;
  for (const table of ["metric_tails", "metric_axes", "metric_values", "metric_summaries", "attempts"])
    await db.sql.unsafe(`vacuum ${table}`);
  const after = await sizes(db);
  const perPoint = (table: string) => ((after.get(table) ?? 0) - (empty.get(table) ?? 0)) / points;
  const total = [...after.keys()].reduce((sum, table) => sum + perPoint(table), 0);
  const parts = [...after.keys()].map((table) => `${table} ${perPoint(table).toFixed(2)}`).join(", ");
  console.log(
    `${name}: ${points.toLocaleString("en")} points, ${total.toFixed(2)} bytes a point (goal 14; ${parts}), ${walPerPoint.toFixed(1)} WAL bytes a point\n`,
  );
}

async function sizes({ sql }: Database): Promise<Map<string, number>> {
  const rows = await sql<{ name: string; bytes: number }[]>`
    select relname as name, pg_total_relation_size(oid)::bigint as bytes from pg_class
    where relname in ('metric_tails', 'metric_axes', 'metric_values', 'metric_summaries', 'attempts') order by relname`;
  return new Map(rows.map((row) => [row.name, row.bytes]));
}
