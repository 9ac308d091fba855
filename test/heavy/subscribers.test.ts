import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { LogMetrics } from "@/graphql/operations";
import { createDatabase } from "../support/database";
import { ask } from "../support/server";
import { type ServerProcess, startServerProcess } from "../support/server-process";
import { withRuns } from "../support/sweeps";

const SUBSCRIBERS = 500;
const RUNS = 16;
const BATCHES = 60;
const KEYS = ["loss", "acc"];
const QUERY = `subscription($id: ID!, $cursor: String) { metricsLogged(scope: {sweepId: $id}, cursor: $cursor) {
  cursor reset series { runId key steps values } } }`;

interface Change {
  cursor: string;
  reset: boolean;
  series: { runId: string; key: string; steps: number[]; values: number[] }[];
}

/** A subscriber on a socket of its own, which can be told not to read. */
class Reader {
  readonly socket: WebSocket;
  readonly points = new Map<string, number>();
  readonly first: Promise<void>;
  readonly closed: Promise<number>;
  cursor: string | undefined;
  resets = 0;
  onChange = (_change: Change): void => {};

  constructor({ url, key }: { url: string; key: string }, id: string) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
    });
    this.socket.on("open", () => this.socket.send('{"type":"connection_init"}'));
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.on("error", () => {});
    this.first = new Promise((resolve) => {
      this.socket.on("message", (data) => {
        const { type, payload } = JSON.parse(String(data)) as { type: string; payload: { data: Message } };
        if (type === "connection_ack") {
          const subscribe = { query: QUERY, variables: { id } };
          this.socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: subscribe }));
        }
        if (type !== "next") return;
        this.#take(payload.data.metricsLogged);
        resolve();
      });
    });
  }

  #take(change: Change): void {
    this.cursor = change.cursor;
    if (change.reset) this.resets++;
    for (const { runId, key, steps } of change.series) {
      for (const step of steps) {
        const point = `${runId}/${key}/${step}`;
        this.points.set(point, (this.points.get(point) ?? 0) + 1);
      }
    }
    this.onChange(change);
  }
}
interface Message {
  metricsLogged: Change;
}

async function withProcess(body: (server: { url: string; key: string }) => Promise<void>): Promise<void> {
  const database = await createDatabase();
  let server: ServerProcess | undefined;
  try {
    server = await startServerProcess({ env: { DATABASE_URL: database.url } });
    const { readFileSync } = await import("node:fs");
    const { key } = JSON.parse(readFileSync(`${server.dataDir}/credentials.json`, "utf8")) as { key: string };
    await body({ url: server.url, key });
  } finally {
    await server?.stop();
    await database.drop();
  }
}

const log = async (
  server: { url: string; key: string },
  runId: string,
  batch: number,
  steps: readonly number[],
) => {
  const series = KEYS.map((key, k) => ({ key, values: steps.map((step) => Math.sin(step + k)) }));
  const { logMetrics } = await ask(server, LogMetrics, {
    input: { runId, batch: { attempt: 1, batch, steps: [...steps], times: steps.map(() => 1), series } },
  });
  expect(logMetrics.error).toBeNull();
};

async function memoryOf({ url, key }: { url: string; key: string }): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(await response.text())?.[1]);
}

test("500 subscribers of one server get every point of a stream once, whatever is merged meanwhile", async () => {
  await withProcess(async (server) => {
    const { sweepId, claims } = await withRuns(server, RUNS);
    const readers: Reader[] = [];
    for (let i = 0; i < SUBSCRIBERS; i++) readers.push(new Reader(server, sweepId));
    await Promise.all(readers.map((reader) => reader.first));
    const total = RUNS * BATCHES * KEYS.length;
    const complete = readers.map(
      (reader) =>
        new Promise<void>((resolve) => {
          reader.onChange = () => {
            if (reader.points.size === total) resolve();
          };
        }),
    );
    await Promise.all(
      claims.map(async ({ runId }) => {
        for (let batch = 1; batch <= BATCHES; batch++) await log(server, runId, batch, [batch]);
        // An attempt that has ended is merged in the background, while the last points are on their way.
        await ask(
          server,
          `mutation { finishRun(input: {runId: "${runId}", attempt: 1, state: finished}) { error { code } } }`,
        );
      }),
    );
    await Promise.all(complete);
    await sleep(1_500); // what comes twice comes with the merges, a second later
    for (const reader of readers) {
      expect(reader.points.size).toBe(total);
      expect([...reader.points.values()].filter((times) => times > 1)).toEqual([]);
      expect(reader.resets).toBe(0);
      reader.socket.terminate();
    }
  });
});

test("subscribers that stop reading cost bounded memory, and catch up or start anew when they read on", async () => {
  await withProcess(async (server) => {
    const { sweepId, claims } = await withRuns(server, 4);
    const stopped = Array.from({ length: 20 }, () => new Reader(server, sweepId));
    const reading = new Reader(server, sweepId);
    await Promise.all([...stopped, reading].map((reader) => reader.first));
    const before = await memoryOf(server);
    for (const { socket } of stopped) socket.pause();

    // 1.6 million points: 30 MB of messages for each of them, did the server not stop.
    const steps = 5_000;
    let most = before;
    for (let batch = 1; batch <= 40; batch++) {
      const from = (batch - 1) * steps;
      await Promise.all(
        claims.map(({ runId }) =>
          log(
            server,
            runId,
            batch,
            Array.from({ length: steps }, (_, i) => from + i),
          ),
        ),
      );
      most = Math.max(most, await memoryOf(server));
    }
    const total = claims.length * KEYS.length * 40 * steps;
    console.log(
      `server: ${Math.round(before / 1e6)} MB before, at most ${Math.round(most / 1e6)} MB while 20 sockets did not read ${total} points`,
    );
    expect(most - before).toBeLessThan(300e6);
    while (reading.points.size < total && reading.resets === 0) await sleep(50);

    const caughtUp = stopped.map(
      (reader) =>
        new Promise<void>((resolve) => {
          reader.onChange = ({ reset, series }) => {
            if (reset || series.some(({ steps }) => steps.at(-1) === 40 * 5_000 - 1)) resolve();
          };
        }),
    );
    for (const { socket } of stopped) socket.resume();
    await Promise.all(caughtUp);
    for (const { socket } of [...stopped, reading]) socket.terminate();
  });
});

test("a subscriber that reads nothing for a minute is closed with a code that says to resume", async () => {
  await withProcess(async (server) => {
    const { sweepId, claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    const reader = new Reader(server, sweepId);
    await reader.first;
    await log(server, runId, 1, [1]);
    while (reader.points.size < KEYS.length) await sleep(10);
    reader.socket.pause();
    for (let second = 0; second < 72; second++) {
      await log(server, runId, second + 2, [second + 2]);
      await sleep(1_000);
    }
    reader.socket.resume();
    expect(await reader.closed).toBe(4413);
  });
});
