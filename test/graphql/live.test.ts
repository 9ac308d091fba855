import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { FinishRun, LogMetrics, PauseSweep } from "@/graphql/operations";
import { ask, openSocket, sharedServer, subscribe, type TestServer, withServer } from "../support/server";
import { cookieOf, openLink } from "../support/sign-in";
import { claim, createSweep, gridOf, registerAgent, withRuns } from "../support/sweeps";

const started = sharedServer();

interface RunsChanged {
  runsChanged: { cursor: string; runs: { id: string; state: string }[]; removed: string[] };
}
interface MetricsLogged {
  metricsLogged: {
    cursor: string;
    reset: boolean;
    series: { runId: string; attempt: number; key: string; steps: number[]; values: unknown[] }[];
  };
}
const RUNS = `subscription($id: ID!, $cursor: String) {
  runsChanged(sweepId: $id, cursor: $cursor) { cursor runs { id state } removed } }`;
const METRICS = `subscription($id: ID, $runs: [ID!], $keys: [String!], $cursor: String) {
  metricsLogged(scope: {sweepId: $id, runIds: $runs}, keys: $keys, cursor: $cursor) {
    cursor reset series { runId attempt key steps values } } }`;

const log = (server: TestServer, runId: string, batch: number, steps: number[], key = "loss", attempt = 1) =>
  ask(server, LogMetrics, {
    input: {
      runId,
      batch: {
        attempt,
        batch,
        steps,
        times: steps.map(() => 1),
        series: [{ key, values: steps.map((step) => step / 2) }],
      },
    },
  });

describe("sweepChanged", () => {
  test("brings the sweep at once, then whenever it changes", async () => {
    const server = started();
    const sweepId = await createSweep(server);
    const client = openSocket(server);
    const sweep = subscribe<{ sweepChanged: { state: string; counts: { running: number } } }>(
      client,
      `subscription { sweepChanged(sweepId: "${sweepId}") { state counts { running } } }`,
    );
    expect((await sweep.next()).sweepChanged.state).toBe("pending");
    await ask(server, PauseSweep, { input: { sweepId } });
    await sweep.until(({ sweepChanged }) => sweepChanged.state === "paused");
    sweep.end();
    await client.dispose();
  });

  test("an unknown sweep, and one of somebody else, end the subscription with NOT_FOUND", async () => {
    const server = started();
    const client = openSocket(server);
    const sweep = subscribe(client, 'subscription { sweepChanged(sweepId: "aaaaaaaa") { id } }');
    await expect(sweep.next()).rejects.toThrow("NOT_FOUND");
    await client.dispose();
  });
});

describe("runsChanged", () => {
  test("brings runs as they are claimed, finished and deleted", async () => {
    const server = started();
    const sweepId = await createSweep(server, gridOf(3));
    const client = openSocket(server);
    const runs = subscribe<RunsChanged>(client, RUNS, { id: sweepId });
    expect((await runs.next()).runsChanged).toMatchObject({ runs: [], removed: [] });
    const [held] = await claim(server, sweepId, await registerAgent(server, sweepId), 1);
    const runId = held?.runId ?? "";
    await runs.until(({ runsChanged }) =>
      runsChanged.runs.some(({ id, state }) => id === runId && state === "running"),
    );
    await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished" } });
    await runs.until(({ runsChanged }) =>
      runsChanged.runs.some(({ id, state }) => id === runId && state === "finished"),
    );
    await ask(server, `mutation { deleteRun(input: {runId: "${runId}"}) { error { code } } }`);
    await runs.until(({ runsChanged }) => runsChanged.removed.includes(runId));
    await client.dispose();
  });

  test("a cursor brings what was missed in between, in pieces when it is much", async () => {
    const server = started();
    const sweepId = await createSweep(server, gridOf(1_200));
    const agentId = await registerAgent(server, sweepId);
    const client = openSocket(server);
    const before = subscribe<RunsChanged>(client, RUNS, { id: sweepId });
    const { cursor } = (await before.next()).runsChanged;
    before.end();
    const claims = [
      ...(await claim(server, sweepId, agentId, 600)),
      ...(await claim(server, sweepId, agentId, 600)),
    ];
    const after = subscribe<RunsChanged>(client, RUNS, { id: sweepId, cursor });
    const got = new Set<string>();
    const updates = await after.until(({ runsChanged }) => {
      for (const { id } of runsChanged.runs) got.add(id);
      return got.size === claims.length;
    });
    expect(updates.length).toBeGreaterThan(1);
    // Until the last piece has come, a reconnect would start from the same place again.
    expect(updates[0]?.runsChanged.cursor).toBe(cursor);
    expect(updates.at(-1)?.runsChanged.cursor).not.toBe(cursor);
    await client.dispose();
  });

  test("a cursor that is none is refused", async () => {
    const server = started();
    const sweepId = await createSweep(server);
    const client = openSocket(server);
    await expect(subscribe(client, RUNS, { id: sweepId, cursor: "yesterday" }).next()).rejects.toThrow(
      "BAD_INPUT",
    );
    await client.dispose();
  });
});

describe("metricsLogged", () => {
  test("brings points of a sweep, of some runs, of some metrics", async () => {
    const server = started();
    const { sweepId, claims } = await withRuns(server, 2);
    const [a, b] = claims.map(({ runId }) => runId);
    if (a === undefined || b === undefined) throw new Error("two runs expected");
    const client = openSocket(server);
    const ofSweep = subscribe<MetricsLogged>(client, METRICS, { id: sweepId });
    const ofRun = subscribe<MetricsLogged>(client, METRICS, { runs: [b] });
    const ofKey = subscribe<MetricsLogged>(client, METRICS, { id: sweepId, keys: ["acc"] });
    await Promise.all([ofSweep.next(), ofRun.next(), ofKey.next()]);
    await log(server, a, 1, [0, 1]);
    await log(server, b, 1, [0, 1], "acc");
    const seen = new Set<string>();
    await ofSweep.until(({ metricsLogged }) => {
      for (const { runId, key } of metricsLogged.series) seen.add(`${runId}/${key}`);
      return seen.size === 2;
    });
    const point = { runId: b, attempt: 1, key: "acc", steps: [0, 1], values: [0, 0.5] };
    expect((await ofRun.next()).metricsLogged.series).toEqual([point]);
    expect((await ofKey.next()).metricsLogged.series).toEqual([point]);
    await client.dispose();
  });

  test("points that were merged into chunks while nobody looked are found with the cursor", async () => {
    const server = started();
    const { sweepId, claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    const client = openSocket(server);
    const before = subscribe<MetricsLogged>(client, METRICS, { id: sweepId });
    await before.next();
    await log(server, runId, 1, [0, 1]);
    const { cursor } = (await before.next()).metricsLogged;
    before.end();
    await log(server, runId, 2, [2, 3]);
    await log(server, runId, 3, [3], "acc");
    await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished" } });
    // An attempt that has ended is merged in the background.
    while ((await server.db.sql`select from metric_tails where run_id = ${runId}`).length > 0)
      await sleep(20);
    const after = subscribe<MetricsLogged>(client, METRICS, { id: sweepId, cursor });
    const { series } = (await after.next()).metricsLogged;
    const points = new Map(
      series.flatMap(({ key, steps, values }) => steps.map((step, i) => [`${key} ${step}`, values[i]])),
    );
    // A chunk may bring points that came before; never another value, and none is missing.
    expect(Object.fromEntries(points)).toMatchObject({ "loss 2": 1, "loss 3": 1.5, "acc 3": 1.5 });
    for (const [point, value] of points) expect(value, point).toBe(Number(point.split(" ")[1]) / 2);
    await client.dispose();
  });

  test("asks for either a sweep or runs", async () => {
    const client = openSocket(started());
    await expect(subscribe(client, METRICS, {}).next()).rejects.toThrow("BAD_INPUT");
    await expect(subscribe(client, METRICS, { runs: ["999999"] }).next()).rejects.toThrow("NOT_FOUND");
    await client.dispose();
  });

  test("more than is worth sending after a long absence is a reset", async () => {
    const server = started();
    const { claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    const client = openSocket(server);
    const before = subscribe<MetricsLogged>(client, METRICS, { runs: [runId] });
    const { cursor } = (await before.next()).metricsLogged;
    before.end();
    const steps = Array.from({ length: 100_000 }, (_, i) => i);
    const series = Array.from({ length: 8 }, (_, k) => ({
      key: `m${k}`,
      values: steps.map((step) => Math.sin(step * (k + 1))),
    }));
    for (const [i, half] of [series.slice(0, 4), series.slice(4)].entries()) {
      const batch = {
        attempt: 1,
        batch: i + 1,
        steps: steps.map((step) => step + i * 100_000),
        times: steps,
        series: half,
      };
      const { logMetrics } = await ask(server, LogMetrics, { input: { runId, batch } });
      expect(logMetrics.error).toBeNull();
    }
    const after = subscribe<MetricsLogged>(client, METRICS, { runs: [runId], cursor });
    const first = (await after.next()).metricsLogged;
    expect(first).toMatchObject({ reset: true, series: [] });
    await log(server, runId, 3, [300_000]);
    expect((await after.next()).metricsLogged).toMatchObject({
      reset: false,
      series: [{ steps: [300_000] }],
    });
    await client.dispose();
  });
});

describe("sockets", () => {
  test("without a key, with a wrong one, or with a foreign page's cookie are closed", async () => {
    const server = started();
    const close = (connectionParams: Record<string, unknown>, headers: Record<string, string> = {}) =>
      new Promise<number>((resolve) => {
        class Socket extends WebSocket {
          constructor(url: string, protocol: string) {
            super(url, protocol, { headers });
          }
        }
        const client = createClient({
          url: `${server.url.replace("http", "ws")}/graphql`,
          webSocketImpl: Socket,
          connectionParams,
          retryAttempts: 0,
          on: { closed: (event) => resolve((event as { code: number }).code) },
        });
        client.subscribe(
          { query: "{ viewer { name } }" },
          { next: () => resolve(0), error: () => {}, complete: () => {} },
        );
      });
    const { createLoginLink } = await ask<{ createLoginLink: { url: string } }>(
      server,
      "mutation { createLoginLink(input: {}) { url } }",
    );
    const cookie = cookieOf(await openLink(createLoginLink.url));
    expect({
      nothing: await close({}),
      wrong: await close({ authorization: "Bearer besom-no" }),
      foreign: await close({}, { cookie, origin: "https://evil.example" }),
      own: await close({}, { cookie, origin: server.url }),
      key: await close({ authorization: `Bearer ${server.key}` }),
    }).toEqual({ nothing: 4401, wrong: 4401, foreign: 4401, own: 0, key: 0 });
  });

  test("are closed when their key is revoked", async () => {
    const server = started();
    const { createApiKey } = await ask<{ createApiKey: { key: string; keyId: string } }>(
      server,
      'mutation { createApiKey(input: {name: "short"}) { key keyId } }',
    );
    const sweepId = await createSweep(server);
    const client = openSocket({ url: server.url, key: createApiKey.key });
    const closed = new Promise<number>((resolve) =>
      client.on("closed", (event) => resolve((event as { code: number }).code)),
    );
    const runs = subscribe<RunsChanged>(client, RUNS, { id: sweepId });
    await runs.next();
    const ended = runs.next().catch(() => "ended");
    await ask(
      server,
      `mutation { revokeApiKey(input: {keyId: "${createApiKey.keyId}"}) { error { code } } }`,
    );
    expect(await closed).toBe(4401);
    expect(await ended).toBe("ended");
    await client.dispose();
  }, 15_000);

  test("hostile documents and unknown fields are refused on them too", async () => {
    const client = openSocket(started());
    const next = (query: string) => subscribe(client, query).next();
    await expect(next("{ viewer { nickname } }")).rejects.toThrow();
    await expect(
      next(`{ viewer { ${Array.from({ length: 100 }, (_, i) => `a${i}: name`).join(" ")} } }`),
    ).rejects.toThrow();
    await client.dispose();
  });

  test("a subscriber that stops reading costs little and misses nothing once it reads on", async () => {
    const server = started();
    const { sweepId, claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const points = new Set<number>();
    const send = (message: object) => socket.send(JSON.stringify(message));
    let first: (() => void) | undefined;
    const subscribed = new Promise<void>((resolve) => {
      first = resolve;
    });
    const complete = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as { type: string; payload?: { data: MetricsLogged } };
        if (message.type === "connection_ack")
          send({ id: "1", type: "subscribe", payload: { query: METRICS, variables: { id: sweepId } } });
        if (message.type !== "next") return;
        first?.();
        for (const { steps } of message.payload?.data.metricsLogged.series ?? [])
          for (const step of steps) points.add(step);
        if (points.size === 40 * 5_000) resolve();
      });
    });
    socket.on("open", () =>
      send({ type: "connection_init", payload: { authorization: `Bearer ${server.key}` } }),
    );
    await subscribed;
    socket.pause();
    for (let batch = 1; batch <= 40; batch++) {
      await log(
        server,
        runId,
        batch,
        Array.from({ length: 5_000 }, (_, i) => (batch - 1) * 5_000 + i),
      );
    }
    socket.resume();
    await complete;
    socket.terminate();
  });
});

test("a database that was away is come back to: live updates go on by themselves", async () => {
  await withServer(async (server) => {
    const { sweepId, claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    const client = openSocket(server);
    const metrics = subscribe<MetricsLogged>(client, METRICS, { id: sweepId });
    await metrics.next();
    // Every connection is cut, the listening one too.
    await server.db.sql`
      select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    let batch = 1;
    const logged = log(server, runId, batch++, [0]);
    await logged;
    const { metricsLogged } =
      (await metrics.until((data) => data.metricsLogged.series.length > 0)).at(-1) ?? {};
    expect(metricsLogged?.series[0]).toMatchObject({ steps: [0] });
    await client.dispose();
    server.errors.length = 0;
  });
});
