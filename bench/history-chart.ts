/**
 * Milliseconds for a chart of 100 runs x 10,000 points in 1,500 buckets through GraphQL over HTTP, JSON included. Goal:
 * 250 ms on 2 cores with the caller on the same machine. The last 1,808 steps of each run
 * lie in 60 batches that nobody has merged yet, as they do while a sweep runs. Widths are powers of two: 10,000 points
 * are 1,250 buckets of 8 steps; beside them 12,000 points, which are 1,500.
 */
import { mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { makeRun, makeSweep, systemContext } from "@/test/support/history";
import { openCaller } from "./support/caller";
import { makeSeries, noise } from "./support/metrics";
import { median, ms, quantile, withService } from "./support/stage";

const RUNS = 100;
/** Steps of each run that nobody has merged: fewer than a chunk, in fewer batches than are worth it. */
const UNMERGED = 1_808;
const TAILS = 60;
const ROUNDS = 30;
const START = 1_800_000_000_000;

await withService(async ({ url, key, db }) => {
  const context = systemContext(db);
  const place = await makeSweep(db);
  const random = noise(3);
  const runsOf = async (points: number) => {
    const runIds: number[] = [];
    for (let i = 0; i < RUNS; i++) runIds.push(await fill(points));
    return runIds;
  };
  /** A run of which the last steps are still in the batches they came in. */
  const fill = async (points: number): Promise<number> => {
    const runId = await makeRun(db, place);
    let batch = 0;
    const log = (from: number, to: number) => {
      const steps = Array.from({ length: to - from }, (_, i) => from + i);
      const times = steps.map((step) => START + step * 1_000 + Math.floor(random() * 900));
      const epoch = { key: "epoch", values: steps.map((step) => step / 128) };
      const series = [...makeSeries(["loss", "accuracy"], steps.length, random), epoch];
      return logMetrics(context, { runId, metrics: { attempt: 1, batch: ++batch, steps, times, series } });
    };
    const merged = points - UNMERGED;
    for (let i = 0; i < 4; i++) await log(Math.round((merged * i) / 4), Math.round((merged * (i + 1)) / 4));
    await mergeHistory(db, context.log);
    const tail = (i: number) => merged + Math.round((UNMERGED * i) / TAILS);
    for (let i = 0; i < TAILS; i++) await log(tail(i), tail(i + 1));
    return runId;
  };

  const ten = await runsOf(10_000);
  const twelve = await runsOf(12_000);
  await db.sql`update runs set started_at = to_timestamp(${START / 1_000})`;
  await db.sql.unsafe("vacuum analyze");
  const [stored] =
    await db.sql`select (select count(*) from metric_values) as chunks, (select count(*) from metric_tails) as tails`;
  console.log(`${RUNS} runs x 2, ${stored?.chunks} merged columns, ${stored?.tails} unmerged batches`);

  const caller = openCaller(url, key);
  const time = async (name: string, runIds: readonly number[], args: string, fields: string) => {
    const query = `query Chart($runIds: [ID!]) { histories(runIds: $runIds, ${args}) { width ${fields} } }`;
    const body = JSON.stringify({ query, variables: { runIds: runIds.map(String) } });
    const took: number[] = [];
    let answer = "";
    for (let round = -3; round < ROUNDS; round++) {
      const start = performance.now();
      answer = await caller.post(body);
      if (round >= 0) took.push(performance.now() - start);
    }
    const { data, errors } = JSON.parse(answer) as Answer;
    if (errors) throw new Error(JSON.stringify(errors));
    const buckets = data.histories.series?.[0]?.buckets?.mean?.length;
    console.log(
      `${name}: p50 ${ms(median(took))}, p99 ${ms(quantile(took, 0.99))}, least ${ms(Math.min(...took))}, ${(answer.length / 1e6).toFixed(1)} MB${buckets ? `, ${buckets} buckets a line` : ""}`,
    );
    return median(took);
  };
  const asked = 'keys: ["loss"], samples: 1500';
  const band = "series { runId buckets { start mean min max } }";
  const all =
    "series { runId key total buckets { start first firstStep last lastStep min max mean count nonFinite } }";
  const goal = await time("10,000 points along steps, mean and band", ten, asked, band);
  await time("12,000 points along steps, mean and band", twelve, asked, band);
  await time("10,000 points along steps, every column", ten, asked, all);
  await time("10,000 points along time", ten, `${asked}, x: { axis: TIME }`, band);
  await time("10,000 points along time since the start", ten, `${asked}, x: { axis: RELATIVE_TIME }`, band);
  await time(
    "10,000 points along another metric",
    ten,
    `${asked}, x: { axis: METRIC, metric: "epoch" }`,
    band,
  );
  await time(
    "10,000 points as one line with a band over the runs",
    ten,
    asked,
    "bands { key start runs mean sd min max }",
  );
  await time(
    "1,500 steps of them, exact",
    ten,
    `${asked}, min: 5000, max: 6499`,
    "series { runId points { x values } }",
  );
  await caller.close();
  console.log(
    `history chart, ${RUNS} runs x 10,000 points: median ${ms(goal)} (goal 250 ms, ${(250 / goal).toFixed(2)}x)`,
  );
});

interface Answer {
  data: { histories: { series?: { buckets?: { mean?: unknown[] } }[] } };
  errors?: unknown;
}
