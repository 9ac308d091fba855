import { expect, test } from "vitest";
import { fromLogged } from "@/compute/search/logged-event";
import { readLog } from "@/db/queries/search-log";
import { claimRuns } from "@/engine/claim-runs";
import { deleteRun } from "@/engine/delete-run";
import { deleteRuns } from "@/engine/delete-runs";
import { enqueueRun } from "@/engine/enqueue-run";
import { finishRun } from "@/engine/finish-run";
import { followController } from "@/engine/follow-controller";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { previewUpdate, updateSweep } from "@/engine/update-sweep";
import { toBatch } from "../support/history";
import { claimOne, codeOf, gridOf, readSweep, startSweep, withHouse } from "./support/house";
import { at, entry, local, wish } from "./support/outside";

test("a scheduler that starts when the sweep's own points are all handed out has the sweep to itself, and it does not end under its hands", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1, { scheduler: { engine: "optuna" } }));
    const { sweepId } = sweep;
    const last = await claimOne(context, sweep);
    expect(await readSweep(db, sweepId)).toMatchObject({ exhausted: true });
    await enqueueRun(context, { sweepId, params: at(7) });
    expect(await readSweep(db, sweepId)).toMatchObject({ exhausted: false });
    for (const { runId } of [last, await claimOne(context, sweep)])
      await finishRun(context, { runId, attempt: 1, state: "finished", exitCode: 0 });
    expect(await readSweep(db, sweepId)).toMatchObject({ state: "running", runCount: 2 });
    await enqueueRun(context, { sweepId, params: at(8) });
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(8);
  }));

test("asked for and deleted again, a scheduler's run has changed who chooses for good, also at a server that was not told", () =>
  withHouse(async ({ context, other }) => {
    const sweep = await startSweep(context, gridOf(9, { scheduler: { engine: "optuna" } }));
    const { sweepId } = sweep;
    // The second claim leaves this server with what it needs to answer the next one at once.
    for (const x of [0, 1]) expect(JSON.parse((await claimOne(other, sweep)).params).x).toBe(x);
    const { runId } = await enqueueRun(context, { sweepId, params: at(7) });
    await deleteRun(context, { runId });
    expect((await claimRuns(other, { ...sweep, count: 1 })).directive).toBe("WAIT");
  }));

test("deleted, what somebody asked for beyond a grid does not come back; a point of the grid does", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3, { repeats: 2 }));
    const { sweepId } = sweep;
    const asked: number[] = [];
    for (const params of [at(1), at(1), at(1), '{"note":"outside of the space"}'])
      asked.push((await enqueueRun(context, { sweepId, params })).runId);
    const waiting = async () =>
      (
        await db.sql`select repeat, params ->> 'x' as x from runs where state = 'pending' and deleted_at is null order by repeat`
      ).map((row) => ({ ...row }));
    await deleteRuns(context, { runIds: asked.slice(1) });
    expect(await waiting()).toEqual([
      { repeat: 0, x: "1" },
      { repeat: 1, x: "1" },
    ]);
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 2, exhausted: false });
    const { claims } = await claimRuns(context, { ...sweep, count: 10 });
    expect(claims.map(({ params }) => JSON.parse(params).x).sort()).toEqual([0, 0, 1, 1, 2, 2]);
  }));

test("deleted, a controller's run is not asked for by the server, and a sweep that has no more to come ends all the same", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, local());
    const { sweepId } = sweep;
    await followController(context, wish(sweepId, [entry("a", 0), entry("b", 1), entry("end", null)]));
    const [first, last] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    await finishRun(context, { runId: first.runId, attempt: 1, state: "failed", exitCode: 1 });
    await deleteRun(context, { runId: first.runId });
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 1, exhausted: true });
    expect((await claimRuns(context, { ...sweep, count: 1 })).directive).toBe("WAIT");
    await finishRun(context, { runId: last.runId, attempt: 1, state: "finished", exitCode: 0 });
    expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished", runCount: 1 });
  }));

test("deleted below its run_cap, a sweep of somebody else's choice has room again", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await startSweep(context, local({ run_cap: 2 }));
    await followController(context, wish(sweepId, [entry("a", 0), entry("b", 1)]));
    const [run] = await db.sql`select id::int from runs order by id limit 1`;
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 2, exhausted: true });
    await deleteRun(context, { runId: run?.id });
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 1, exhausted: false });
  }));

test("a sweep that nobody has begun, with a run in its queue, is edited like one that has runs", () =>
  withHouse(async ({ db, context }) => {
    const parameters = { x: { values: [1, 2, 3, 4] } };
    const bayes = {
      method: "bayes",
      program: "train.py",
      metric: { name: "loss", goal: "minimize" },
      parameters,
    };
    const sweep = await startSweep(context, bayes);
    const { sweepId } = sweep;
    const { runId } = await enqueueRun(context, { sweepId, params: '{"x":3}' });
    expect(await codeOf(updateSweep(context, { sweepId, json: { ...bayes, method: "random" } }))).toBe(
      "ILLEGAL_MOVE",
    );
    await updateSweep(context, { sweepId, json: { ...bayes, run_cap: 9 } });
    expect((await claimOne(context, sweep)).runId).toBe(runId);
    await logMetrics(context, { runId, metrics: toBatch({ attempt: 1, batch: 1 }, [[0, { loss: 0.5 }]]) });
    await finishRun(context, { runId, attempt: 1, state: "finished", exitCode: 0 });
    await keepReady(context, sweepId);
    const events = (await readLog(db.sql, { sweepId, from: 0 })).map(fromLogged);
    expect(events.filter(({ number }) => number === -1)).toMatchObject([
      { type: "proposed", params: { x: 3 } },
      { type: "observed", objectives: [0.5] },
    ]);
    const file = { scheduler: { engine: "optuna" } };
    const scheduled = await startSweep(context, gridOf(3, file));
    await enqueueRun(context, { sweepId: scheduled.sweepId, params: at(7) });
    await updateSweep(context, { sweepId: scheduled.sweepId, json: gridOf(3, { ...file, run_cap: 5 }) });
    expect(JSON.parse((await claimOne(context, scheduled)).params).x).toBe(7);
    expect((await claimRuns(context, { ...scheduled, count: 1 })).directive).toBe("WAIT");
  }));

test("edited after its controller's last word, a sweep ends all the same; the change of who chooses is told as it comes", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, local());
    const { sweepId } = sweep;
    await followController(context, wish(sweepId, [entry("a", 0), entry("end", null)]));
    const { runId } = await claimOne(context, sweep);
    await updateSweep(context, { sweepId, json: local({ run_cap: 9 }) });
    await finishRun(context, { runId, attempt: 1, state: "finished", exitCode: 0 });
    expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished" });
    const file = (engine: string) => gridOf(3, { scheduler: { engine } });
    const scheduled = await startSweep(context, file("optuna"));
    await claimOne(context, scheduled);
    const told = async (json: object) =>
      (await previewUpdate(context, { sweepId: scheduled.sweepId, json })).changes.map(
        ({ effect }) => effect,
      );
    expect(await told(file("ax"))).toEqual([expect.stringContaining("until a scheduler sends the first")]);
    await enqueueRun(context, { sweepId: scheduled.sweepId, params: at(7) });
    expect(await told(file("ax"))).toEqual([expect.stringContaining("goes on choosing")]);
    expect(await told(gridOf(3))).toEqual(["The sweep's own method chooses its runs."]);
  }));
