/**
 * From a program's log to a subscriber's screen: 2,000 points a second over 32 runs of one sweep, 20 subscribers on
 * sockets. Goal: p50 50 ms, p95 150 ms. Times are taken on one clock: the point's value is the moment it was sent.
 */
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { openClient } from "@/client/client";
import { ClaimRun, LogMetrics, RegisterAgent } from "@/graphql/operations";
import { ms, quantile, withService } from "./support/stage";

const SUBSCRIBERS = 20;
const RUNS = 32;
const POINTS_PER_SECOND = 2_000;
const SECONDS = 10;
const KEYS = ["loss", "accuracy", "val/loss", "val/accuracy"];
/** Each run sends one step of four metrics a batch: the shape of a training program that logs step by step. */
const EVERY_MS = (1_000 * RUNS * KEYS.length) / POINTS_PER_SECOND;

await withService(async ({ url, key }) => {
  const client = openClient({ url, key });
  const sweepId = await createSweep(url, key);
  const { agent } = await client.mutate(RegisterAgent, { input: { sweepId, host: "bench" } });
  const { claims } = await client.mutate(ClaimRun, {
    input: { sweepId, agentId: agent?.id ?? "", count: RUNS },
  });

  const delays: number[] = [];
  let measuring = false;
  const sockets = Array.from({ length: SUBSCRIBERS }, () =>
    createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
    }),
  );
  for (const socket of sockets) {
    const seen = new Map<string, number>();
    socket.subscribe<{
      metricsLogged: { series: { runId: string; key: string; steps: number[]; values: number[] }[] };
    }>(
      {
        query: `subscription { metricsLogged(scope: {sweepId: "${sweepId}"}) { cursor series { runId key steps values } } }`,
      },
      {
        next: ({ data, errors }) => {
          if (errors) throw new Error(JSON.stringify(errors));
          const now = performance.now();
          for (const { runId, key, steps, values } of data?.metricsLogged.series ?? []) {
            const line = `${runId} ${key}`;
            const last = seen.get(line) ?? -1;
            for (const [i, step] of steps.entries())
              if (measuring && step > last) delays.push(now - (values[i] ?? now));
            seen.set(line, Math.max(last, steps.at(-1) ?? last));
          }
        },
        error: (error) => {
          throw error;
        },
        complete: () => {},
      },
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  measuring = true;
  let sent = 0;
  const end = performance.now() + SECONDS * 1_000;
  await Promise.all(
    claims.map(async ({ runId, attempt, apiKey }, i) => {
      const run = openClient({ url, key: apiKey });
      let next = performance.now() + (i * EVERY_MS) / RUNS;
      for (let batch = 1; performance.now() < end; batch++) {
        const waitMs = next - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        next += EVERY_MS;
        const values = [performance.now()];
        const series = KEYS.map((name) => ({ key: name, values }));
        await run.mutate(LogMetrics, {
          input: { runId, batch: { attempt, batch, steps: [batch], times: [Date.now()], series } },
        });
        sent += KEYS.length;
      }
      await run.close();
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  console.log(
    `${Math.round(sent / SECONDS).toLocaleString("en")} points/s, ${SUBSCRIBERS} subscribers, ${delays.length} deliveries of ${sent * SUBSCRIBERS}`,
  );
  console.log(
    `log to subscriber: p50 ${ms(quantile(delays, 0.5))} (goal 50 ms), p95 ${ms(quantile(delays, 0.95))} (goal 150 ms)`,
  );
  for (const socket of sockets) await socket.dispose();
  await client.close();
});

async function createSweep(url: string, key: string): Promise<string> {
  const source = `method: grid\nprogram: train.py\nparameters:\n  a: { values: [${Array.from({ length: RUNS }, (_, i) => i)}] }\n`;
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({
      query: "mutation ($input: CreateSweepInput!) { createSweep(input: $input) { sweep { id } } }",
      variables: { input: { source, project: "bench" } },
    }),
  });
  return ((await response.json()) as { data: { createSweep: { sweep: { id: string } } } }).data.createSweep
    .sweep.id;
}
