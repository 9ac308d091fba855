import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady, openKeeper } from "@/engine/search/keeper";
import { toBatch } from "../support/history";
import { claimOne, startSweep, withHouse } from "./support/house";

const json = {
  method: "bayes",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { distribution: "uniform", min: 0, max: 1 } },
  seed: 7,
};

/** Changes with each round: a search is held for it and given back. */
async function readTrace(db: Database): Promise<unknown> {
  const rows = await db.sql`select xmin::text as xmin, holder from searches`;
  return rows[0];
}

async function readStill(db: Database): Promise<unknown> {
  for (let before = await readTrace(db); ; ) {
    await pause(200);
    const now = await readTrace(db);
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
}

test("a search is looked at when a run ends, and not whenever one gets better", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, json);
    const keeper = openKeeper(context);
    await keeper.lookRound();
    const { runId, attempt } = await claimOne(context, sweep);
    const before = await readStill(db);
    for (let batch = 1; batch <= 3; batch++)
      await logMetrics(context, { runId, metrics: toBatch({ attempt, batch }, [[batch, { loss: -batch }]]) });
    expect(await readStill(db)).toEqual(before);
    await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    expect(await readStill(db)).not.toEqual(before);
    await keeper.close();
  }));

test("a server that stops in the middle of a round gives its search back", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await startSweep(context, json);
    const keeper = openKeeper(context);
    const round = keepReady(context, sweepId);
    const isHeld = async () => (await db.sql`select from searches where holder is not null`).length > 0;
    while (!(await isHeld()));
    await keeper.close();
    expect(await isHeld()).toBe(false);
    await round;
  }));
