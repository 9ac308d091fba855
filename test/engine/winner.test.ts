import { expect, test } from "vitest";
import { winnersOfSweeps } from "@/db/queries/winners";
import { systemAccess } from "@/engine/authorize";
import type { EngineContext } from "@/engine/context";
import { deleteRun } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { toBatch } from "../support/history";
import { claimOne, readSweep, startSweep, withHouse } from "./support/house";

const fileOf = (extra: object = {}): object => ({
  method: "bayes",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { distribution: "uniform", min: 0, max: 1 } },
  seed: 7,
  ...extra,
});

/** Noise that is the same in every run of the test, within ± 0.1. */
const noiseOf = (turn: number): number => 0.2 * ((turn * 0.618034) % 1) - 0.1;

async function train(context: EngineContext, sweep: { sweepId: string; agentId: number }, turn: number) {
  const { runId, attempt, params } = await claimOne(context, sweep);
  const loss = (JSON.parse(params).x - 0.4) ** 2 + noiseOf(turn);
  const metrics = toBatch({ attempt, batch: 1 }, [[0, { loss, other: -loss }]]);
  await logMetrics(context, { runId, metrics });
  await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
  return { runId, loss };
}

test("the run that the model holds for the best is found beside the search, and once more of all results when the sweep ends", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, fileOf({ run_cap: 12 }));
    const read = async () => (await winnersOfSweeps(db, systemAccess(), [sweep.sweepId]))[0];
    const changed = async () =>
      (await db.sql<{ xid: string }[]>`select changed_xid::text as xid from sweeps`)[0]?.xid;
    await keepReady(context, sweep.sweepId);
    expect(await read()).toBeUndefined();
    const runs: { runId: number; loss: number }[] = [];
    for (let turn = 0; turn < 12; turn++) runs.push(await train(context, sweep, turn));
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ stateReason: "run_cap" });
    await keepReady(context, sweep.sweepId);
    const winner = await read();
    expect(winner).toMatchObject({ sweepId: sweep.sweepId, results: 12 });
    const lucky = runs.toSorted((a, b) => a.loss - b.loss)[0];
    expect(winner?.luckiest).toMatchObject({ runId: lucky?.runId, value: lucky?.loss });
    expect(runs.map(({ runId }) => runId)).toContain(winner?.runId);
    expect(winner?.mean).toBeGreaterThan(lucky?.loss as number);
    // nothing new: the model is not asked again, and nobody who looks is told of a change
    const before = await changed();
    await keepReady(context, sweep.sweepId);
    expect(await changed()).toBe(before);
    await deleteRun(context, { runId: winner?.runId as number });
    expect(await read()).toBeUndefined();
  }));

test.each([
  [
    "several metrics have no single best run",
    { metrics: [{ name: "loss" }, { name: "other" }], metric: undefined },
  ],
  ["a method without a model holds none for the best", { method: "auto", run_cap: 1_001 }],
])("%s", (_title, extra) =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, fileOf(extra));
    for (let turn = 0; turn < 4; turn++) await train(context, sweep, turn);
    await keepReady(context, sweep.sweepId);
    expect(await winnersOfSweeps(db, systemAccess(), [sweep.sweepId])).toEqual([]);
    const searches = await db.sql<{ results: number }[]>`select results from searches`;
    expect(searches).toEqual([{ results: 4 }]);
  }),
);
