import { beforeAll, expect, test } from "vitest";
import { FinishRun, LogMetrics } from "@/graphql/operations";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const SOURCE = `
name: allowed
method: grid
metric: {name: loss}
constraints: [latency_ms <= 20]
program: train.py
parameters: {width: {values: [1, 2, 3]}}
`;

test("a run tells whether it kept to the constraints on metrics, its sweep that there are some, and the best run is one of those", async () => {
  const { sweepId, claims } = await withRuns(server, 3, SOURCE);
  const train = async (place: number, loss: number, latency: number) => {
    const { runId = "", attempt = 0 } = claims[place] ?? {};
    const series = Object.entries({ loss, latency_ms: latency }).map(([key, value]) => ({
      key,
      values: [value],
    }));
    await ask(server, LogMetrics, {
      input: { runId, batch: { attempt, batch: 1, steps: [0], times: [0], series } },
    });
    await ask(server, FinishRun, { input: { runId, attempt, state: "finished" } });
  };
  const query = `query($id: ID!) { sweep(id: $id) {
    constrained bestRun { id } bestSoFar { runId ordinal } runs { nodes { id feasible } } } }`;
  const look = async () => (await send(server, query, { id: sweepId })).data?.sweep;
  const ids = claims.map(({ runId }) => runId);
  const nodes = (...feasible: (boolean | null)[]) => ids.map((id, i) => ({ id, feasible: feasible[i] }));
  await train(0, 0.1, 500);
  expect(await look()).toEqual({
    constrained: true,
    bestRun: null,
    bestSoFar: [],
    runs: { nodes: nodes(false, null, null) },
  });
  await train(1, 0.5, 20);
  expect(await look()).toEqual({
    constrained: true,
    bestRun: { id: ids[1] },
    bestSoFar: [{ runId: ids[1], ordinal: 2 }],
    runs: { nodes: nodes(false, true, null) },
  });
});

test("where a sweep has no constraints on metrics nothing is known of its runs, and all may be the best", async () => {
  const { sweepId, claims } = await withRuns(server, 1, SOURCE.replace("latency_ms <= 20", "width < 3"));
  const [{ runId = "", attempt = 0 } = {}] = claims;
  const series = [{ key: "loss", values: [1] }];
  await ask(server, LogMetrics, {
    input: { runId, batch: { attempt, batch: 1, steps: [0], times: [0], series } },
  });
  await ask(server, FinishRun, { input: { runId, attempt, state: "finished" } });
  const answer = await send(
    server,
    "query($id: ID!) { sweep(id: $id) { constrained bestRun { id feasible } } }",
    { id: sweepId },
  );
  expect(answer.data?.sweep).toEqual({ constrained: false, bestRun: { id: runId, feasible: null } });
});
