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
