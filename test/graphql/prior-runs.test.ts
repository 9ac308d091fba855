import { beforeAll, expect, test } from "vitest";
import { CreateSweep, FinishRun, LogMetrics } from "@/graphql/operations";
import { DeleteRun } from "@/graphql/operations/run-page";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const QUERY = "query($id: ID!, $first: Int) { sweep(id: $id) { priorRuns(first: $first) { id name } } }";

test("createSweep takes prior runs by name or id, warns of those that it leaves out, and the sweep tells the others", async () => {
  const { claims } = await withRuns(server, 3);
  const [first, second, third] = claims;
  if (!first || !second || !third) throw new Error("three runs were asked for");
  for (const { runId } of [first, second]) {
    const series = [{ key: "loss", values: [1] }];
    await ask(server, LogMetrics, {
      input: { runId, batch: { attempt: 1, batch: 1, steps: [0], times: [0], series } },
    });
  }
  for (const { runId } of claims)
    await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished", exitCode: 0 } });
  const source =
    "method: bayes\nmetric: {name: loss}\nprogram: train.py\nparameters: {x: {values: [0, 1, 2, 3, 4, 5]}}";
  const input = { source, project: "test", priorRuns: [first.name, second.runId, third.name] };
  const { createSweep } = await ask(server, CreateSweep, { input });
  expect(createSweep.error).toBeNull();
  expect(createSweep.warnings).toEqual([
    {
      code: "PRIOR_RUN_LEFT_OUT",
      message: `prior run ${third.name} is left out: it logged no loss; an update of the sweep won't ask for it again, a new sweep can (--prior-run)`,
      path: [],
      line: null,
      column: null,
    },
  ]);
  const id = createSweep.sweep?.id ?? "";
  const priors = [first, second].map(({ runId, name }) => ({ id: runId, name }));
  const look = async (first: number | null = null) => (await send(server, QUERY, { id, first })).data;
  expect(await look()).toEqual({ sweep: { priorRuns: priors } });
  expect(await look(1)).toEqual({ sweep: { priorRuns: priors.slice(0, 1) } });
  const { errors } = await send(server, QUERY, { id, first: -1 });
  expect(errors?.[0]?.message).toBe("first is -1, expected 0 to 1000");
  await ask(server, DeleteRun, { input: { runId: first.runId } });
  expect(await look()).toEqual({ sweep: { priorRuns: priors.slice(1) } });
  const refused = await ask(server, CreateSweep, { input: { ...input, project: "elsewhere" } });
  expect(refused.createSweep).toMatchObject({ sweep: null, error: { code: "NOT_FOUND" } });
});
