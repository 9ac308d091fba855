import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { readRunParts } from "@/db/queries/run-parts";
import { authenticate, systemAccess } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import { controlSweep } from "@/engine/control-sweep";
import { deleteRuns } from "@/engine/delete-runs";
import { finishRun } from "@/engine/finish-run";
import { MAX_RUNS } from "@/engine/many-runs";
import { noteRun, renameRun } from "@/engine/note-run";
import { restoreRuns } from "@/engine/restore-runs";
import { stopRuns } from "@/engine/stop-runs";
import { tagRuns } from "@/engine/tag-runs";
import { claimOne, codeOf, gridOf, startSweep, withHouse } from "./support/house";

const partsOf = async (db: Database, runId: number) =>
  (await readRunParts(db, systemAccess(), [runId], new Set(["tags", "notes"] as const))).get(runId);

const statesOf = async ({ sql }: Database) =>
  (
    await sql<{ state: string }[]>`select coalesce(stop_requested || ' ', '') || state as state
    from runs where deleted_at is null order by id`
  ).map(({ state }) => state);

test("tags come and go on many runs at once, and watchers are told; a repeated call changes nothing", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    const runIds = claims.map(({ runId }) => runId);
    const [first = 0, second = 0, third = 0] = runIds;
    const add = { runIds: [...runIds, first], add: ["b", "a", "b"], clientMutationId: "1" };
    expect(await tagRuns(context, add)).toEqual({ runIds });
    const xids = () => db.sql`select id, changed_xid from runs order by id`;
    const before = await xids();
    await tagRuns(context, { runIds, add: ["a"], remove: ["none"] });
    expect(await xids()).toEqual(before);
    await tagRuns(context, { runIds: [first, second], remove: ["a"], add: ["ü 🧹"] });
    expect(await xids()).not.toEqual(before);
    expect(await tagRuns(context, add)).toEqual({ runIds });
    expect((await partsOf(db, first))?.tags).toEqual(["b", "ü 🧹"]);
    expect((await partsOf(db, third))?.tags).toEqual(["a", "b"]);
    expect(await codeOf(tagRuns(context, { ...add, add: ["c"] }))).toBe("IDEMPOTENCY_MISMATCH");
  }));

test("what is no tag, too many of them and too many runs are refused, and nothing is done", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const { runId } = await claimOne(context, sweep);
    const tag = (add: unknown[], more = {}) =>
      codeOf(tagRuns(context, { runIds: [runId], add: add as string[], ...more }));
    for (const bad of ["", " a", "a\n", "x".repeat(129), "a\0", 7])
      expect(await tag([bad])).toBe("BAD_INPUT");
    expect(await tag(["a"], { remove: ["a"] })).toBe("BAD_INPUT");
    expect(await tag(["a"], { runIds: [] })).toBe("BAD_INPUT");
    expect(await tag(["a"], { runIds: Array.from({ length: MAX_RUNS + 1 }, (_, i) => i + 1) })).toBe(
      "BAD_INPUT",
    );
    expect(await tag(["a"], { runIds: [runId, 999_999] })).toBe("NOT_FOUND");
    const many = Array.from({ length: 150 }, (_, i) => `t${i}`);
    expect(await tag(many.slice(0, 50))).toBe("none");
    expect(await tag(many.slice(50, 100))).toBe("none");
    expect(await tag(many.slice(100, 101))).toBe("BAD_INPUT");
    expect((await partsOf(db, runId))?.tags).toHaveLength(100);
  }));

test("a note is written, replaced and taken away; a run gets another name for people", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const { runId } = await claimOne(context, sweep);
    await noteRun(context, { runId, text: "look at this" });
    await noteRun(context, { runId, text: "look again" });
    expect((await partsOf(db, runId))?.notes).toBe("look again");
    await noteRun(context, { runId, text: "" });
    expect((await partsOf(db, runId))?.notes).toBeNull();
    await renameRun(context, { runId, displayName: "the good one" });
    expect(await db.sql`select display_name from runs where id = ${runId}`).toEqual([
      { display_name: "the good one" },
    ]);
    expect(await codeOf(noteRun(context, { runId, text: "x".repeat(20_001) }))).toBe("BAD_INPUT");
    expect(await codeOf(noteRun(context, { runId: 999_999, text: "x" }))).toBe("NOT_FOUND");
  }));

test("a run's own key may tag and note its run, and no other; it may not delete or stop", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const [mine, foreign] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    const own = { ...context, access: await authenticate(db, mine.apiKey) };
    expect(await codeOf(tagRuns(own, { runIds: [mine.runId], add: ["mine"] }))).toBe("none");
    expect(await codeOf(noteRun(own, { runId: mine.runId, text: "mine" }))).toBe("none");
    expect(await codeOf(tagRuns(own, { runIds: [mine.runId, foreign.runId], add: ["mine"] }))).toBe(
      "FORBIDDEN",
    );
    expect(await codeOf(deleteRuns(own, { runIds: [mine.runId] }))).toBe("FORBIDDEN");
    expect(await codeOf(stopRuns(own, { runIds: [mine.runId] }))).toBe("FORBIDDEN");
  }));

test("many runs are stopped at once: those that wait are killed, holders of others are asked, what is over stays", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(4, { retries: 1 }));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    const [done, lost, running] = claims;
    if (!done || !lost || !running) throw new Error("no claims");
    await finishRun(context, { runId: done.runId, attempt: 1, state: "finished" });
    await finishRun(context, { runId: lost.runId, attempt: 1, state: "crashed" });
    expect(await statesOf(db)).toEqual(["finished", "pending", "running"]);
    const runIds = claims.map(({ runId }) => runId);
    await stopRuns(context, { runIds, clientMutationId: "1" });
    expect(await statesOf(db)).toEqual(["finished", "stop killed", "stop running"]);
    expect(await stopRuns(context, { runIds, clientMutationId: "1" })).toEqual({ runIds });
  }));

test("many runs are deleted at once, or none: counted out of their sweep, their points open again, written down", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(5));
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    const runIds = claims.map(({ runId }) => runId);
    expect(await codeOf(deleteRuns(context, { runIds: [...runIds, 999_999] }))).toBe("NOT_FOUND");
    expect(await statesOf(db)).toHaveLength(5);
    await finishRun(context, { runId: runIds[0] ?? 0, attempt: 1, state: "finished" });
    const gone = { runIds: runIds.slice(0, 3), clientMutationId: "1" };
    expect(await deleteRuns(context, gone)).toEqual({ runIds: gone.runIds });
    expect(await statesOf(db)).toEqual(["running", "running", "pending", "pending", "pending"]);
    expect(await db.sql`select run_count, exhausted from sweeps`).toMatchObject([{ run_count: 5 }]);
    expect(await db.sql`select ended_at is null as live from attempts order by run_id`).toEqual(
      [false, false, false, true, true].map((live) => ({ live })),
    );
    // Again, through another server that still remembers them.
    expect(await deleteRuns(other, gone)).toEqual({ runIds: gone.runIds });
    expect(await codeOf(deleteRuns(other, { runIds: gone.runIds }))).toBe("NOT_FOUND");
    const events = await db.sql<{ details: { runs: { runId: number }[] } }[]>`
      select details from audit_events where action = 'run.delete'`;
    expect(events.map(({ details }) => details.runs.map(({ runId }) => runId))).toEqual([gone.runIds]);
    const { claims: again } = await claimRuns(context, { ...sweep, count: 5 });
    expect(again.map(({ params }) => params).sort()).toEqual(
      claims
        .slice(0, 3)
        .map(({ params }) => params)
        .sort(),
    );
  }));

test("a deletion is taken back within ten minutes, all runs or none: points of a grid stay unique, counts agree, it is written down", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(5));
    const { claims } = await claimRuns(context, { ...sweep, count: 4 });
    const runIds = claims.map(({ runId }) => runId);
    const [done = 0, running = 0, third = 0, kept = 0] = runIds;
    await finishRun(context, { runId: done, attempt: 1, state: "finished" });
    expect(await codeOf(restoreRuns(context, { runIds: [done] }))).toBe("NOT_FOUND");
    await deleteRuns(context, { runIds: [done, running, third] });
    expect(await statesOf(db)).toEqual(["running", "pending", "pending", "pending"]);

    const back = { runIds: [done, running], clientMutationId: "1" };
    expect(await restoreRuns(context, back)).toEqual({ runIds: back.runIds });
    expect(await restoreRuns(other, back)).toEqual({ runIds: back.runIds });
    expect(await codeOf(restoreRuns(context, { runIds: back.runIds }))).toBe("NOT_FOUND");
    const rows = await db.sql`select id, state from runs where deleted_at is null order by id`;
    expect(rows.map(({ id, state }) => [id, state])).toEqual([
      [done, "finished"],
      [running, "killed"],
      [kept, "running"],
      [expect.any(Number), "pending"],
    ]);
    expect(await db.sql`select run_count, exhausted from sweeps`).toMatchObject([
      { run_count: 4, exhausted: false },
    ]);
    expect(await db.sql`select target from audit_events where action = 'run.restore'`).toHaveLength(1);

    // The third one's point is at work once more.
    await claimRuns(context, { ...sweep, count: 1 });
    expect(await codeOf(restoreRuns(context, { runIds: [third] }))).toBe("ILLEGAL_MOVE");
    await deleteRuns(context, { runIds: [done] });
    await db.sql`update runs set deleted_at = deleted_at - interval '11 minutes' where id = ${done}`;
    expect(await codeOf(restoreRuns(context, { runIds: [done] }))).toBe("NOT_FOUND");
    expect(await codeOf(restoreRuns(context, { runIds: [kept] }))).toBe("NOT_FOUND");
  }));

test("a deletion is taken back also where the run that took its place was ended before it began", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const { claims } = await claimRuns(context, { ...sweep, count: 1 });
    const runIds = claims.map(({ runId }) => runId);
    await deleteRuns(context, { runIds });
    await controlSweep(context, { sweepId: sweep.sweepId, action: "stop" });
    expect(await statesOf(db)).toEqual(["killed"]);
    expect(await restoreRuns(context, { runIds })).toEqual({ runIds });
    const rows = await db.sql`select id::int from runs where deleted_at is null`;
    expect(rows).toEqual(runIds.map((id) => ({ id })));
    expect(await db.sql`select run_count from sweeps`).toMatchObject([{ run_count: 1 }]);
  }));
