import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { closeSweeps } from "@/engine/close-sweeps";
import { controlSweep } from "@/engine/control-sweep";
import { deleteRun } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { stopRun } from "@/engine/stop-run";
import { claimOne, codeOf, gridOf, readRuns, readSweep, startSweep, withHouse } from "./support/house";

test("a finish said twice, with or without an id, at once or later, has one effect and one answer", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(2));
    const [a, b] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    const twice = (run: typeof a, clientMutationId?: string) =>
      [context, other, context, other].map((server) =>
        finishRun(server, { runId: run.runId, attempt: 1, state: "failed", exitCode: 3, clientMutationId }),
      );
    const answers = await Promise.all([...twice(a), ...twice(b, "end-b")]);
    expect(answers.map(({ state }) => state)).toEqual(new Array(8).fill("failed"));
    const end = {
      runId: b.runId,
      attempt: 1,
      state: "failed",
      exitCode: 3,
      clientMutationId: "end-b",
    } as const;
    expect(await finishRun(other, end)).toMatchObject({ state: "failed" });
    expect(await codeOf(finishRun(other, { ...end, exitCode: 4 }))).toBe("IDEMPOTENCY_MISMATCH");
    expect(await codeOf(finishRun(other, { ...end, clientMutationId: "new", state: "finished" }))).toBe(
      "STALE_ATTEMPT",
    );
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "failed", stateReason: "exit_code" }),
      expect.objectContaining({ state: "failed", stateReason: "exit_code" }),
    ]);
  }));

test("a finish repeated after the run went out again gets its old answer, and changes nothing", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const first = await claimOne(context, sweep);
    const end = { runId: first.runId, attempt: 1, state: "crashed", clientMutationId: "e" } as const;
    expect(await finishRun(context, end)).toMatchObject({ state: "pending" });
    await claimOne(context, sweep);
    expect(await finishRun(context, end)).toMatchObject({ state: "pending" });
    expect(await finishRun(context, { ...end, clientMutationId: undefined })).toMatchObject({
      state: "running",
    });
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "running", attempt: 2, crashes: 1 }),
    ]);
  }));

test("one stale finish does not spoil those that arrive with it", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(20));
    const { claims } = await claimRuns(context, { ...sweep, count: 20 });
    const results = await Promise.allSettled(
      claims.map(({ runId }, i) =>
        finishRun(context, { runId, attempt: i % 4 === 0 ? 7 : 1, state: "finished" }),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(
      claims.map((_, i) => (i % 4 === 0 ? "rejected" : "fulfilled")),
    );
  }));

test("when the last finishes come at once, through two servers, the sweep still ends", () =>
  withHouse(async ({ db, context, other }) => {
    for (let round = 0; round < 12; round++) {
      const sweep = await startSweep(context, gridOf(4));
      const { claims } = await claimRuns(context, { ...sweep, count: 3 });
      // The claim that exhausts the sweep races with the finishes as well.
      const [last] = await Promise.all([
        claimRuns(other, { ...sweep, count: 1 }),
        ...claims.map(({ runId }, i) =>
          finishRun(i % 2 ? context : other, { runId, attempt: 1, state: "finished" }),
        ),
      ]);
      const [one] = last.claims;
      if (one) await finishRun(context, { runId: one.runId, attempt: 1, state: "finished" });
      expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", runCount: 4 });
    }
    for (let round = 0; round < 12; round++) {
      const sweep = await startSweep(context, gridOf(2));
      const { claims } = await claimRuns(context, { ...sweep, count: 2 });
      await Promise.all(
        claims.map(({ runId }, i) =>
          finishRun(i % 2 ? context : other, { runId, attempt: 1, state: "finished" }),
        ),
      );
      expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished" });
    }
  }));

test("the background ends a sweep whose server died between the last finish and the look afterwards", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId, agentId } = await startSweep(context, gridOf(1));
    const { runId } = await claimOne(context, { sweepId, agentId });
    await db.sql`update attempts set state = 'finished', ended_at = now()`;
    await db.sql`update runs set state = 'finished', finished_at = now() where id = ${runId}`;
    expect(await closeSweeps(db)).toEqual([sweepId]);
    expect(await closeSweeps(db)).toEqual([]);
  }));

test("a metric target that a run reaches ends the sweep; running ones finish", () =>
  withHouse(async ({ db, context }) => {
    const metric = { name: "acc", goal: "maximize", target: 0.9 };
    const sweep = await startSweep(context, gridOf(10, { metric }));
    const [a, b, c] = [
      await claimOne(context, sweep),
      await claimOne(context, sweep),
      await claimOne(context, sweep),
    ];
    await db.sql`update runs set objective = 0.89 where id = ${a.runId}`;
    await finishRun(context, { ...a, state: "finished" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "running" });
    await finishRun(context, { ...c, state: "preempted" });
    await db.sql`update runs set objective = 0.9 where id = ${b.runId}`;
    await finishRun(context, { ...b, state: "finished" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "target" });
    expect((await readRuns(db)).map(({ state }) => state)).toEqual(["finished", "finished", "preempted"]);
    expect(await codeOf(controlSweep(context, { ...sweep, action: "resume" }))).toBe("ILLEGAL_MOVE");
  }));

test("a run that a person stops hears STOP, and is killed however its process goes down", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    const [a, b, c] = claims;
    if (!a || !b || !c) throw new Error("fewer than three");
    for (const { runId } of claims)
      expect(await stopRun(context, { runId })).toMatchObject({ state: "running" });
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: claims })).toMatchObject({
      commands: claims.map(({ runId }) => ({ runId, attempt: 1, command: "STOP" })),
    });
    await finishRun(context, { ...a, state: "crashed", exitCode: -15 });
    await finishRun(context, { ...b, state: "failed", exitCode: 1 });
    await finishRun(context, { ...c, state: "finished", exitCode: 0 });
    expect((await readRuns(db)).map(({ state, stateReason }) => [state, stateReason])).toEqual([
      ["killed", "stopped_by_user"],
      ["killed", "stopped_by_user"],
      ["finished", null],
    ]);
    expect(await finishRun(context, { ...a, state: "killed" })).toMatchObject({ state: "killed" });
  }));

test("a run that waits in the queue is stopped at once", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const claim = await claimOne(context, sweep);
    await finishRun(context, { ...claim, state: "preempted" });
    expect(await stopRun(context, claim)).toMatchObject({ state: "killed" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished" });
    expect(await stopRun(context, claim)).toMatchObject({ state: "killed" });
  }));

test("the point of a deleted run goes out again, once, and nothing else is repeated", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3, { run_cap: 3 }));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    const [a, b, c] = claims;
    if (!a || !b || !c) throw new Error("fewer than three");
    await finishRun(context, { ...a, state: "failed" });
    const deletion = { runId: a.runId, clientMutationId: "del-a" };
    expect(await deleteRun(context, deletion)).toEqual(await deleteRun(context, deletion));
    await deleteRun(context, b);
    const audit = await db.sql`select action, target from audit_events where user_id is not null order by id`;
    expect([...audit]).toEqual([a, b].map(({ runId }) => ({ action: "run.delete", target: String(runId) })));
    expect(await codeOf(deleteRun(context, a))).toBe("NOT_FOUND");
    expect(await codeOf(finishRun(context, { ...b, state: "finished" }))).toBe("NOT_FOUND");
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: [b, c] })).toMatchObject({
      commands: [{ runId: b.runId, attempt: 1, command: "STALE" }],
    });
    const { claims: again } = await claimRuns(context, { ...sweep, count: 9 });
    expect(again.map(({ params }) => params).sort()).toEqual([a.params, b.params].sort());
    expect(again.every(({ runId, attempt }) => attempt === 1 && ![a.runId, b.runId].includes(runId))).toBe(
      true,
    );
    for (const claim of [c, ...again]) await finishRun(context, { ...claim, state: "finished" });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", runCount: 3 });
    // Deleted from a sweep that is over, the point waits for a resume.
    await deleteRun(context, c);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", runCount: 2 });
    await controlSweep(context, { ...sweep, action: "resume" });
    expect((await claimOne(context, sweep)).params).toBe(c.params);
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "WAIT" });
  }));

test("deleting a run of a random sweep makes room under run_cap for another draw", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, {
      method: "random",
      program: "t.py",
      run_cap: 2,
      parameters: { lr: { min: 0.25, max: 0.75 } },
    });
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    const [first] = claims;
    if (!first) throw new Error("nothing claimed");
    await deleteRun(context, first);
    const next = await claimOne(context, sweep);
    expect(claims.map(({ params }) => params)).not.toContain(next.params);
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "WAIT" });
  }));

test("finishes are refused with a code that says why", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const claim = await claimOne(context, sweep);
    const code = (input: object) => codeOf(finishRun(context, { ...claim, state: "finished", ...input }));
    expect(await code({ runId: 4_711 })).toBe("NOT_FOUND");
    expect(await code({ attempt: 2 })).toBe("NOT_FOUND");
    expect(await code({ state: "running" })).toBe("BAD_INPUT");
    expect(await code({ exitCode: 1.5 })).toBe("BAD_INPUT");
    expect(await code({ detail: "x".repeat(2_001) })).toBe("BAD_INPUT");
    expect(await code({ detail: "a\0b" })).toBe("BAD_INPUT");
  }));

test("what the database can't hold, and words that only the server may say, are refused before they reach a group", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const [a, b, c] = [
      await claimOne(context, sweep),
      await claimOne(context, sweep),
      await claimOne(context, sweep),
    ];
    const half = "\ud800";
    const outcomes = await Promise.all([
      finishRun(context, { runId: a.runId, attempt: 1, state: "finished" }),
      codeOf(finishRun(context, { runId: b.runId, attempt: 1, state: "finished", detail: half })),
      codeOf(finishRun(context, { runId: b.runId, attempt: 1, state: "finished", clientMutationId: half })),
      codeOf(finishRun(context, { runId: b.runId, attempt: 1, state: "crashed", reason: "lease_expired" })),
      finishRun(context, { runId: c.runId, attempt: 1, state: "finished" }),
    ]);
    expect(outcomes).toEqual([
      expect.objectContaining({ state: "finished" }),
      "BAD_INPUT",
      "BAD_INPUT",
      "BAD_INPUT",
      expect.objectContaining({ state: "finished" }),
    ]);
  }));
