import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { closeSweeps } from "@/engine/close-sweeps";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { deleteRun } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
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
      message: `sweep ${sweep.sweepId} has had its hours: there is nothing to resume; edit what ends it, or start a new sweep that begins with its runs (--prior-run)`,
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

/** Of two metrics: loss is to be small, accuracy to be large. */
const twoOf = (extra: object): object =>
  gridOf(20, { metric: undefined, metrics: [{ name: "loss" }, { name: "acc", goal: "maximize" }], ...extra });

/** A run that logs these values of each metric one after the other; unfinished when it is only to be under way. */
async function trainBoth(
  context: EngineContext,
  sweep: { sweepId: string; agentId: number },
  points: readonly (readonly [loss: number | null, acc: number | null])[],
  finish = true,
): Promise<number> {
  const { runId, attempt } = await claimOne(context, sweep);
  const steps = points.map(([loss, acc], i): [number, Record<string, number>] => [
    i,
    { ...(loss !== null && { loss }), ...(acc !== null && { acc }) },
  ]);
  if (steps.length > 0) await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, steps) });
  if (finish) await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
  return runId;
}

test("targets of several metrics end a sweep when one run has reached all of them, each at some step", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(
      context,
      twoOf({ budget: { until: { target: { loss: 0.1, acc: 0.9 } } } }),
    );
    const reason = async () => (await readSweep(db, sweep.sweepId)).stateReason;
    await trainBoth(context, sweep, [[0.05, 0.5]]);
    await trainBoth(context, sweep, [[0.5, 0.95]]);
    await trainBoth(context, sweep, [[0.05, null]]);
    await closeSweeps(db);
    expect(await reason()).toBeNull();
    await trainBoth(context, sweep, [
      [0.1, 0.2],
      [0.7, 0.9],
    ]);
    expect(await reason()).toBe("target");
    await expect(controlSweep(context, { sweepId: sweep.sweepId, action: "resume" })).rejects.toMatchObject({
      message: `sweep ${sweep.sweepId} has reached its target: there is nothing to resume; edit what ends it, or start a new sweep that begins with its runs (--prior-run)`,
    });
  }));

test("a run that is under way and has reached all targets ends its sweep too", () =>
  withHouse(async ({ db, context }) => {
    const metrics = [{ name: "loss" }, { name: "acc", goal: "maximize", target: 0.9 }];
    const sweep = await startSweep(context, twoOf({ metrics }));
    await trainBoth(context, sweep, [[0.5, 0.89]], false);
    expect(await closeSweeps(db)).toEqual([]);
    await trainBoth(context, sweep, [[0.5, 0.91]], false);
    expect(await closeSweeps(db)).toEqual([sweep.sweepId]);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "target" });
  }));

test("with several metrics a sweep ends when as many runs in a row as its budget says brought nothing to the front", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, twoOf({ budget: { until: { no_improvement: 3 } } }));
    const reason = async () => (await readSweep(db, sweep.sweepId)).stateReason;
    for (let i = 0; i < 4; i++) await trainBoth(context, sweep, [[null, 0.5]]);
    // Worse in both, equal to one that was there; then better in one alone, which is enough.
    await trainBoth(context, sweep, [[5, 0.5]]);
    await trainBoth(context, sweep, [[6, 0.4]]);
    await trainBoth(context, sweep, [[5, 0.5]]);
    const last = await trainBoth(context, sweep, [[9, 0.6]]);
    await trainBoth(context, sweep, [[9, 0.45]]);
    await trainBoth(context, sweep, [[5, 0.5]]);
    await closeSweeps(db);
    expect(await reason()).toBeNull();
    // Without the run that came into the front last, more than three have brought nothing.
    await deleteRun(context, { runId: last });
    expect(await reason()).toBe("no_improvement");
  }));

test("a sweep ends when the model expects too little of its proposals, five times in a row, and says so", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, {
      ...gridOf(1, { method: "bayes", seed: 3, budget: { until: { expected_improvement: 0.002 } } }),
      parameters: { x: { distribution: "uniform", min: 0, max: 1 } },
    });
    await keepReady(context, sweep.sweepId);
    let runs = 0;
    for (; runs < 60; runs++) {
      const { claims } = await claimRuns(context, { ...sweep, count: 1 });
      const [claim] = claims;
      if (claim === undefined) break;
      const { runId, attempt } = claim;
      const loss = (JSON.parse(claim.params).x - 0.4) ** 2;
      await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss }]]) });
      await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    }
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      state: "finished",
      stateReason: "expected_improvement",
    });
    // Five designs and five choices of the model at least, and a parabola is soon known.
    expect(runs).toBeGreaterThanOrEqual(9);
    expect(runs).toBeLessThan(40);
    const gains = await db.sql<{ observed: number; gain: number | null; reason: string }[]>`
      select observed, improvement as gain, reason from suggestions order by number`;
    const designs = gains.filter(({ reason }) => reason === "design");
    expect(new Set(designs.map(({ gain }) => gain))).toEqual(new Set([null]));
    // What it could gain at most, by how many results it had seen. A claim that waits for too long gets a point beside these.
    const most = new Map<number, number>();
    for (const { observed, gain, reason } of gains)
      if (reason === "model")
        most.set(observed, Math.max(most.get(observed) ?? 0, gain ?? Number.POSITIVE_INFINITY));
    const states = [...most].sort(([a], [b]) => a - b).map(([, gain]) => gain);
    expect(states.slice(-5).every((gain) => gain < 0.002)).toBe(true);
    expect(states.at(-6) ?? 1).toBeGreaterThanOrEqual(0.002);
    await expect(controlSweep(context, { sweepId: sweep.sweepId, action: "resume" })).rejects.toMatchObject({
      message: `sweep ${sweep.sweepId} is expected to gain less than its budget asks for: there is nothing to resume; edit what ends it, or start a new sweep that begins with its runs (--prior-run)`,
    });
  }));

test("proposals made in one go count once, by the best of them, and an unknown gain may be any", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, {
      ...gridOf(1, { method: "bayes", budget: { until: { expected_improvement: 0.1 } } }),
      parameters: { x: { distribution: "uniform", min: 0, max: 1 } },
    });
    const { sweepId } = sweep;
    const propose = async (number: number, observed: number, improvement: number | null) => {
      await db.sql`
        insert into suggestions (sweep_id, number, generation, params, point_hash, reason, observed, seen, engine_version,
          improvement)
        values (${sweepId}, ${number}, 1, '{}', '\\x00', 'model', ${observed}, 0, 'bayes/1', ${improvement})`;
      return closeSweeps(db, [sweepId]);
    };
    const still: [observed: number, gain: number | null][] = [
      ...Array.from({ length: 20 }, (_, i): [number, number] => [10, 0.09 - i / 1_000]),
      ...[11, 12, 13].map((observed): [number, number] => [observed, 0.05]),
      [14, null],
      [15, 0.01],
      [15, 0.2],
      ...[16, 17, 18, 19].map((observed): [number, number] => [observed, 0.05]),
    ];
    for (const [i, [observed, gain]] of still.entries()) expect(await propose(i, observed, gain)).toEqual([]);
    expect(await propose(still.length, 20, 0.0999)).toEqual([sweepId]);
    expect((await readSweep(db, sweepId)).stateReason).toBe("expected_improvement");
  }));
