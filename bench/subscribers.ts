/**
 * 500 subscribers of one sweep on one server, each on a socket of its own, while 32 runs log 2,000 points a second:
 * what the server's processor and memory cost, and how late the points come. The load generator shares the two cores,
 * so one subscriber in 25 reads its messages for the times (the point's value is the moment it was sent); the others
 * count what arrives.
 */
import WebSocket from "ws";
import { openClient } from "@/client/client";
import { ClaimRun, LogMetrics, RegisterAgent } from "@/graphql/operations";
import { ms, quantile, withService } from "./support/stage";

const SUBSCRIBERS = 500;
const READERS_EVERY = 25;
const RUNS = 32;
const POINTS_PER_SECOND = 2_000;
const SECONDS = 15;
const KEYS = ["loss", "accuracy", "val/loss", "val/accuracy"];
/** Each run sends one step of four metrics a batch: the shape of a training program that logs step by step. */
const EVERY_MS = (1_000 * RUNS * KEYS.length) / POINTS_PER_SECOND;

interface Update {
  type: string;
  payload?: { data: { metricsLogged: { series: { steps: number[]; values: number[] }[] } } };
}

await withService(async ({ url, key }) => {
  const client = openClient({ url, key });
  const sweepId = await createSweep(url, key);
  const { agent } = await client.mutate(RegisterAgent, { input: { sweepId, host: "bench" } });
  const { claims } = await client.mutate(ClaimRun, {
    input: { sweepId, agentId: agent?.id ?? "", count: RUNS },
  });
  const quiet = await readMetrics(url, key);

  const delays: number[] = [];
  let measuring = false;
  let updates = 0;
  let bytes = 0;
  let points = 0;
  const query = `subscription { metricsLogged(scope: {sweepId: "${sweepId}"}) { cursor reset series { runId key steps values } } }`;
  const sockets = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, (_, i) => {
      const reads = i % READERS_EVERY === 0;
      return subscribe(url, key, query, (data) => {
        if (!measuring) return;
        updates++;
        bytes += data.length;
        if (!reads) return;
        const now = performance.now();
        const { payload } = JSON.parse(data.toString("utf8")) as Update;
        for (const { values } of payload?.data.metricsLogged.series ?? []) {
          points += values.length;
          for (const sentAt of values) delays.push(now - sentAt);
        }
      });
    }),
  );
  const idle = await readMetrics(url, key);
  measuring = true;
  const startedAt = performance.now();
  const end = startedAt + SECONDS * 1_000;
  let sent = 0;
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
  const seconds = (performance.now() - startedAt) / 1_000;
  const busy = await readMetrics(url, key);
  await new Promise((resolve) => setTimeout(resolve, 1_500));

  const readers = Math.ceil(SUBSCRIBERS / READERS_EVERY);
  const of = (value: number) => Math.round(value).toLocaleString("en");
  console.log(
    `${of(sent / seconds)} points/s, ${SUBSCRIBERS} subscribers: ${of(updates / seconds)} updates/s, ${(bytes / seconds / 1e6).toFixed(1)} MB/s`,
  );
  console.log(`readers got ${of(points)} of ${of(sent * readers)} points`);
  console.log(
    `log to subscriber: p50 ${ms(quantile(delays, 0.5))}, p95 ${ms(quantile(delays, 0.95))}, p99 ${ms(quantile(delays, 0.99))}`,
  );
  console.log(
    `server: ${(((busy.cpu - idle.cpu) / seconds) * 100).toFixed(0)} % of a core, ${mb(busy.memory)} (${mb(quiet.memory)} before anybody subscribed, ${mb(idle.memory)} with all subscribed)`,
  );
  for (const socket of sockets) socket.terminate();
  await client.close();
});

/** @returns the socket, once its first update has come */
function subscribe(
  url: string,
  key: string,
  query: string,
  onUpdate: (data: Buffer) => void,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
      perMessageDeflate: false,
      headers: { authorization: `Bearer ${key}` },
    });
    socket.on("open", () => socket.send('{"type":"connection_init"}'));
    socket.on("error", reject);
    let acknowledged = false;
    let first = true;
    socket.on("message", (data: Buffer) => {
      if (!acknowledged) {
        acknowledged = true;
        socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
      } else if (first) {
        first = false;
        resolve(socket);
      } else onUpdate(data);
    });
  });
}

/** Seconds of processor and bytes of memory, as the server counts them. */
async function readMetrics(url: string, key: string): Promise<{ cpu: number; memory: number }> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  const text = await response.text();
  const value = (name: string) => Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1]);
  return { cpu: value("process_cpu_seconds_total"), memory: value("process_resident_memory_bytes") };
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

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
