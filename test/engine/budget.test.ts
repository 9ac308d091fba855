import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { closeSweeps } from "@/engine/close-sweeps";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { toBatch } from "../support/history";
import { claimOne, gridOf, readSweep, startSweep, withHouse } from "./support/house";

async function train(
  context: EngineContext,
  sweep: { sweepId: string; agentId: number },
  loss: number | undefined,
): Promise<void> {
  const { runId, attempt } = await claimOne(context, sweep);
  if (loss !== undefined)
    await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss }]]) });
  await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
}

test("a sweep ends when its hours are over: what runs goes on, agents leave, and the sweep says why", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(9, { budget: { hours: 2 } }));
    const { runId, attempt } = await claimOne(context, sweep);
    expect(await closeSweeps(db)).toEqual([]);
    await db.sql`update sweeps set started_at = started_at - interval '119 minutes'`;
    expect(await closeSweeps(db)).toEqual([]);
    await db.sql`update sweeps set started_at = started_at - interval '61 seconds'`;
    expect(await closeSweeps(db)).toEqual([sweep.sweepId]);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      state: "finished",
      stateReason: "hours_over",
    });
    expect((await claimRuns(context, { ...sweep, count: 1 })).directive).toBe("EXIT");
    await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    await expect(controlSweep(context, { sweepId: sweep.sweepId, action: "resume" })).rejects.toMatchObject({
      code: "ILLEGAL_MOVE",
      message: `sweep ${sweep.sweepId} has had its hours: there is nothing to resume`,
    });
  }));

test.each(["minimize", "maximize"] as const)(
  "a sweep that goes to %s ends when as many runs in a row as its budget says were no better",
  (goal) =>
    withHouse(async ({ db, context }) => {
      const sign = goal === "minimize" ? 1 : -1;
      const metric = { name: "loss", goal };
      const budget = { until: { no_improvement: 3 } };
      const sweep = await startSweep(context, gridOf(20, { metric, budget }));
      const reason = async () => (await readSweep(db, sweep.sweepId)).stateReason;
      // Nothing is better than nothing: runs without a value end no sweep.
      for (let i = 0; i < 4; i++) await train(context, sweep, undefined);
      // Two without a better one, then a better one: the count begins anew. An equal one is no better.
      for (const loss of [5, 6, 7, 4, 9, 4]) await train(context, sweep, sign * loss);
      await closeSweeps(db);
      expect(await reason()).toBeNull();
      await train(context, sweep, undefined);
      expect(await readSweep(db, sweep.sweepId)).toMatchObject({
        state: "finished",
        stateReason: "no_improvement",
      });
    }),
);
