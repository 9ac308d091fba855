import { describe, expect, test } from "vitest";
import type { Database } from "@/db/client";
import { readSummaries } from "@/db/queries/summaries";
import { systemAccess } from "@/engine/authorize";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { withDatabase } from "../support/database";
import { makeRun, makeSweep, nextAttempt, systemContext, toBatch } from "../support/history";

describe("a batch of metrics", () => {
  test("may hold the largest numbers there are: a sum that none can hold is infinite, and the mean stays between them", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      const sums = [];
      for (const [i, value] of [1.7e308, 1, 1.7e308, 1.7e308, -1.7e308, 5e-324].entries()) {
        await logMetrics(context, { runId, metrics: toBatch({ batch: i + 1 }, [[i, { loss: value }]]) });
        sums.push((await summary(db, runId, "loss"))?.sum);
      }
      const endless = Number.POSITIVE_INFINITY;
      expect(sums).toEqual([1.7e308, 1.7e308, endless, endless, endless, endless]);
      expect((await readSummaries(db, context.access, [runId])).get(runId)).toMatchObject([
        { count: 6, mean: 0 },
      ]);
    }));

  test("may be lines that its sender numbers: taken once, in part never, beside batches that an agent numbers", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      const send = (from: number, ...steps: number[]) =>
        logMetrics(context, {
          runId,
          metrics: toBatch(
            { batch: 1 },
            steps.map((step) => [step, { loss: step }]),
          ),
          lines: { from, to: from + steps.length },
        });
      await send(0, 0, 1);
      expect(await send(0, 0, 1)).toMatchObject({ repeated: true });
      await expect(send(1, 1, 2)).rejects.toMatchObject({
        code: "BATCH_OUT_OF_ORDER",
        details: { expected: 2 },
      });
      const batch = toBatch({ batch: 1 }, [[2, { other: 1 }]]);
      expect(await logMetrics(context, { runId, metrics: batch })).toMatchObject({
        repeated: false,
        batch: 1,
      });
      const both = await Promise.allSettled([send(2, 2, 3), send(2, 2, 3, 4)]);
      expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
      expect(await summary(db, runId, "loss")).toMatchObject({
        count: both[1]?.status === "fulfilled" ? 5 : 4,
      });
    }));

  test("is stored once, however often it is delivered", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      const metrics = toBatch({ batch: 1 }, [
        [0, { loss: 1 }],
        [1, { loss: 0.5 }],
      ]);
      const first = await logMetrics(context, { runId, metrics });
      expect(first).toEqual({
        runId,
        attempt: 1,
        batch: 1,
        repeated: false,
        command: null,
        stale: false,
        droppedPoints: 0,
        lastStep: 1,
      });
      const again = await Promise.all(
        Array.from({ length: 8 }, () => logMetrics(context, { runId, metrics })),
      );
      expect(again.every((answer) => answer.repeated)).toBe(true);
      expect(await summary(db, runId, "loss")).toMatchObject({
        count: 2,
        first: 1,
        last: 0.5,
        min: 0.5,
        sum: 1.5,
      });
    }));

  test("that leaves a gap is refused with the number expected", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, [[0, { loss: 1 }]]) });
      await expect(
        logMetrics(context, { runId, metrics: toBatch({ batch: 3 }, [[2, { loss: 1 }]]) }),
      ).rejects.toMatchObject({ code: "BATCH_OUT_OF_ORDER", details: { expected: 2, batch: 3 } });
    }));

  test("that arrives together with the one before it, but earlier, is put in order", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      const send = (batch: number) =>
        logMetrics(context, { runId, metrics: toBatch({ batch }, [[batch, { loss: batch }]]) });
      await send(1);
      await Promise.all([send(4), send(3), send(2)]);
      expect(await summary(db, runId, "loss")).toMatchObject({ count: 4, last: 4, lastStep: 4 });
    }));

  test("leaves out what lies below the last step, and says how many points", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, [[10, { loss: 1 }]]) });
      const answer = await logMetrics(context, {
        runId,
        metrics: toBatch({ batch: 2 }, [
          [8, { loss: 7, acc: 7 }],
          [9, { loss: 8 }],
          [11, { loss: 9 }],
        ]),
      });
      expect(answer).toMatchObject({ droppedPoints: 3, lastStep: 11 });
      expect(await summary(db, runId, "loss")).toMatchObject({ count: 2, max: 9 });
      expect(await summary(db, runId, "acc")).toBeUndefined();
    }));

  test("that writes the last step again replaces its value in the summary", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db));
      await logMetrics(context, {
        runId,
        metrics: toBatch({ batch: 1 }, [
          [0, { loss: 3, acc: 1 }],
          [1, { loss: 1 }],
        ]),
      });
      await logMetrics(context, {
        runId,
        metrics: toBatch({ batch: 2 }, [
          [1, { loss: Number.NaN, acc: 2 }],
          [2, { loss: 2 }],
        ]),
      });
      expect(await summary(db, runId, "loss")).toEqual({
        count: 2,
        nonFinite: 1,
        first: 3,
        firstStep: 0,
        last: 2,
        lastStep: 2,
        min: 2,
        minStep: 2,
        max: 3,
        maxStep: 0,
        sum: 5,
        lastOther: null,
      });
      expect(await summary(db, runId, "acc")).toMatchObject({ count: 2, last: 2 });
    }));

  test("counts as a sign of life", () =>
    withDatabase(async (db) => {
      const runId = await makeRun(db, await makeSweep(db));
      await db.sql`update attempts set last_contact_at = now() - interval '1 hour'`;
      await logMetrics(systemContext(db), { runId, metrics: toBatch({ batch: 1 }, [[0, { loss: 1 }]]) });
      const rows = await db.sql`select from attempts where last_contact_at > now() - interval '1 minute'`;
      expect(rows).toHaveLength(1);
    }));

  test("brings back a run without a lease that was given up for its silence", () =>
    withDatabase(async (db) => {
      const { projectId } = await makeSweep(db);
      const runId = await makeRun(db, { projectId, sweepId: null });
      await db.sql`update attempts set ended_at = now(), state = 'crashed', reason = 'silent'`;
      await db.sql`update runs set state = 'crashed', state_reason = 'silent', crashes = 1`;
      await logMetrics(systemContext(db), { runId, metrics: toBatch({ batch: 1 }, [[0, { loss: 1 }]]) });
      const rows =
        await db.sql`select r.state, r.crashes, a.ended_at from runs r join attempts a on a.run_id = r.id`;
      expect(rows[0]).toEqual({ state: "running", crashes: 0, ended_at: null });
    }));

  test("for an unknown attempt, a deleted run or another attempt's key is refused", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const place = await makeSweep(db);
      const runId = await makeRun(db, place);
      const metrics = toBatch({ attempt: 2, batch: 1 }, [[0, { loss: 1 }]]);
      await expect(logMetrics(context, { runId, metrics })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      const access = { ...systemAccess(), kind: "run", runId, attempt: 1, ...place } as typeof context.access;
      await expect(logMetrics({ ...context, access }, { runId, metrics })).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
      await db.sql`update runs set deleted_at = now()`;
      await expect(logMetrics(context, { runId, metrics: { ...metrics, attempt: 1 } })).rejects.toMatchObject(
        {
          code: "NOT_FOUND",
        },
      );
    }));
});

describe("the sweep's metric", () => {
  test("keeps the run's objective at the best finite value by the goal", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db, { metric: { name: "acc", goal: "maximize" } }));
      const values = [0.2, 0.7, Number.POSITIVE_INFINITY, 0.5];
      for (const [i, acc] of values.entries())
        await logMetrics(context, { runId, metrics: toBatch({ batch: i + 1 }, [[i, { acc }]]) });
      expect(await objective(db, runId)).toEqual({ objective: 0.7, step: 1 });
    }));

  test("is given back when the best value is written again", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db, { metric: { name: "loss", goal: "minimize" } }));
      await logMetrics(context, {
        runId,
        metrics: toBatch({ batch: 1 }, [
          [0, { loss: 3 }],
          [1, { loss: 1 }],
        ]),
      });
      await logMetrics(context, { runId, metrics: toBatch({ batch: 2 }, [[1, { loss: 5 }]]) });
      expect(await objective(db, runId)).toEqual({ objective: 3, step: 0 });
    }));

  test("ends the sweep when it reaches the target", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const place = await makeSweep(db, { metric: { name: "loss", goal: "minimize", target: 0.1 } });
      const runId = await makeRun(db, place);
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, [[0, { loss: 0.2 }]]) });
      expect(await sweepState(db)).toEqual({ state: "running", reason: null });
      await logMetrics(context, { runId, metrics: toBatch({ batch: 2 }, [[1, { loss: 0.1 }]]) });
      expect(await sweepState(db)).toEqual({ state: "finished", reason: "target" });
    }));

  test("of an attempt that lost its run never enters the run, and the writer is told to stop", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const place = await makeSweep(db, { metric: { name: "loss", goal: "minimize", target: 0.01 } });
      const runId = await makeRun(db, place);
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, [[4, { loss: 1 }]]) });
      await nextAttempt(db, runId);
      await logMetrics(context, { runId, metrics: toBatch({ attempt: 2, batch: 1 }, [[0, { loss: 2 }]]) });
      const late = await logMetrics(context, { runId, metrics: toBatch({ batch: 2 }, [[5, { loss: 0 }]]) });
      expect(late).toMatchObject({ stale: true, lastStep: 5 });
      expect(await objective(db, runId)).toEqual({ objective: 2, step: 0 });
      expect(await sweepState(db)).toEqual({ state: "running", reason: null });
      expect(await summary(db, runId, "loss", 1)).toMatchObject({ count: 2, min: 0 });
      const rows = await db.sql`select overtaken_at_step as step from attempts where number = 1`;
      expect(rows[0]).toEqual({ step: 4 });
    }));

  test("that comes after the end of its attempt is kept, and decides nothing any more", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const place = await makeSweep(db, {
        metric: { name: "loss", goal: "minimize", target: 0.1 },
        earlyTerminate: { type: "hyperband", minIter: 2, eta: 2, strict: false },
      });
      const runId = await makeRun(db, place);
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, [[0, { loss: 1 }]]) });
      await finishRun(context, { runId, attempt: 1, state: "finished" });
      for (const [batch, step] of [
        [2, 1],
        [3, 1], // writes a step again: the objective would be made anew from the history
      ] as const) {
        const late = toBatch({ batch }, [[step, { loss: 0 }]]);
        expect(await logMetrics(context, { runId, metrics: late })).toMatchObject({
          stale: false,
          lastStep: 1,
        });
      }
      expect(await summary(db, runId, "loss")).toMatchObject({ count: 2, min: 0 });
      expect(await objective(db, runId)).toEqual({ objective: 1, step: 0 });
      expect(await db.sql`select from rungs`).toHaveLength(0);
      expect(await sweepState(db)).toEqual({ state: "running", reason: null });
    }));

  test("of an attempt whose lease ran out still counts, since it may be given its run back", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db, { metric: { name: "loss", goal: "minimize" } }));
      await db.sql`update attempts set ended_at = now(), state = 'crashed', reason = 'lease_expired',
        lease_expires_at = now()`;
      await db.sql`update runs set state = 'pending', queued_at = now()`;
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, [[0, { loss: 1 }]]) });
      expect(await objective(db, runId)).toEqual({ objective: 1, step: 0 });
    }));

  test("of an attempt that resumed continues what it inherits, late metrics left out", () =>
    withDatabase(async (db) => {
      const context = systemContext(db);
      const runId = await makeRun(db, await makeSweep(db, { metric: { name: "loss", goal: "minimize" } }));
      await logMetrics(context, {
        runId,
        metrics: toBatch({ batch: 1 }, [
          [0, { loss: 9, old: 1 }],
          [1, { loss: 3 }],
          [2, { loss: 1 }],
        ]),
      });
      await nextAttempt(db, runId);
      await logMetrics(context, { runId, metrics: toBatch({ batch: 2 }, [[3, { loss: 0 }]]) });
      await logMetrics(context, {
        runId,
        metrics: toBatch({ attempt: 2, batch: 1, resumedFromStep: 1 }, [[2, { loss: 4 }]]),
      });
      expect(await objective(db, runId)).toEqual({ objective: 3, step: 1 });
      expect(await summary(db, runId, "loss", 2)).toMatchObject({ count: 3, first: 9, last: 4, sum: 16 });
      expect(await summary(db, runId, "old", 2)).toMatchObject({ count: 1 });
    }));
});

async function summary(db: Database, runId: number, name: string, attempt = 1) {
  const rows = await db.sql`
    select count, non_finite as "nonFinite", first, first_step as "firstStep", last, last_step as "lastStep",
      min, min_step as "minStep", max, max_step as "maxStep", sum, last_other as "lastOther"
    from metric_summaries s join metrics m on m.id = s.metric_id
    where s.run_id = ${runId} and s.attempt = ${attempt} and m.name = ${name}`;
  return rows[0];
}

async function objective(db: Database, runId: number) {
  const rows = await db.sql`select objective, objective_step as step from runs where id = ${runId}`;
  return rows[0];
}

async function sweepState(db: Database) {
  const rows = await db.sql`select state, state_reason as reason from sweeps`;
  return rows[0];
}
