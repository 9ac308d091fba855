import fc from "fast-check";
import { expect, test } from "vitest";
import type { HistorySeries } from "@/core/history";
import type { Database } from "@/db/client";
import { readHistory } from "@/db/queries/read-history";
import { readSummaries } from "@/db/queries/summaries";
import { mergeAttempt, mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { withDatabase } from "../support/database";
import { columnsOf, makeRun, makeSweep, nextAttempt, systemContext, toBatch } from "../support/history";
import {
  finiteOf,
  type ModelAttempt,
  type ModelCell,
  RunModel,
  rungsOf,
  summaryOf,
} from "../support/history-model";

const BANDS = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
const KEYS = ["loss", "val/loss", "note"];

type Row = [gap: number, values: Record<string, unknown>];
type Op =
  | { op: "log"; late: boolean; back: number; rows: Row[] }
  | { op: "long"; steps: number; gap: number }
  | { op: "repeat"; late: boolean }
  | { op: "merge"; attempt: number }
  | { op: "take over"; resume: number | null }
  | { op: "read"; samples: number; from: number; to: number; attempt: number | null };

/** Quarters sum without rounding, so sums are compared exactly. */
const cell = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -400, max: 400 }).map((n) => n / 4) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("text", true, { a: [1, null] }, "ünïcode") },
);
const row = fc.tuple(
  fc.integer({ min: 0, max: 3 }),
  fc.record({ loss: cell, "val/loss": cell, note: cell }, { requiredKeys: [] }),
);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant("log" as const),
      late: fc.boolean(),
      back: fc.integer({ min: 0, max: 2 }),
      rows: fc.array(row, { maxLength: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("long" as const),
      steps: fc.integer({ min: 500, max: 5000 }),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("repeat" as const), late: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("merge" as const), attempt: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("take over" as const),
      resume: fc.option(fc.integer({ min: 0, max: 40 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("read" as const),
      samples: fc.integer({ min: 1, max: 60 }),
      from: fc.integer({ min: -2, max: 60 }),
      to: fc.integer({ min: 0, max: 8000 }),
      attempt: fc.option(fc.integer({ min: 1, max: 3 })),
    }),
  },
);

test("history, summaries, objective and rungs agree with a naive model, whatever is logged, merged and taken over", () =>
  withDatabase(async (db) => {
    const place = await makeSweep(db, {
      metric: { name: "loss", goal: "minimize" },
      earlyTerminate: { type: "hyperband", minIter: 2, eta: 2, strict: true },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 4, maxLength: 24 }), async (ops) => {
        const world = {
          db,
          runId: await makeRun(db, place),
          model: new RunModel(),
          resume: null as number | null,
        };
        for (const one of ops) await act(world, one);
        await act(world, { op: "read", samples: 1_500, from: 0, to: 100_000, attempt: null });
        await compareState(world);
        for (const { number } of world.model.attempts)
          await mergeAttempt(db, { runId: world.runId, attempt: number });
        await act(world, { op: "read", samples: 40, from: 0, to: 100_000, attempt: null });
        await compareState(world);
      }),
      { numRuns: 25 },
    );
    await mergeHistory(db, systemContext(db).log);
    const [left] = await db.sql`select sum(tails) as tails, sum(tail_steps) as steps from attempts`;
    const [tails] =
      await db.sql`select count(*) as tails, coalesce(sum(count), 0) as steps from metric_tails`;
    expect({ tails: Number(left?.tails), steps: Number(left?.steps) }).toEqual({
      tails: Number(tails?.tails),
      steps: Number(tails?.steps),
    });
  }));

interface World {
  db: Database;
  runId: number;
  model: RunModel;
  /** What the next first batch of the current attempt says. */
  resume: number | null;
}

async function act(world: World, one: Op): Promise<void> {
  const { db, runId, model } = world;
  const { access } = systemContext(db);
  switch (one.op) {
    case "log": {
      const attempt = pick(model, one.late);
      let step = Math.max(0, (attempt.lastStep ?? attempt.resumedFrom ?? 0) - one.back);
      return log(
        world,
        attempt,
        one.rows.map(([gap, values]) => {
          step += gap;
          return [step, values] as const;
        }),
      );
    }
    case "long": {
      const start = (model.current.lastStep ?? 0) + 1;
      const rows = Array.from(
        { length: one.steps },
        (_, i) => [start + i * one.gap, { loss: ((i * 37) % 101) / 4 }] as const,
      );
      return log(world, model.current, rows);
    }
    case "repeat": {
      const attempt = pick(model, one.late);
      if (attempt.lastBatch === 0) return;
      const metrics = toBatch({ attempt: attempt.number, batch: attempt.lastBatch }, [[1, { loss: -1e9 }]]);
      expect((await logMetrics(systemContext(db), { runId, metrics })).repeated).toBe(true);
      return;
    }
    case "merge":
      await mergeAttempt(db, { runId, attempt: (one.attempt % model.attempts.length) + 1 });
      return;
    case "take over":
      if (model.attempts.length >= 4) return;
      await nextAttempt(db, runId);
      model.next();
      world.resume = one.resume;
      return;
    case "read": {
      const attempt = one.attempt === null ? model.current : model.attempts[one.attempt - 1];
      if (attempt === undefined) return;
      const lines = await readHistory(db, access, {
        runIds: [runId],
        keys: KEYS,
        samples: one.samples,
        minStep: one.from,
        maxStep: one.to,
        ...(one.attempt !== null && { attempt: one.attempt }),
      });
      for (const key of KEYS) {
        const view = model.view(key, attempt).filter(([step]) => step >= one.from && step <= one.to);
        compareLine(
          lines.find((line) => line.key === key),
          view,
          one.samples,
        );
      }
    }
  }
}

function pick(model: RunModel, late: boolean): ModelAttempt {
  return (late && model.attempts.at(-2)) || model.current;
}

async function log(
  world: World,
  attempt: ModelAttempt,
  rows: readonly (readonly [number, Record<string, unknown>])[],
): Promise<void> {
  const { db, runId, model } = world;
  const resumedFromStep =
    attempt === model.current && attempt.lastBatch === 0 ? (world.resume ?? undefined) : undefined;
  const batch = attempt.lastBatch + 1;
  const metrics = toBatch(
    { attempt: attempt.number, batch, ...(resumedFromStep !== undefined && { resumedFromStep }) },
    rows,
  );
  const late = attempt !== model.current;
  const droppedPoints = model.log(attempt, rows, resumedFromStep);
  const answer = await logMetrics(systemContext(db), { runId, metrics });
  expect(answer).toMatchObject({
    batch,
    stale: late,
    repeated: false,
    droppedPoints,
    lastStep: attempt.lastStep,
  });
}

function compareLine(line: HistorySeries | undefined, view: [number, ModelCell][], samples: number): void {
  if (line === undefined) {
    expect(view).toEqual([]);
    return;
  }
  expect(line.total).toBe(view.length);
  expect(line.exact).toBe(view.length <= samples);
  if (line.exact) {
    const { steps, times, values, others } = line.points;
    const cells = Array.from(values, (value, i) => (others?.has(i) ? { json: others.get(i) } : value));
    expect(Array.from(steps, (step, i) => [step, cells[i]])).toEqual(view);
    expect([...times]).toEqual(view.map(([step]) => 1_700_000_000_000 + step));
    return;
  }
  const { width, ...columns } = columnsOf(line.buckets);
  expect(Math.log2(width) % 1).toBe(0);
  expect(columns.start.length).toBeLessThanOrEqual(samples);
  const numbers = view.filter(([, cell]) => typeof cell === "number");
  const starts = [...new Set(numbers.map(([step]) => Math.floor(step / width) * width))];
  const naive = starts.map((start) => {
    const { count, nonFinite, sum, first, firstStep, last, lastStep, min, max } = summaryOf(
      numbers.filter(([step]) => Math.floor(step / width) * width === start),
    );
    return {
      start,
      count,
      nonFinite,
      first,
      firstStep,
      last,
      lastStep,
      min,
      max,
      mean: sum === null ? null : sum / count,
    };
  });
  const got = columns.start.map((start, b) => ({
    start,
    count: columns.count[b],
    nonFinite: columns.nonFinite[b],
    first: columns.first[b],
    firstStep: columns.firstStep[b],
    last: columns.last[b],
    lastStep: columns.lastStep[b],
    min: columns.min[b],
    max: columns.max[b],
    mean: columns.mean[b],
  }));
  expect(got.map(({ mean, ...rest }) => rest)).toEqual(naive.map(({ mean, ...rest }) => rest));
  for (const [b, { mean }] of naive.entries()) {
    if (mean === null) expect(got[b]?.mean).toBeNull();
    else expect(got[b]?.mean).toBeCloseTo(mean, 9);
  }
}

async function compareState({ db, runId, model }: World): Promise<void> {
  const { access } = systemContext(db);
  const summaries = (await readSummaries(db, access, [runId])).get(runId) ?? [];
  const views = new Map(KEYS.map((key) => [key, model.view(key)]));
  expect(summaries.map(({ name, mean, ...rest }) => ({ name, ...rest }))).toEqual(
    [...views]
      .filter(([, view]) => view.length > 0)
      .map(([name, view]) => ({ name, ...summaryOf(view) }))
      .sort(byName),
  );
  const loss = views.get("loss") ?? [];
  const { min, minStep } = summaryOf(loss);
  const [run] = await db.sql`select objective, objective_step as step from runs where id = ${runId}`;
  expect(run).toEqual({ objective: min, step: minStep });
  const rungs = await db.sql`
    select band, value, best, step from rungs where run_id = ${runId} and attempt = ${model.current.number} order by band`;
  expect([...rungs]).toEqual(rungsOf(loss, BANDS));
  expect(finiteOf(loss).length).toBe(summaries.find(({ name }) => name === "loss")?.count ?? 0);
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
