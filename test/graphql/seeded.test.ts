import { beforeAll, expect, test } from "vitest";
import { PLAIN_SOURCE, seedSweep, WIDE_SOURCE } from "../support/seed-sweep";
import { ask, sharedServer, type TestServer } from "../support/server";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

test("a seeded sweep reads like one that was run: counts, best, curves with a spike, tags, agents, verdicts", async () => {
  const seeded = await seedSweep(server.databaseUrl, {
    source: `${PLAIN_SOURCE}early_terminate: {type: hyperband, min_iter: 3}\n`,
    runs: 300,
    lacking: ["layers", "optimizer.name"],
    shares: { failed: 0.05, crashed: 0.02, killed: 0.02, pending: 0.02, running: 0.02 },
    histories: { runs: 3, points: 5_000, spike: { step: 4_321, value: -50 } },
  });
  const [first] = seeded.logged;
  const { sweep, run } = await ask<{
    sweep: {
      counts: Record<string, number>;
      bestRun: object;
      bestSoFar: unknown[];
      runs: { nodes: { params: string }[] };
      stopped: { totalCount: number; nodes: { earlyStop: object }[] };
    };
    run: {
      summary: { name: string; count: number; min: number }[];
      history: { series: { buckets: { min: (number | null)[] } | null }[] };
    };
  }>(
    server,
    `{
    sweep(id: "${seeded.path.replace("/sweeps", "").slice(1)}") {
      state counts { total pending running finished failed crashed killed } bestRun { id objective objectiveStep }
      bestSoFar { objective } agents { host } metricNames
      runs(first: 3, orderBy: {field: id, direction: asc}) { nodes { ordinal params tags agent { host } } }
      stopped: runs(first: 1, filter: {field: stateReason, op: eq, value: "early_stopped"}) { totalCount nodes { earlyStop { band threshold } } }
    }
    run(id: "${first}") { summary { name last min max count } history(keys: ["val/loss"], samples: 500) { series { buckets { min } } } }
  }`,
  );
  const { counts, bestRun, bestSoFar, runs, stopped } = sweep;
  expect(counts).toMatchObject({ total: 300, pending: 6, running: 6 });
  expect(counts.failed).toBeGreaterThan(3);
  expect(counts.finished).toBeGreaterThan(50);
  expect(bestRun).toEqual({ id: String(first), objective: -50, objectiveStep: 4_321 });
  expect(bestSoFar.length).toBeGreaterThan(0);
  expect(runs.nodes[0]).toMatchObject({
    ordinal: 1,
    tags: ["baseline", "checked"],
    agent: { host: "gpu-box-1" },
  });
  expect(runs.nodes[2]?.params).not.toContain("layers");
  expect(runs.nodes[2]?.params).toContain("momentum");
  expect(stopped.totalCount).toBeGreaterThan(30);
  expect(stopped.nodes[0]?.earlyStop).toMatchObject({
    band: expect.any(Number),
    threshold: expect.any(Number),
  });
  const { summary, history } = run;
  expect(summary.find(({ name }) => name === "val/loss")).toMatchObject({ count: 5_000, min: -50 });
  expect(history.series[0]?.buckets?.min).toContain(-50);
});

test("the same seed gives the same ten thousand runs, in a few seconds", async () => {
  const began = Date.now();
  const one = await seedSweep(server.databaseUrl, { source: WIDE_SOURCE, runs: 10_000 });
  expect(Date.now() - began).toBeLessThan(30_000);
  const other = await seedSweep(server.databaseUrl, {
    source: WIDE_SOURCE,
    runs: 20,
    id: "another1",
    project: "other",
  });
  const read = (id: string) => server.db.sql`
    select params::text, objective, state, started_at - created_at as waited from runs where sweep_id = ${id} order by id limit 20`;
  const [rows, again] = await Promise.all([read(one.id), read(other.id)]);
  expect(again.map(({ params }) => params)).toEqual(rows.map(({ params }) => params));
  expect(rows[0]?.params).toMatch(/resnet-large|plain/);
});
