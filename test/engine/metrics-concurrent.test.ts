import { expect, test } from "vitest";
import { openDatabase } from "@/db/client";
import { readHistory } from "@/db/queries/read-history";
import { mergeAttempt, mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { withDatabase } from "../support/database";
import { makeRun, makeSweep, systemContext, toBatch } from "../support/history";

const BATCHES = 30;
const STEPS = 50;

test("nothing is lost or doubled while two servers append, merge and read at once, every batch delivered twice", () =>
  withDatabase(async (one, url) => {
    const two = openDatabase(url, { max: 6 });
    try {
      const place = await makeSweep(one, { metric: { name: "loss", goal: "minimize" } });
      const runIds = await Promise.all(Array.from({ length: 4 }, () => makeRun(one, place)));
      let writing = true;
      const writers = Promise.all(
        runIds.map(async (runId) => {
          for (let batch = 1; batch <= BATCHES; batch++) {
            const rows = Array.from({ length: STEPS }, (_, i) => {
              const step = (batch - 1) * STEPS + i;
              return [step, { loss: step, ...(step % 7 === 0 && { rare: -step }) }] as const;
            });
            const answers = await Promise.all(
              [one, two].map((db) =>
                logMetrics(systemContext(db), { runId, metrics: toBatch({ batch }, rows) }),
              ),
            );
            expect(answers.map(({ repeated }) => repeated).sort()).toEqual([false, true]);
          }
        }),
      ).finally(() => {
        writing = false;
      });
      const mergers = [one, two].map(async (db) => {
        while (writing) for (const runId of runIds) await mergeAttempt(db, { runId, attempt: 1 });
      });
      const reader = (async () => {
        const { access } = systemContext(one);
        const seen = new Map<number, number>();
        while (writing) {
          for (const line of await readHistory(one, access, { runIds, keys: ["loss"], samples: 8 })) {
            const before = seen.get(line.runId) ?? 0;
            expect(line.total % STEPS).toBe(0);
            expect(line.total).toBeGreaterThanOrEqual(before);
            seen.set(line.runId, line.total);
          }
        }
      })();
      await Promise.all([writers, ...mergers, reader]);
      await one.sql`update attempts set ended_at = now()`;
      await Promise.all([one, two].map((db) => mergeHistory(db, systemContext(db).log)));
      await mergeHistory(one, systemContext(one).log);
      const [left] = await one.sql`
        select (select count(*)::int from metric_tails) as rows, sum(tails)::int as tails, sum(tail_steps)::int as steps
        from attempts`;
      expect(left).toEqual({ rows: 0, tails: 0, steps: 0 });
      for (const runId of runIds) {
        const total = BATCHES * STEPS;
        for (let from = 0; from < total; from += 1_500) {
          const [loss, rare] = await readHistory(one, systemContext(one).access, {
            runIds: [runId],
            samples: 1_500,
            minStep: from,
            maxStep: from + 1_499,
          });
          const steps = Array.from({ length: 1_500 }, (_, i) => from + i);
          expect(loss?.exact && [...loss.points.values]).toEqual(steps);
          expect(rare?.exact && [...rare.points.values]).toEqual(
            steps.filter((step) => step % 7 === 0).map((step) => -step),
          );
        }
      }
    } finally {
      await two.close();
    }
  }));

test("merged chunks carry the newest change of their tails, so a reader that is behind still finds them", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    for (let batch = 1; batch <= 3; batch++)
      await logMetrics(context, { runId, metrics: toBatch({ batch }, [[batch, { loss: batch }]]) });
    const [newest] = await db.sql`
      select changed_xid::text as xid, (select changed_xid::text from attempts) as attempt
      from metric_tails order by batch desc limit 1`;
    await mergeAttempt(db, { runId, attempt: 1 });
    const [merged] = await db.sql`
      select x.changed_xid::text as xid, (select changed_xid::text from attempts) as attempt from metric_axes x`;
    expect(merged).toEqual(newest);
  }));

test("a slow program's tails wait until they are many, an ended attempt's do not", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    const log = (batch: number) =>
      logMetrics(context, { runId, metrics: toBatch({ batch }, [[batch, { loss: 1 / batch }]]) });
    for (let batch = 1; batch < 64; batch++) await log(batch);
    expect(await mergeHistory(db, context.log)).toBe(0);
    await log(64);
    expect(await mergeHistory(db, context.log)).toBe(1);
    await log(65);
    expect(await mergeHistory(db, context.log)).toBe(0);
    await db.sql`update attempts set ended_at = now()`;
    expect(await mergeHistory(db, context.log)).toBe(1);
    const [line] = await readHistory(db, context.access, { runIds: [runId], samples: 100 });
    expect(line?.total).toBe(65);
  }));

test("long texts are merged a few at a time, into blocks of bounded length that are not written again", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    const key = { runId, attempt: 1 };
    const limits = { bytes: 500_000, blockBytes: 250_000 };
    const textOf = (step: number) => String(step).padEnd(100_000, "x");
    for (let batch = 1; batch <= 30; batch++)
      await logMetrics(context, { runId, metrics: toBatch({ batch }, [[batch, { note: textOf(batch) }]]) });
    let merges = 0;
    while (await mergeAttempt(db, key, limits)) merges++;
    // Four tails of 100 kB each time.
    expect(merges).toBe(8);
    const [blocks] = await db.sql`select max(length(block)) as longest, count(*) as n from metric_values`;
    expect(blocks?.longest).toBeLessThan(limits.blockBytes);
    expect(blocks?.n).toBeLessThanOrEqual(16);
    const [line] = await readHistory(db, context.access, { runIds: [runId], samples: 100 });
    expect(
      [...((line?.exact && line.points.others?.values()) || [])].map((json) => JSON.parse(json)),
    ).toEqual(Array.from({ length: 30 }, (_, i) => textOf(i + 1)));
    // A tail above the limit is still merged, alone.
    await logMetrics(context, { runId, metrics: toBatch({ batch: 31 }, [[31, { note: textOf(31) }]]) });
    expect(await mergeAttempt(db, key, { bytes: 10, blockBytes: 10 })).toBe(true);
  }));

test("an attempt with a damaged tail is told of once, and the others are merged", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const place = await makeSweep(db);
    const [damaged = 0, healthy = 0] = [await makeRun(db, place), await makeRun(db, place)];
    // The damaged one has more steps, so it is merged first.
    for (const [runId, steps] of [
      [damaged, 2],
      [healthy, 1],
    ] as const) {
      const rows = Array.from({ length: steps }, (_, i) => [i, { loss: i }] as const);
      await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, rows) });
    }
    await db.sql`update metric_tails set block = '\\xff' where run_id = ${damaged}`;
    await db.sql`update attempts set ended_at = now()`;
    const told: object[] = [];
    const log = { ...context.log, error: (fields: object) => void told.push(fields) };
    expect(await mergeHistory(db, log)).toBe(1);
    expect(await mergeHistory(db, log)).toBe(0);
    expect(told).toEqual([expect.objectContaining({ runId: damaged, attempt: 1 })]);
    expect(await db.sql`select run_id as id from metric_tails`).toEqual([{ id: damaged }]);
  }));
