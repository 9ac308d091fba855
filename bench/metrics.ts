/**
 * Metric points a second through GraphQL over HTTP: 32 runs, batches of 100 steps x 4 metrics. Goal: 200,000/s on
 * 2 cores with the load generator on the same machine. WAL bytes a point beside it.
 */
import { LogMetrics, textOf } from "@/graphql/operations";
import { loop, openCaller } from "./support/caller";
import { median, ms, perSecond, quantile, withService } from "./support/stage";

const RUNS = 32;
const STEPS = 100;
const KEYS = ["loss", "accuracy", "val/loss", "val/accuracy"];
const ROUNDS = 3;
const query = textOf(LogMetrics);

await withService(async ({ url, key, db }) => {
  const rates: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const runs = await Promise.all(Array.from({ length: RUNS }, () => createRun(url, key)));
    const callers = runs.map((run) => openCaller(url, run.apiKey));
    const sent = runs.map(() => 0);
    // Noisy float64 values, written out once: the generator must not spend the server's cores on making them.
    const series = JSON.stringify(
      KEYS.map((name) => ({ key: name, values: Array.from({ length: STEPS }, () => Math.random()) })),
    );
    const quoted = JSON.stringify(query);
    const walBefore = await wal();
    const { latencies, perSecond: rate } = await loop(callers, 5, async (caller, i) => {
      const batch = (sent[i] ?? 0) + 1;
      sent[i] = batch;
      const first = (batch - 1) * STEPS;
      const steps = Array.from({ length: STEPS }, (_, step) => first + step);
      const times = steps.map((step) => 1_800_000_000_000 + step * 37);
      const text = await caller.post(
        `{"query":${quoted},"variables":{"input":{"runId":"${runs[i]?.runId}","batch":{"attempt":1,"batch":${batch},"steps":[${steps}],"times":[${times}],"series":${series}}}}}`,
      );
      if (!text.includes('"error":null')) throw new Error(text.slice(0, 300));
    });
    await Promise.all(callers.map((caller) => caller.close()));
    const batches = sent.reduce((sum, count) => sum + count, 0);
    const [row] = await db.sql<{ points: number }[]>`
      select sum(count)::bigint as points from metric_summaries where run_id = any(${runs.map((run) => Number(run.runId))}::bigint[])`;
    const points = batches * STEPS * KEYS.length;
    if (row?.points !== points)
      throw new Error(`${points} points were acknowledged, ${row?.points} are counted`);
    const walBytes = (await wal()) - walBefore;
    rates.push(rate * STEPS * KEYS.length);
    console.log(
      `round ${round}: ${perSecond(rate * STEPS * KEYS.length)} points (${perSecond(rate)} batches), p50 ${ms(median(latencies))}, p99 ${ms(quantile(latencies, 0.99))}, ${(walBytes / points).toFixed(1)} WAL bytes a point`,
    );
  }
  console.log(
    `points, ${RUNS} runs: median ${perSecond(median(rates))} (goal 200,000/s, ${(median(rates) / 200_000).toFixed(2)}x)`,
  );

  async function wal(): Promise<number> {
    const [row] = await db.sql<
      { bytes: number }[]
    >`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as bytes`;
    return row?.bytes ?? 0;
  }
});

async function createRun(url: string, key: string): Promise<{ runId: string; apiKey: string }> {
  const caller = openCaller(url, key);
  const text = await caller.post(
    JSON.stringify({
      query:
        "mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } apiKey error { code message } } }",
      variables: { input: { project: "bench" } },
    }),
  );
  await caller.close();
  const { run, apiKey, error } = (
    JSON.parse(text) as {
      data: { createRun: { run: { id: string } | null; apiKey: string; error: unknown } };
    }
  ).data.createRun;
  if (run === null) throw new Error(JSON.stringify(error));
  return { runId: run.id, apiKey };
}
