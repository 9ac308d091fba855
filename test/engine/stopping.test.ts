import { describe, expect, test } from "vitest";
import { type RecordedRun, replayStopping } from "@/compute/stopping/replay";
import { Standing } from "@/compute/stopping/standing";
import { bandsOf } from "@/core/history/bands";
import { parseMetricBatch } from "@/core/history/batch";
import type { Goal } from "@/core/sweep";
import type { EarlyTerminate, Hyperband } from "@/core/sweep-config";
import { type Database, openDatabase } from "@/db/client";
import { countMeans, fillMeans, readPairs } from "@/db/queries/rung-means";
import { inTransaction } from "@/db/transaction";
import { appendGroup, packBatch } from "@/engine/append-group";
import type { EngineContext } from "@/engine/context";
import { onChange } from "@/engine/events";
import { runFacts } from "@/engine/facts";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { judgeAgain, judgeAllAgain } from "@/engine/judge-again";
import { metricIds } from "@/engine/metric-facts";
import { logMetrics } from "@/engine/report-metrics";
import { drawUnit, openStream } from "@/math/random";
import { withDatabase } from "../support/database";
import { makeRun, makeSweep, nextAttempt, systemContext, toBatch } from "../support/history";
import { claimOne, gridOf, startSweep, withHouse } from "./support/house";

const hyperband: Hyperband = { type: "hyperband", minIter: 1, eta: 2, strict: true };

describe("a run that is worse than others at a band", () => {
  test("is asked to stop with the metrics that showed it, and the reason is kept", () =>
    withSweep(hyperband, 3, async ({ db, context, runs: [a = 0, b = 0, c = 0] }) => {
      const told: (number | null)[] = [];
      const unlisten = onChange(({ runId, kinds }) => kinds.has("run") && told.push(runId));
      await log(context, a, 1, [1]);
      await log(context, b, 1, [2]);
      expect(await stops(db)).toEqual([]);
      await log(context, c, 1, [3]);
      unlisten();
      const reason = { rule: "hyperband", band: 1, value: 3, threshold: 2, rank: 3, of: 3 };
      expect(await stops(db)).toEqual([{ runId: c, asked: "early", reason }]);
      expect(told.at(-1)).toBe(c);
      const beat = await heartbeat(context, { attempts: [{ runId: c, attempt: 1 }] });
      expect(beat.commands).toEqual([{ runId: c, attempt: 1, command: "STOP" }]);
      await finishRun(context, { runId: c, attempt: 1, state: "failed", exitCode: 143 });
      const [ended] = await db.sql`select state, state_reason as reason from runs where id = ${c}`;
      expect(ended).toEqual({ state: "killed", reason: "early_stopped" });
    }));

  test("is asked as well when it stood there before the others came", () =>
    withSweep(hyperband, 3, async ({ db, context, runs: [a = 0, b = 0, c = 0] }) => {
      await log(context, a, 1, [3]);
      await log(context, b, 1, [2]);
      await log(context, c, 1, [1]);
      expect((await stops(db)).map(({ runId, reason }) => [runId, reason?.of])).toEqual([[a, 3]]);
    }));

  test("is told once: neither a repeated batch nor a better value takes it back or changes the reason", () =>
    withSweep(hyperband, 3, async ({ db, context, runs: [a = 0, b = 0, c = 0] }) => {
      for (const [i, run] of [a, b, c].entries()) await log(context, run, 1, [i]);
      const before = await stops(db);
      expect(before).toHaveLength(1);
      await Promise.all(Array.from({ length: 6 }, () => log(context, c, 1, [2])));
      await log(context, c, 2, [-5, -6, -7]);
      expect(await stops(db)).toEqual(before);
    }));

  test("is not asked when it has ended, was asked by somebody, or is another attempt by now", () =>
    withSweep(hyperband, 5, async ({ db, context, runs: [a = 0, b = 0, c = 0, d = 0, e = 0] }) => {
      for (const run of [a, b, c]) await log(context, run, 1, [9]);
      await finishRun(context, { runId: a, attempt: 1, state: "finished" });
      await db.sql`update runs set stop_requested = 'stop' where id = ${b}`;
      await nextAttempt(db, c);
      await log(context, d, 1, [1]);
      await log(context, e, 1, [1]);
      expect(await stops(db)).toEqual([{ runId: b, asked: "stop", reason: null }]);
    }));

  test("counts in every state, and no longer when it is deleted or tried again from the start", () =>
    withSweep({ ...hyperband, eta: 3 }, 4, async ({ db, context, runs: [a = 0, b = 0, c = 0, d = 0] }) => {
      for (const run of [a, b, c]) await log(context, run, 1, [1]);
      await finishRun(context, { runId: a, attempt: 1, state: "failed" });
      await db.sql`update runs set deleted_at = now() where id = ${b}`;
      await nextAttempt(db, c);
      await log(context, d, 1, [2]);
      expect(await stops(db)).toMatchObject([{ runId: d, reason: { rank: 2, of: 2, threshold: 1 } }]);
    }));
});

describe("many runs at once", () => {
  test("are stopped as W&B's rule says of what is stored, whichever of two servers they speak to", () =>
    withSweep({ ...hyperband, eta: 3 }, 24, async ({ db, context, other, runs }) => {
      const bands = bandsOf({ ...hyperband, eta: 3 });
      // Runs 0 and 23 log the same numbers: equal ones are stopped together or not at all.
      const value = (run: number, i: number) => ((run * 7) % 23) + 10 / (i + 1);
      await Promise.all(
        runs.map(async (runId, run) => {
          for (let batch = 1; batch <= 5; batch++) {
            const server = (run + batch) % 2 === 0 ? context : other;
            const values = [value(run, 2 * batch - 2), value(run, 2 * batch - 1)];
            await log(server, runId, batch, values, 2 * batch - 2);
            if (batch % 2 === 0) await log(other, runId, batch, values, 2 * batch - 2);
          }
        }),
      );
      // Every run has come to the last band, the stopped ones too, since nobody ended them.
      const last = bands.filter((band) => band <= 10).at(-1) ?? 0;
      const field = runs.map((runId, run) => {
        const at = value(run, last - 1);
        return { runId, value: at };
      });
      const final = new Standing({ ...hyperband, eta: 3 }, "minimize", last);
      for (const { value: at } of field) final.add(at);
      const stopped = new Set((await stops(db)).map(({ runId }) => runId));
      const should = field.filter((run) => final.judge(run.value, 0).stop).map(({ runId }) => runId);
      expect(should.filter((runId) => !stopped.has(runId))).toEqual([]);
      expect(should.length).toBeGreaterThan(12);
      // The best of all is never worse than anybody.
      const best = field.reduce((one, run) => (run.value < one.value ? run : one));
      expect(stopped.has(best.runId)).toBe(false);
      for (const { reason } of await stops(db))
        expect(Number(reason?.value)).toBeGreaterThan(Number(reason?.threshold));
    }));

  test("that come to a band together on two servers see each other: nothing is left for a second look", () =>
    withSweep({ ...hyperband, eta: 1.5 }, 24, async ({ db, context, other, runs }) => {
      const bands = bandsOf({ ...hyperband, eta: 1.5 }).slice(0, 5);
      let from = 0;
      for (const [i, band] of bands.entries()) {
        const values = (run: number) => Array.from({ length: band - from }, () => (run * (i + 5)) % 29);
        await Promise.all(
          runs.map((runId, run) => log(run % 2 ? context : other, runId, i + 1, values(run), from)),
        );
        expect(await judgeAllAgain(other.db)).toEqual([]);
        from = band;
      }
      const asked = await stops(db);
      expect(asked.length).toBeGreaterThan(8);
      expect(asked.length).toBeLessThan(24);
    }));

  test("wait for no run that somebody holds: it is asked once it is free", () =>
    withSweep(hyperband, 3, async ({ db, context, runs: [a = 0, b = 0, c = 0] }) => {
      await log(context, a, 1, [3]);
      await log(context, b, 1, [2]);
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let locked = () => {};
      const isLocked = new Promise<void>((resolve) => {
        locked = resolve;
      });
      const holder = db.sql.begin(async (tx) => {
        await tx`select from runs where id = ${a} for no key update`;
        locked();
        await held;
      });
      await isLocked;
      const logging = log(context, c, 1, [1]);
      // The metrics are stored while the run is held: only the look at it waits.
      while ((await db.sql`select from rungs`).length < 3) await new Promise((tick) => setTimeout(tick, 5));
      expect(await stops(db)).toEqual([]);
      release();
      await Promise.all([holder, logging]);
      expect((await stops(db)).map(({ runId }) => runId)).toEqual([a]);
    }));

  test("left by a server that died are judged by any other", () =>
    withSweep(hyperband, 3, async ({ db, other, runs }) => {
      for (const [i, runId] of runs.entries())
        await db.sql`insert into rungs (sweep_id, band, run_id, attempt, value, best, step)
          values ('sweep001', 1, ${runId}, 1, ${i}, ${i}, 0)`;
      expect(await judgeAllAgain(other.db)).toEqual([runs[2]]);
      expect(await judgeAgain(other.db, "sweep001")).toEqual([]);
      expect(await stops(db)).toMatchObject([{ runId: runs[2], reason: { rank: 3, of: 3 } }]);
    }));
});

describe("the other rules", () => {
  test("hyperband that is not strict forgives a run that was better elsewhere", () =>
    withSweep(
      { ...hyperband, strict: false, minIter: 2 },
      3,
      async ({ db, context, runs: [a = 0, b = 0, c = 0] }) => {
        await log(context, a, 1, [5, 2]);
        await log(context, b, 1, [5, 3]);
        await log(context, c, 1, [1, 4]);
        expect(await stops(db)).toEqual([]);
      },
    ));

  test("the median stops a run whose best is worse than that of half of the others", () =>
    withSweep({ type: "median", grace: 2, minRuns: 2, every: 1 }, 3, async ({ db, context, runs }) => {
      const [a = 0, b = 0, c = 0] = runs;
      await log(context, a, 1, [5, 1]);
      await log(context, b, 1, [5, 2]);
      await log(context, c, 1, [6]);
      expect(await stops(db)).toEqual([]);
      await log(context, c, 2, [4], 1);
      expect(await stops(db)).toMatchObject([
        { runId: c, reason: { band: 2, value: 4, threshold: 1.5, rank: 3 } },
      ]);
    }));

  test("the funnel counts a run that was stopped before a band as worse than all that came there", () =>
    withSweep(
      { type: "funnel", grace: 1, minRuns: 2, every: 1, percent: 30, final: 10 },
      6,
      async ({ db, context, other, runs }) => {
        const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = runs;
        for (const [i, run] of [a, b, c, d, e].entries()) await log(context, run, 1, [i]);
        // Three others: 1 + ⌊0.9 + 0.79⌋ places; four: 1 + ⌊1.2 + 0.92⌋.
        const reason = { rule: "funnel", band: 1, of: 4 };
        expect(await stops(db)).toMatchObject([
          { runId: c, reason: { ...reason, of: 3 } },
          { runId: d, reason },
          { runId: e, reason: { ...reason, of: 5 } },
        ]);
        await log(other, a, 2, [0], 1);
        await log(other, b, 2, [1], 1);
        // One of the three that were stopped comes to the second band after all: of the five others two are gone.
        await log(other, c, 2, [2], 1);
        await log(other, f, 1, [9, 9]);
        expect((await stops(db)).at(-1)).toMatchObject({
          runId: f,
          reason: { rule: "funnel", band: 2, value: 9, threshold: 1, rank: 4, of: 6 },
        });
      },
    ));

  test("the funnel counts those as gone that are stopped by the same transaction at an earlier band", () =>
    withSweep(
      { type: "funnel", grace: 1, minRuns: 2, every: 1, percent: 33, final: 10 },
      9,
      async ({ db, context, runs }) => {
        const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = runs;
        for (const [at, run] of [a, b, c, d].entries()) await log(context, run, 1, [at]);
        for (const run of [a, b, c]) await log(context, run, 2, [run - a], 1);
        // c and d are stopped at the first band, and c comes to the second all the same.
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([c, d]);
        // Four more are, by the very batches that bring the ninth to the second band.
        const items = await Promise.all(
          [[i, 9, 9], ...[e, f, g, h].map((run) => [run, 10])].map(([run = 0, ...values]) =>
            toItem(db, run, values),
          ),
        );
        await appendGroup(db, items);
        // Of its eight others five are gone, so 1 + ⌊8 · 0.233 + 1.2⌋ places are more than the three that came; were d alone gone,
        // there would be two places, and the ninth is the last of four.
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([c, d, e, f, g, h]);
        const marks = await db.sql`select run_id as "runId", band from rungs where stopped order by run_id`;
        expect(marks).toEqual([c, d, e, f, g, h].map((runId) => ({ runId, band: runId === c ? 2 : 1 })));
      },
    ));

  test("the funnel lets a run go on while it is catching up, by what it had after half as many values", () =>
    withSweep(
      { type: "funnel", grace: 2, minRuns: 2, every: 1, percent: 30, final: 10 },
      5,
      async ({ db, context, runs: [a = 0, b = 0, c = 0, d = 0, e = 0] }) => {
        for (const run of [a, b, c]) await log(context, run, 1, [1, 1, 1, 1]);
        await log(context, d, 1, [20, 9]);
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([d]);
        // 9 - (45 - 9) / 4 is better than 1; two values later nothing has become better any more.
        for (const [i, value] of [45, 9, 9].entries()) await log(context, e, i + 1, [value], i);
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([d]);
        await log(context, e, 4, [9], 3);
        expect(await stops(db)).toMatchObject([
          { runId: d, reason: { band: 2 } },
          { runId: e, reason: { rule: "funnel", band: 4, value: 9, threshold: 1 } },
        ]);
      },
    ));

  test.each<[string, EarlyTerminate, Goal]>([
    ["hyperband", { ...hyperband, minIter: 2 }, "minimize"],
    ["hyperband, not strict", { ...hyperband, strict: false, eta: 1.5 }, "maximize"],
    ["asha", { type: "asha", minIter: 1, eta: 2, strict: true, by: "count", grace: 0 }, "maximize"],
    [
      "asha, not strict",
      { type: "asha", minIter: 1, eta: 1.3, strict: false, by: "count", grace: 0 },
      "minimize",
    ],
    ["median", { type: "median", grace: 1, minRuns: 2, every: 1 }, "minimize"],
    ["percentile", { type: "percentile", grace: 0, minRuns: 2, every: 2, percent: 70 }, "maximize"],
    ["funnel", { type: "funnel", grace: 1, minRuns: 2, every: 1, percent: 33, final: 10 }, "minimize"],
    ["wilcoxon", { type: "wilcoxon", grace: 2, minRuns: 1, every: 1, pThreshold: 0.3 }, "minimize"],
  ])("%s says of stored values what a replay says of the same, to the last digit", (name, rule, goal) =>
    withSweep(
      rule,
      16,
      async ({ db, context, other, runs }) => {
        const stream = openStream("3", ["live and replayed", name]);
        const recorded = runs.map((runId, run): RecordedRun => {
          // Quarters, so that some are level.
          const values = Float64Array.from({ length: 9 }, (_, i) => {
            const draw = drawUnit(stream, BigInt(run * 9 + i));
            return ((run * 5) % 11) / 4 + Math.round(8 * draw) / 4 + 2 / (i + 1);
          });
          const start = 3 * run;
          const times = Float64Array.from(values.keys(), (i) => start + 4 * i + run / 100);
          return { runId, steps: Float64Array.from(values.keys()), times, values };
        });
        const order = recorded
          .flatMap((run) => Array.from(run.times, (time, i) => ({ run, time, i })))
          .sort((x, y) => x.time - y.time);
        const told = new Set<number>();
        for (const [turn, { run, i }] of order.entries()) {
          if (told.has(run.runId)) continue;
          // With its last value a run is over in a replay, and nothing stops it any more: here it ends before it logs that.
          if (i === run.values.length - 1)
            await finishRun(context, { runId: run.runId, attempt: 1, state: "finished" });
          else await log(turn % 2 ? other : context, run.runId, i + 1, [run.values[i] as number], i);
          for (const { runId } of await stops(db)) told.add(runId);
        }
        const replayed = replayStopping(rule, goal, recorded).flatMap(({ runId, verdict }) => {
          if (verdict === null) return [];
          const { stop: _, ...reason } = verdict;
          return [{ runId, reason }];
        });
        const live = (await stops(db)).map(({ runId, reason }) => ({ runId, reason }));
        expect(live).toEqual(replayed);
        expect(live.length).toBeGreaterThan(2);
        expect(live.length).toBeLessThan(16);
      },
      goal,
    ),
  );

  test("asha by step looks at the last band that a value jumps over, and at a resumed run once", () =>
    withSweep(
      { type: "asha", bands: [10, 20], eta: 2, strict: true, by: "step", grace: 0 },
      2,
      async (world) => {
        const {
          db,
          context,
          runs: [a = 0, b = 0],
        } = world;
        await log(context, a, 1, [1, 1], 9);
        await log(context, b, 1, [0], 25);
        expect(await bandsIn(db)).toEqual([
          [a, 10],
          [b, 20],
        ]);
        await log(context, a, 2, [2], 30);
        expect(await stops(db)).toMatchObject([{ runId: a, reason: { band: 20, value: 2, threshold: 0 } }]);
        await nextAttempt(db, b);
        await db.sql`update runs set objective = 0 where id = ${b}`;
        await log(context, b, 1, [9], 26, { attempt: 2, resumedFromStep: 25 });
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([a]);
      },
    ));

  test("wilcoxon stops a run that is worse in fold after fold than the best run by its mean", () =>
    withSweep(
      { type: "wilcoxon", grace: 2, minRuns: 2, every: 1, pThreshold: 0.1 },
      3,
      async ({ db, context, runs }) => {
        const [a = 0, b = 0, c = 0] = runs;
        await log(context, a, 1, [1, 5, 2, 6, 1]);
        await log(context, b, 1, [9, 9, 9, 9, 9]);
        for (const [i, value] of [1.1, 5.2, 2.3].entries()) await log(context, c, i + 1, [value], i);
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([]);
        await log(context, c, 4, [6.4], 3);
        expect(await stops(db)).toMatchObject([
          { runId: c, reason: { rule: "wilcoxon", band: 4, threshold: 3.5, of: 3 } },
        ]);
      },
    ));

  test("wilcoxon finds the best run by its mean, however its values came, were rewritten or were kept before means were", () =>
    withSweep(
      { type: "wilcoxon", grace: 2, minRuns: 1, every: 1, pThreshold: 1e-9 },
      6,
      async ({ db, context, runs }) => {
        const stream = openStream("5", ["means"]);
        let draws = 0n;
        const draw = (below: number): number => Math.floor(below * drawUnit(stream, draws++));
        for (const runId of runs) {
          const values = Array.from({ length: 12 }, () => draw(5) / 10);
          for (let batch = 1, at = 0; at < values.length; batch++) {
            const next = at + 1 + draw(4);
            await log(context, runId, batch, values.slice(at, next), at);
            at = next;
          }
        }
        const [a = 0, b = 0] = runs;
        await nextAttempt(db, a);
        await log(context, a, 1, [0.1, 0.2], 5, { attempt: 2, resumedFromStep: 4 });
        await db.sql`update rungs set mean = null where run_id = ${b} or band = 7`;
        const [{ sweepId = "" } = {}] = await db.sql<
          { sweepId: string }[]
        >`select id as "sweepId" from sweeps`;
        for (const band of [1, 7, 12])
          for (const goal of ["minimize", "maximize"] as const) {
            const asked = runs.map((runId) => ({ runId, attempt: runId === a ? 2 : 1, band }));
            const found = await inTransaction(db, async (tx) => {
              const { count, known } = (await countMeans(tx, { sweepId, bands: [band] })).get(band) ?? {};
              if (known !== count) await fillMeans(tx, { sweepId, band });
              return readPairs(tx, { sweepId, goal }, asked);
            });
            for (const [i, { runId, attempt }] of asked.entries()) {
              const best = db.sql`
                select g.run_id, g.attempt from rungs g
                join rungs o on o.run_id = g.run_id and o.attempt = g.attempt and o.band <= ${band}
                where g.band = ${band} and g.counts and g.run_id <> ${runId} group by g.run_id, g.attempt
                order by ${goal === "minimize" ? 1 : -1}::int * avg(o.value), g.run_id limit 1`;
              const [should] = await db.sql`
                select array_agg(o.value order by o.band) as own, array_agg(t.value order by o.band) as best
                from rungs o join rungs t using (band) join (${best}) b on b.run_id = t.run_id and b.attempt = t.attempt
                where o.run_id = ${runId} and o.attempt = ${attempt} and o.band <= ${band}`;
              expect(found[i]).toEqual({ ...should });
            }
            expect(
              await db.sql`select from rungs where counts and mean is null and band = ${band}`,
            ).toHaveLength(0);
          }
      },
    ));

  test("wilcoxon takes numbers of any size", () =>
    withSweep(
      { type: "wilcoxon", grace: 2, minRuns: 1, every: 1, pThreshold: 0.2 },
      3,
      async ({ db, context, runs: [a = 0, b = 0, c = 0] }) => {
        await log(context, a, 1, [1e300, 1.7e308, 1.7e308, -1e200]);
        await log(context, b, 1, [5e-324, 5e-324, 5e-324, 5e-324]);
        await log(context, c, 1, [1e200, 1.7e308, 1.7e308, 1.7e308]);
        expect((await stops(db)).map(({ runId }) => runId)).toEqual([c]);
      },
    ));

  test("patience keeps one rung a run, and stops it that many values after its last improvement", () =>
    withSweep(
      { type: "patience", grace: 0, patience: 3, minDelta: 0.5 },
      1,
      async ({ db, context, runs: [a = 0] }) => {
        for (const [i, value] of [5, 4, 3.8, 3.7].entries()) await log(context, a, i + 1, [value], i);
        expect(await bandsIn(db)).toEqual([[a, 2]]);
        expect(await stops(db)).toEqual([]);
        await log(context, a, 5, [3.6], 4);
        expect(await stops(db)).toMatchObject([
          { runId: a, reason: { band: 5, value: 3.6, threshold: 4, rank: null } },
        ]);
      },
    ));
});

test("a sweep whose file has early_terminate stops an agent's run by its next heartbeat, and takes no retry for it", () =>
  withHouse(async ({ context, other }) => {
    const sweep = await startSweep(
      context,
      gridOf(3, { retries: 2, early_terminate: { type: "hyperband", min_iter: 1, eta: 2 } }),
    );
    const claims = [];
    for (let i = 0; i < 3; i++) claims.push(await claimOne(context, sweep));
    for (const [i, { runId, attempt }] of claims.entries())
      await logMetrics(i % 2 ? context : other, {
        runId,
        metrics: toBatch({ attempt, batch: 1 }, [[0, { loss: i }]]),
      });
    const attempts = claims.map(({ runId, attempt }) => ({ runId, attempt }));
    const { commands } = await heartbeat(context, { agentId: sweep.agentId, attempts });
    const worst = attempts[2];
    expect(commands).toEqual([{ ...worst, command: "STOP" }]);
    if (worst) await finishRun(context, { ...worst, state: "crashed" });
    const [row] = await context.db.sql`
      select state, state_reason as reason, crashes from runs where id = ${worst?.runId ?? 0}`;
    expect(row).toEqual({ state: "killed", reason: "early_stopped", crashes: 0 });
  }));

interface World {
  readonly db: Database;
  readonly context: EngineContext;
  /** Another server on the same database. */
  readonly other: EngineContext;
  readonly runs: readonly number[];
}

function withSweep(
  earlyTerminate: EarlyTerminate,
  count: number,
  body: (world: World) => Promise<void>,
  goal: Goal = "minimize",
): Promise<void> {
  return withDatabase(async (db, url) => {
    const second = openDatabase(url, { max: 8 });
    try {
      const place = await makeSweep(db, { metric: { name: "loss", goal }, earlyTerminate });
      const runs: number[] = [];
      for (let i = 0; i < count; i++) runs.push(await makeRun(db, place));
      await body({ db, context: systemContext(db), other: systemContext(second), runs });
    } finally {
      await second.close();
    }
  });
}

const log = (
  context: EngineContext,
  runId: number,
  batch: number,
  values: readonly number[],
  from = 0,
  more: { attempt?: number; resumedFromStep?: number } = {},
) =>
  logMetrics(context, {
    runId,
    metrics: toBatch(
      { batch, ...more },
      values.map((loss, i) => [from + i, { loss }] as const),
    ),
  });

/** One batch of a run's first values, ready to be stored together with those of others. */
async function toItem(db: Database, runId: number, values: readonly number[]) {
  const facts = await runFacts(db, runId);
  const rows = values.map((loss, i) => [i, { loss }] as const);
  const batch = parseMetricBatch(toBatch({ batch: 1 }, rows), 1_700_000_000_000);
  const ids = await metricIds(db, facts.projectId, ["loss"]);
  return { facts, batch, metricIds: ids, packed: packBatch(batch, ids) };
}

const stops = (db: Database) =>
  db.sql<{ runId: number; asked: string; reason: Record<string, number> | null }[]>`
    select id as "runId", stop_requested as asked, early_stop as reason from runs
    where stop_requested is not null order by id`.then((rows) =>
    rows.map(({ reason, ...row }) => ({
      ...row,
      reason: typeof reason === "string" ? JSON.parse(reason) : reason,
    })),
  );

const bandsIn = async (db: Database) =>
  (
    await db.sql<
      { runId: number; band: number }[]
    >`select run_id as "runId", band from rungs order by run_id, band`
  ).map(({ runId, band }) => [runId, band]);
