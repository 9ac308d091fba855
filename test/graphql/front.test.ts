import { beforeAll, expect, test } from "vitest";
import { FinishRun, LogMetrics } from "@/graphql/operations";
import { DeleteRun } from "@/graphql/operations/run-page";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const SOURCE = `
name: compromises
method: grid
metrics: [{name: loss}, {name: accuracy, goal: maximize, target: 0.99}]
budget: {until: {target: {loss: 0.01}}}
program: train.py
parameters: {width: {values: [1, 2, 3, 4, 5]}}
`;

const QUERY = `query($id: ID!, $first: Int) {
  sweep(id: $id) {
    metric { name target } metrics { name goal target }
    front { size runs since reference hypervolume members(first: $first) { run { id } values ordinal } }
  }
}`;

test("a sweep with several metrics shows the runs that no other beats in all, the volume they cover, and what they are measured from", async () => {
  const { sweepId, claims } = await withRuns(server, 5, SOURCE);
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  const look = async (first: number | null = null): Promise<any> =>
    (await send(server, QUERY, { id: sweepId, first })).data?.sweep;
  expect(await look()).toEqual({
    metric: { name: "loss", target: 0.01 },
    metrics: [
      { name: "loss", goal: "minimize", target: 0.01 },
      { name: "accuracy", goal: "maximize", target: 0.99 },
    ],
    front: null,
  });
  const results = [
    [0.5, 0.5],
    [0.25, 0.25],
    [0.75, 0.25],
    [0.5, 0.75],
    [1, 0],
  ];
  for (const [i, [loss = 0, accuracy = 0]] of results.entries()) {
    const runId = claims[i]?.runId as string;
    const series = [
      { key: "loss", values: [2, loss] },
      { key: "accuracy", values: [accuracy, -1] },
    ];
    await ask(server, LogMetrics, {
      input: { runId, batch: { attempt: 1, batch: 1, steps: [0, 1], times: [0, 0], series } },
    });
    await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished", exitCode: 0 } });
  }
  const [first, second, , fourth] = claims.map(({ runId }) => runId);
  const members = [
    { run: { id: second }, values: [0.25, 0.25], ordinal: 2 },
    { run: { id: fourth }, values: [0.5, 0.75], ordinal: 4 },
  ];
  expect((await look()).front).toEqual({
    size: 2,
    runs: 5,
    since: 1,
    reference: [1, 0],
    // 0.5 x 0.75 up to the fourth run, and what the second has beyond that.
    hypervolume: 0.375 + 0.25 * 0.25,
    members,
  });
  expect((await look(1)).front.members).toEqual(members.slice(0, 1));
  for (const length of [-1, 1_001]) {
    const { errors } = await send(server, QUERY, { id: sweepId, first: length });
    expect(errors?.[0]).toMatchObject({
      message: `first is ${length}, expected 0 to 1000`,
      extensions: { code: "BAD_INPUT" },
    });
  }
  await ask(server, DeleteRun, { input: { runId: fourth as string } });
  expect((await look()).front).toMatchObject({
    size: 2,
    runs: 4,
    members: [{ run: { id: second } }, { run: { id: first }, ordinal: 1 }],
  });
});
