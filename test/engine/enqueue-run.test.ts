import { expect, test } from "vitest";
import { fromLogged } from "@/compute/search/logged-event";
import { readLog } from "@/db/queries/search-log";
import { claimRuns } from "@/engine/claim-runs";
import { controlSweep } from "@/engine/control-sweep";
import { enqueueRun } from "@/engine/enqueue-run";
import { finishRun } from "@/engine/finish-run";
import { followController } from "@/engine/follow-controller";
import { previewSweep } from "@/engine/preview-sweep";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { updateSweep } from "@/engine/update-sweep";
import { toBatch } from "../support/history";
import { claimOne, codeOf, gridOf, readSweep, startSweep, withHouse } from "./support/house";
import { at, entry, local, wish } from "./support/outside";

test("what somebody asks for comes before what the sweep chooses, in the order asked, exactly as it was written", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const asked = [at(2), '{"x":7,"note":"outside of the space","fixed":1.0}'];
    const names: string[] = [];
    for (const params of asked)
      names.push((await enqueueRun(context, { sweepId: sweep.sweepId, params })).name);
    const first = await claimRuns(context, { ...sweep, count: 2 });
    expect(first.claims.map(({ name }) => name)).toEqual(names);
    expect(first.claims.map(({ params }) => params)).toEqual([
      at(2),
      '{"fixed":1.0,"note":"outside of the space","x":7}',
    ]);
    // The grid's own points follow, each once: the third was asked for before its turn.
    const rest = await claimRuns(context, { ...sweep, count: 5 });
    expect(rest.claims.map(({ params }) => JSON.parse(params).x)).toEqual([0, 1]);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ runCount: 4, exhausted: true });
  }));

test("asked for once more, the same configuration is another run; the same call is the same run, at either server", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId } = await startSweep(context, gridOf(3));
    const input = { sweepId, params: at(1), displayName: "mine", clientMutationId: "once" };
    const same = await Promise.all(
      Array.from({ length: 6 }, (_, i) => enqueueRun(i % 2 ? other : context, input)),
    );
    expect(new Set(same.map(({ runId }) => runId)).size).toBe(1);
    const another = await enqueueRun(other, { sweepId, params: at(1) });
    expect(another.runId).not.toBe(same[0]?.runId);
    const rows = await db.sql`select display_name, repeat, state, attempt from runs order by id`;
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { display_name: "mine", repeat: 0, state: "pending", attempt: 0 },
      { display_name: expect.stringMatching(/-q2$/), repeat: 1, state: "pending", attempt: 0 },
    ]);
  }));

test("a sweep that has ended, has all that its run_cap allows, or whose queue is full takes none; nor does a stranger's word", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await startSweep(context, gridOf(3, { run_cap: 1 }));
    expect(await codeOf(enqueueRun(context, { sweepId, params: "[1]" }))).toBe("BAD_INPUT");
    expect(await codeOf(enqueueRun(context, { sweepId, params: '{"x":"\\u0000"}' }))).toBe("BAD_INPUT");
    expect(await codeOf(enqueueRun(context, { sweepId, params: `{"x":"${"y".repeat(1 << 20)}"}` }))).toBe(
      "BAD_INPUT",
    );
    expect(await codeOf(enqueueRun(context, { sweepId: "nosuchid", params: at(1) }))).toBe("NOT_FOUND");
    await enqueueRun(context, { sweepId, params: at(1) });
    await expect(enqueueRun(context, { sweepId, params: at(2) })).rejects.toThrow(/run_cap is 1/);
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 1, exhausted: true });
    const full = await startSweep(context, gridOf(2));
    await db.sql`
      insert into runs (project_id, sweep_id, name, display_name, state, params, queued_at)
      select s.project_id, s.id, 'full-' || i, 'x', 'pending', '{}', now() from sweeps s, generate_series(1, 1000) i where s.id = ${full.sweepId}`;
    await expect(enqueueRun(context, { sweepId: full.sweepId, params: at(1) })).rejects.toThrow(
      /1000 runs wait/,
    );
    await controlSweep(context, { sweepId: full.sweepId, action: "cancel" });
    await expect(enqueueRun(context, { sweepId: full.sweepId, params: at(1) })).rejects.toThrow(
      /is canceled/,
    );
  }));

test("whoever asks a finished sweep for a run is told what helps: to resume it, or a new one where all points have been run", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const { sweepId } = sweep;
    await controlSweep(context, { sweepId, action: "stop" });
    await expect(enqueueRun(context, { sweepId, params: at(7) })).rejects.toThrow(
      /finished: resume it first/,
    );
    await controlSweep(context, { sweepId, action: "resume" });
    await enqueueRun(context, { sweepId, params: at(7) });
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    for (const { runId } of claims)
      await finishRun(context, { runId, attempt: 1, state: "finished", exitCode: 0 });
    await expect(enqueueRun(context, { sweepId, params: at(8) })).rejects.toThrow(
      /all its points have been run: start/,
    );
    expect(await codeOf(controlSweep(context, { sweepId, action: "resume" }))).toBe("ILLEGAL_MOVE");
  }));

test("a search hears what a run that was asked for came to, and does not propose its point again", () =>
  withHouse(async ({ db, context }) => {
    const json = {
      ...{ method: "bayes", program: "train.py", metric: { name: "loss", goal: "minimize" }, seed: 3 },
      parameters: { x: { values: [1, 2, 3, 4] } },
    };
    const sweep = await startSweep(context, json);
    const { runId } = await enqueueRun(context, { sweepId: sweep.sweepId, params: '{"x":3}' });
    await enqueueRun(context, { sweepId: sweep.sweepId, params: '{"x":3,"more":1}' });
    const claim = await claimOne(context, sweep);
    expect([claim.runId, claim.params]).toEqual([runId, '{"x":3}']);
    await logMetrics(context, { runId, metrics: toBatch({ attempt: 1, batch: 1 }, [[0, { loss: 0.5 }]]) });
    await finishRun(context, { runId, attempt: 1, state: "finished", exitCode: 0 });
    await keepReady(context, sweep.sweepId);
    const events = (await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 })).map(fromLogged);
    expect(events.filter(({ number }) => number < 0)).toEqual([
      expect.objectContaining({ type: "proposed", number: -1, params: { x: 3 } }),
      expect.objectContaining({ type: "observed", number: -1, objectives: [0.5] }),
    ]);
    // Once more, it is another repeat of the same point.
    const again = await enqueueRun(context, { sweepId: sweep.sweepId, params: '{"x":3}' });
    const { claims: waiting } = await claimRuns(context, { ...sweep, count: 2 });
    expect(waiting.map((one) => one.runId)).toContain(again.runId);
    const metrics = toBatch({ attempt: 1, batch: 1 }, [[0, { loss: 0.75 }]]);
    await logMetrics(context, { runId: again.runId, metrics });
    await finishRun(context, { runId: again.runId, attempt: 1, state: "finished", exitCode: 0 });
    await keepReady(context, sweep.sweepId);
    const log = await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 });
    expect(log.map(fromLogged).filter(({ number }) => number === -2)).toEqual([
      expect.objectContaining({ type: "proposed", params: { x: 3 } }),
      expect.objectContaining({ type: "observed", objectives: [0.75] }),
    ]);
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    const own = claims
      .filter(({ params }) => !params.includes("more"))
      .map(({ params }) => JSON.parse(params).x);
    expect(own).not.toContain(3);
    expect(own.length).toBeGreaterThan(0);
  }));

test("a local controller's sweep chooses nothing: agents wait, and get each scheduled run once, whoever is told of it how often", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, local());
    const { sweepId } = sweep;
    expect(await claimRuns(context, { ...sweep, count: 3 })).toMatchObject({
      ...{ claims: [], directive: "WAIT", reason: expect.stringMatching(/controller or scheduler/) },
      retryAfterMs: 2_000,
    });
    const said = wish(sweepId, [entry("a", 2), entry("b", 0)]);
    await Promise.all([context, other, context, other].map((each) => followController(each, said)));
    const { claims } = await claimRuns(other, { ...sweep, count: 5 });
    expect(claims.map(({ params }) => JSON.parse(params).x)).toEqual([2, 0]);
    const [kept] = await db.sql`select controller, scheduler from wire_sweeps where sweep_id = ${sweepId}`;
    expect(kept).toEqual({
      controller: { schedule: [{ id: "a" }, { id: "b" }], earlystop: [] },
      scheduler: {
        scheduled: [
          { id: "a", runid: claims[0]?.name },
          { id: "b", runid: claims[1]?.name },
        ],
      },
    });
    expect((await claimRuns(context, { ...sweep, count: 5 })).directive).toBe("WAIT");
  }));

test("the runs that it names are asked to stop; when it has no more to schedule the sweep ends with its last run", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, local());
    const { sweepId } = sweep;
    await followController(context, wish(sweepId, [entry("a", 1)]));
    const claim = await claimOne(context, sweep);
    await followController(context, wish(sweepId, [], [claim.name, "nobody"]));
    const [run] = await db.sql`select stop_requested from runs where id = ${claim.runId}`;
    expect(run?.stop_requested).toBe("stop");
    await followController(context, wish(sweepId, [entry("end", null)]));
    expect(await readSweep(db, sweepId)).toMatchObject({ state: "running", exhausted: true });
    await finishRun(context, { runId: claim.runId, attempt: 1, state: "killed" });
    expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished", stateReason: "exhausted" });
    // Said after the end it changes nothing, and is no mistake: the controller reads that its sweep is over.
    await followController(context, wish(sweepId, [entry("late", 0)]));
    expect(await db.sql`select from runs where sweep_id = ${sweepId}`).toHaveLength(1);
    await controlSweep(context, { sweepId, action: "resume" });
    await followController(context, wish(sweepId, [entry("more", 0)]));
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(0);
  }));

test("a controller gets no more runs than run_cap, its stops are its own, and another sweep has none", () =>
  withHouse(async ({ db, context }) => {
    const early = { early_terminate: { type: "hyperband", min_iter: 1 }, run_cap: 2 };
    const { sweepId } = await startSweep(context, local(early));
    await followController(context, wish(sweepId, [entry("a", 0), entry("b", 1), entry("c", 2)]));
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 2, exhausted: true });
    const [{ config } = {}] = await db.sql`select config from sweep_generations where sweep_id = ${sweepId}`;
    expect(config).not.toHaveProperty("earlyTerminate");
    await db.sql`update sweeps set run_cap = null, run_count = 1000 where id = ${sweepId}`;
    await expect(followController(context, wish(sweepId, [entry("d", 2)]))).rejects.toThrow(/has 1000 runs/);
    const plain = await startSweep(context, gridOf(2));
    expect(await codeOf(followController(context, wish(plain.sweepId, [entry("a", 0)])))).toBe(
      "ILLEGAL_MOVE",
    );
  }));

test("a file with a local controller put in force takes the choice over, and one without gives it back", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const { sweepId } = sweep;
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(0);
    await updateSweep(context, { sweepId, json: local() });
    expect((await claimRuns(context, { ...sweep, count: 1 })).directive).toBe("WAIT");
    await followController(context, wish(sweepId, [entry("a", 1)]));
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(1);
    await updateSweep(context, { sweepId, json: gridOf(3) });
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(2);
  }));

test("a sweep of before, whose local controller nobody followed, is that one's from the first run that it schedules", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, local());
    await db.sql`update sweeps set outside = false, size = 3 where id = ${sweep.sweepId}`;
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(0);
    await followController(context, wish(sweep.sweepId, [entry("a", 2)]));
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(2);
    expect((await claimRuns(context, { ...sweep, count: 1 })).directive).toBe("WAIT");
  }));

test("method custom takes any parameters, names runs by number, and previews none", () =>
  withHouse(async ({ db, context }) => {
    const json = gridOf(2, { method: "custom", parameters: { x: { min: 0, max: 1 } }, name: "mine" });
    const sweep = await startSweep(context, json);
    for (const params of ['{"x":0.5}', '{"x":0.5}', '{"depth":{"a":[1,2.0]}}'])
      await enqueueRun(context, { sweepId: sweep.sweepId, params });
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    expect(claims.map(({ displayName, params }) => [displayName, params])).toEqual([
      ["mine-1", '{"x":0.5}'],
      ["mine-2", '{"x":0.5}'],
      ["mine-3", '{"depth":{"a":[1,2.0]}}'],
    ]);
    expect(await db.sql`select from searches`).toHaveLength(0);
    expect(previewSweep(context, { source: JSON.stringify(json), count: 5 })).toMatchObject({
      size: null,
      runs: [],
    });
  }));

test("a file's scheduler takes over with the first run that it sends; until then our own engine chooses", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(4, { scheduler: { engine: "wandb" } }));
    const { sweepId } = sweep;
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(0);
    await enqueueRun(context, { sweepId, params: at(3) });
    expect(JSON.parse((await claimOne(context, sweep)).params).x).toBe(3);
    expect((await claimRuns(context, { ...sweep, count: 1 })).directive).toBe("WAIT");
    // Without the scheduler in its file the sweep's own points go on, and leave out what has a run.
    await updateSweep(context, { sweepId, json: gridOf(4) });
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    expect(claims.map(({ params }) => JSON.parse(params).x)).toEqual([1, 2]);
  }));
