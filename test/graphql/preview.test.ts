import { expect, test } from "vitest";
import { CreateSweep } from "@/graphql/operations";
import { PreviewSweep } from "@/graphql/operations/new-sweep";
import { ask, sharedServer } from "../support/server";
import { claim, registerAgent } from "../support/sweeps";

const server = sharedServer();

const preview = async (source: string, count = 4) =>
  (await ask(server(), PreviewSweep, { source, count })).previewSweep;

const GRID = `method: grid
program: train.py
run_name: "{optimizer.name} at {lr}, run {ordinal}"
parameters:
  lr: {values: [0.1, 0.01]}
  optimizer:
    parameters:
      name: {values: [adam, sgd]}
      momentum: {values: [0.5, 0.9, 0.99], when: {optimizer.name: sgd}}
`;

test("a grid is counted exactly, and its first runs are those that the sweep hands out", async () => {
  const { size, exact, runs, error } = await preview(GRID);
  expect(error).toBeNull();
  expect([size, exact]).toEqual(["8", true]);
  expect(runs[0]?.displayName).toBe("adam at 0.1, run 1");

  const { createSweep } = await ask(server(), CreateSweep, { input: { source: GRID, project: "preview" } });
  const id = createSweep.sweep?.id ?? "";
  const agent = await registerAgent(server(), id);
  const claims = [];
  for (let i = 0; i < 4; i++) claims.push(...(await claim(server(), id, agent)));
  expect(claims.map((one) => one.params)).toEqual(runs.map((one) => one.params));
});

test("examples keep still between two looks, and with a seed they are the runs themselves", async () => {
  const random = "method: random\nprogram: train.py\nparameters: {lr: {min: 0.0, max: 1.0}}\n";
  const [first, second] = [await preview(random), await preview(random)];
  expect(first).toMatchObject({ size: null, exact: false, error: null });
  expect(first.runs).toHaveLength(4);
  expect(second.runs).toEqual(first.runs);
  const seeded = await preview(`${random}seed: 7\n`);
  expect(seeded.exact).toBe(true);
  expect(seeded.runs).not.toEqual(first.runs);
});

test.each([
  ["what the parser refuses", "method: grid\nparameters: {lr: {min: 0.0, max: 1.0}}", "CONFIG_INVALID"],
  ["what is no YAML", "method: [grid", "CONFIG_INVALID"],
  ["what no sweep file can be", "", "BAD_INPUT"],
])("%s is refused as createSweep refuses it", async (_, source, code) => {
  const { error, runs, size } = await preview(source);
  expect([error?.code, runs, size]).toEqual([code, [], null]);
  const { createSweep } = await ask(server(), CreateSweep, { input: { source } });
  expect(createSweep.error?.message).toBe(error?.message);
});

test("at most twenty runs are shown", async () => {
  expect((await preview(GRID, 20)).runs).toHaveLength(8);
  expect((await preview(GRID, 21)).error).toMatchObject({ code: "BAD_INPUT" });
});
