import { beforeAll, expect, test } from "vitest";
import { LogMetrics } from "@/graphql/operations";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const SOURCE = `
name: stopped
method: grid
metric: {name: accuracy, goal: maximize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
program: train.py
parameters: {width: {values: [1, 2, 3]}}
`;

test("a run tells why it was asked to stop early, in fields and in a sentence; the others tell nothing", async () => {
  const { claims } = await withRuns(server, 3, SOURCE);
  for (const [i, { runId }] of claims.entries()) {
    const series = [{ key: "accuracy", values: [0.9 - i / 10] }];
    await ask(server, LogMetrics, {
      input: { runId, batch: { attempt: 1, batch: 1, steps: [0], times: [0], series } },
    });
  }
  const query = `query($id: ID!) { run(id: $id) { stopRequested earlyStop { rule band value threshold rank of text } } }`;
  const answers = await Promise.all(
    claims.map(async ({ runId }) => (await send(server, query, { id: runId })).data),
  );
  const nothing = { run: { stopRequested: null, earlyStop: null } };
  expect(answers.slice(0, 2)).toEqual([nothing, nothing]);
  expect(answers[2]).toEqual({
    run: {
      stopRequested: "early",
      earlyStop: {
        rule: "hyperband",
        band: 1,
        value: 0.7,
        threshold: 0.8,
        rank: 3,
        of: 3,
        text: "Stopped early by hyperband at band 1: 0.7 is worse than 0.8, number 3 of 3.",
      },
    },
  });
});
