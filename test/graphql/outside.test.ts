import { beforeAll, expect, test } from "vitest";
import { FinishRun, LogMetrics } from "@/graphql/operations";
import { ReadImportance } from "@/graphql/operations/importance";
import { SweepColumns, SweepPage } from "@/graphql/operations/pages";
import { ask, sharedServer, type TestServer } from "../support/server";
import { claim, createSweep, registerAgent } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

test("a sweep whose space only its scheduler knows is looked at like any other", async () => {
  const id = await createSweep(
    server,
    "method: custom\nprogram: t.py\nmetric: {name: loss, goal: minimize}\nscheduler: {engine: optuna, source: a.py, search_space: f}\n",
  );
  const agentId = await registerAgent(server, id);
  for (let i = 0; i < 12; i++) {
    const params = JSON.stringify({ lr: i / 12, kind: i % 2 ? "a" : "b" });
    const { enqueueRun } = await ask<{ enqueueRun: { run: { id: string } } }>(
      server,
      "mutation ($input: EnqueueRunInput!) { enqueueRun(input: $input) { run { id } } }",
      { input: { sweepId: id, params } },
    );
    const [held] = await claim(server, id, agentId);
    expect(held).toMatchObject({ runId: enqueueRun.run.id, attempt: 1 });
    const runId = enqueueRun.run.id;
    const series = [{ key: "loss", values: [i] }];
    await ask(server, LogMetrics, {
      input: { runId, batch: { attempt: 1, batch: 1, steps: [0], times: [0], series } },
    });
    await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished" } });
  }
  const { sweep } = await ask(server, SweepPage, { id, first: 50 });
  expect(sweep).toMatchObject({ method: "custom", size: null, exhausted: false, counts: { finished: 12 } });
  expect(sweep?.bestRun?.params).toContain('"lr": 0');
  expect(sweep?.runs.nodes[0]?.displayName).toBe(`${id}-12`);
  const columns = await ask(server, SweepColumns, { id, after: null, metrics: [], lines: true });
  expect(columns.sweep?.runColumns).toMatchObject({ count: 12 });
  // What varies is in no file: there is nothing to ask about.
  const nobodys = { metric: null, stat: null, quantile: null, unfinished: null, filter: null, scope: null };
  for (const method of ["forest", "gp"] as const) {
    const asked = await ask(server, ReadImportance, { id, method, ...nobodys });
    expect(asked.sweep?.importance).toMatchObject({ runs: 12, parameters: [], warnings: ["NOTHING_VARIES"] });
  }
});
