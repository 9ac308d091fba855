import { expect, test } from "vitest";
import { SWEEP_STATES } from "@/core/sweep";
import { claimRuns } from "@/engine/claim-runs";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { updateSweep } from "@/engine/update-sweep";
import {
  claimOne,
  codeOf,
  expireLeases,
  gridOf,
  readRuns,
  readSweep,
  reapNow,
  startSweep,
  withHouse,
} from "./support/house";

test("each action is legal from the states it says, and asking for what already is does nothing", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await startSweep(context, gridOf(5));
    const table: Record<string, string> = {};
    for (const from of SWEEP_STATES) {
      for (const action of ["pause", "resume", "stop", "cancel"] as const) {
        await db.sql`update sweeps set state = ${from}`;
        const code = await codeOf(controlSweep(context, { sweepId, action }));
        table[`${action} ${from}`] = code === "none" ? (await readSweep(db, sweepId)).state : code;
      }
    }
    expect(table).toEqual({
      "pause pending": "paused",
      "pause running": "paused",
      "pause paused": "paused",
      "pause finished": "ILLEGAL_MOVE",
      "pause canceled": "ILLEGAL_MOVE",
      "resume pending": "pending",
      "resume running": "running",
      "resume paused": "running",
      "resume finished": "running",
      "resume canceled": "ILLEGAL_MOVE",
      "stop pending": "finished",
      "stop running": "finished",
      "stop paused": "finished",
      "stop finished": "finished",
      "stop canceled": "ILLEGAL_MOVE",
      "cancel pending": "canceled",
      "cancel running": "canceled",
      "cancel paused": "canceled",
      "cancel finished": "ILLEGAL_MOVE",
      "cancel canceled": "canceled",
    });
  }));

test("a paused sweep hands out nothing; running ones go on, lost ones wait in the queue", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(4));
    const [a, b] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    await controlSweep(context, { ...sweep, action: "pause" });
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: [a, b] })).toMatchObject({
      commands: [],
    });
    await finishRun(context, { ...a, state: "finished" });
    expect(await finishRun(context, { ...b, state: "crashed" })).toMatchObject({ state: "pending" });
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "PAUSED" });
    await controlSweep(context, { ...sweep, action: "resume" });
    expect(await claimOne(context, sweep)).toMatchObject({ runId: b.runId, attempt: 2 });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ runCount: 2 });
  }));

test("stop: nothing new, running ones finish, lost ones stay what they are until somebody resumes", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(6));
    const { claims } = await claimRuns(context, { ...sweep, count: 4 });
    const [queued, finishing, crashing, expiring] = claims;
    if (!queued || !finishing || !crashing || !expiring) throw new Error("fewer than four");
    await finishRun(context, { ...queued, state: "preempted" });
    expect(await controlSweep(context, { ...sweep, action: "stop" })).toEqual({
      sweepId: sweep.sweepId,
      state: "finished",
    });
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: [finishing] })).toEqual({
      commands: [],
      directive: "CONTINUE",
      leaseMs: 20_000,
    });
    expect(await finishRun(context, { ...finishing, state: "finished" })).toMatchObject({
      state: "finished",
    });
    expect(await finishRun(context, { ...crashing, state: "crashed" })).toMatchObject({ state: "crashed" });
    await expireLeases(db);
    await reapNow(db);
    expect((await readRuns(db)).map(({ state }) => state)).toEqual([
      "preempted",
      "finished",
      "crashed",
      "crashed",
    ]);
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "EXIT" });

    expect(await controlSweep(context, { ...sweep, action: "resume" })).toMatchObject({ state: "running" });
    const { claims: rest } = await claimRuns(context, { ...sweep, count: 9 });
    expect(rest.filter(({ resumed }) => resumed).map(({ runId }) => runId)).toEqual(
      [queued, crashing, expiring].map(({ runId }) => runId),
    );
    for (const claim of rest) await finishRun(context, { ...claim, state: "finished" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      state: "finished",
      stateReason: "exhausted",
      runCount: 6,
    });
  }));

test("an attempt that expired in a stopped sweep may still come back and finish", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const claim = await claimOne(context, sweep);
    await controlSweep(context, { ...sweep, action: "stop" });
    await expireLeases(db);
    await reapNow(db);
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: [claim] })).toMatchObject({
      commands: [],
    });
    expect(await finishRun(context, { ...claim, state: "finished" })).toMatchObject({ state: "finished" });
  }));

test("cancel: what waits is killed, what runs hears CANCEL, agents hear EXIT, nothing comes back", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(9, { retries: 5 }));
    const { claims } = await claimRuns(context, { ...sweep, count: 4 });
    const [waiting, running, silent, obedient] = claims;
    if (!waiting || !running || !silent || !obedient) throw new Error("fewer than four");
    await finishRun(context, { ...waiting, state: "crashed" });
    await controlSweep(context, { ...sweep, action: "cancel" });
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: [running, waiting] })).toMatchObject({
      commands: [
        { runId: running.runId, command: "CANCEL" },
        { runId: waiting.runId, command: "CANCEL" },
      ],
      directive: "EXIT",
    });
    expect(await finishRun(context, { ...obedient, state: "killed", exitCode: -9 })).toMatchObject({
      state: "killed",
    });
    expect(await finishRun(context, { ...running, state: "crashed" })).toMatchObject({ state: "killed" });
    await expireLeases(db);
    await reapNow(db);
    expect((await readRuns(db)).map(({ state, stateReason }) => [state, stateReason])).toEqual(
      new Array(4).fill(["killed", "sweep_canceled"]),
    );
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "canceled", stateReason: "canceled" });
  }));

test("a run that comes back to the queue while its sweep is stopped or canceled does not stay there", () =>
  withHouse(async ({ db, context, other }) => {
    for (const action of ["stop", "cancel"] as const) {
      for (let round = 0; round < 8; round++) {
        const sweep = await startSweep(context, gridOf(3));
        const { claims } = await claimRuns(context, { ...sweep, count: 3 });
        await Promise.all([
          controlSweep(other, { ...sweep, action }),
          ...claims.map(({ runId }) => finishRun(context, { runId, attempt: 1, state: "preempted" })),
        ]);
      }
    }
    const states = await db.sql<{ state: string; sweep: string }[]>`
      select distinct r.state, s.state as sweep from runs r join sweeps s on s.id = r.sweep_id`;
    for (const { state, sweep } of states) expect(state).toBe(sweep === "canceled" ? "killed" : "preempted");
  }));

test("a sweep with nothing left to hand out can't be resumed, and says why", () =>
  withHouse(async ({ context }) => {
    const done = await startSweep(context, gridOf(1));
    await finishRun(context, { ...(await claimOne(context, done)), state: "finished" });
    await expect(controlSweep(context, { ...done, action: "resume" })).rejects.toThrow(
      /all 1 points have been run/,
    );
    const capped = await startSweep(context, gridOf(5, { run_cap: 1 }));
    await finishRun(context, { ...(await claimOne(context, capped)), state: "failed" });
    await expect(controlSweep(context, { ...capped, action: "resume" })).rejects.toThrow(
      /run_cap 1 is reached/,
    );
  }));

test("a pause that arrives again, after somebody resumed, does not pause again", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(3));
    const pause = { ...sweep, action: "pause", clientMutationId: "p1" } as const;
    await Promise.all([controlSweep(context, pause), controlSweep(other, pause)]);
    await controlSweep(context, { ...sweep, action: "resume", clientMutationId: "p2" });
    expect(await controlSweep(other, pause)).toMatchObject({ state: "paused" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "running" });
    expect(await codeOf(controlSweep(other, { ...pause, action: "cancel" }))).toBe("IDEMPOTENCY_MISMATCH");
  }));

test("pausing a sweep whose last run then finishes ends it", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const claim = await claimOne(context, sweep);
    await controlSweep(context, { ...sweep, action: "pause" });
    await finishRun(context, { ...claim, state: "finished" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished" });
  }));

test("a sweep takes any configuration until its first run, then one that leaves its runs what they are, and another name at any time", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(5));
    expect(await updateSweep(context, { ...sweep, json: gridOf(2, { name: "small" }) })).toMatchObject({
      generation: 2,
    });
    const { claims } = await claimRuns(context, { ...sweep, count: 9 });
    expect(claims.map(({ displayName }) => displayName)).toEqual(["small-1", "small-2"]);
    expect(await codeOf(updateSweep(context, { ...sweep, json: gridOf(1) }))).toBe("ILLEGAL_MOVE");
    expect(await updateSweep(context, { ...sweep, name: "renamed" })).toMatchObject({ generation: 2 });
    const rows = await db.sql`select name, generation from sweeps`;
    expect([...rows]).toEqual([{ name: "renamed", generation: 2 }]);
  }));
