import fc from "fast-check";
import { expect, test } from "vitest";
import {
  edgeOf,
  type HistorySeries,
  type HistoryX,
  type Layout,
  toBands,
  toWireValues,
} from "@/core/history";
import { readLayout } from "@/db/queries/read-history";
import { mergeAttempt } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { withDatabase } from "../support/database";
import { columnsOf, makeRun, makeSweep, nextAttempt, systemContext } from "../support/history";

/**
 * Charts along every axis against the plainest model there is: a list of points, sorted, cut by arithmetic. What is
 * logged has gaps, NaN, infinities, text, clocks that jump, an x metric that repeats, falls and is missing, attempts
 * that are joined, and chunks merged at any time.
 */

const KEYS = ["loss", "other"];
const START = 1_700_000_000_000;

type Cell = number | string;
interface Row {
  gap: number;
  /** Milliseconds to the row before; clocks jump back. */
  wait: number;
  loss?: Cell | undefined;
  other?: Cell | undefined;
  along?: Cell | undefined;
}
interface Batch {
  rows: Row[];
  /** So often, one after another. */
  times: number;
  takeOver: number | null;
  merge: boolean;
}

const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -400, max: 400 }).map((n) => n / 4) },
  { weight: 1, arbitrary: fc.constantFrom(1e300, -1e300, 5e-324) },
  { weight: 1, arbitrary: fc.constantFrom("NaN", "Infinity", "-Infinity") },
);
const cell = fc.oneof({ weight: 12, arbitrary: number }, { weight: 1, arbitrary: fc.constant("text") });
const row = fc.record(
  {
    gap: fc.integer({ min: 0, max: 3 }),
    wait: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 50 }) },
      { weight: 1, arbitrary: fc.integer({ min: -300, max: 0 }) },
    ),
    loss: cell,
    other: cell,
    along: cell,
  },
  { requiredKeys: ["gap", "wait"] },
);
const batch: fc.Arbitrary<Batch> = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 12 }),
  times: fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 400 }) },
  ),
  takeOver: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }) },
  ),
  merge: fc.boolean(),
});
const end = fc.option(fc.integer({ min: -100, max: 3_000 }), { nil: undefined });
const question = fc.record({
  x: fc.constantFrom<HistoryX>(
    { axis: "STEP" },
    { axis: "TIME" },
    { axis: "RELATIVE_TIME" },
    { axis: "METRIC", metric: "along" },
    { axis: "METRIC", metric: "loss" },
  ),
  samples: fc.integer({ min: 2, max: 40 }),
  aligned: fc.boolean(),
  from: end,
  to: end,
  minStep: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
});

/** A run as a list of points; per metric, since two batches may log one step. */
interface Model {
  runId: number;
  startedAt: number;
  attempts: {
    cells: Map<string, Map<number, { time: number; value: Cell }>>;
    resumedFrom: number | null;
    lastStep: number;
  }[];
}
interface Point {
  x: number;
  step: number;
  time: number;
  value: Cell;
}

test("lines along every axis are those of a plain list of points, whatever is logged, joined and merged", () =>
  withDatabase(async (db) => {
    const place = await makeSweep(db);
    const context = systemContext(db);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(batch, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
        fc.array(question, { minLength: 3, maxLength: 8 }),
        async (runs, questions) => {
          const models: Model[] = [];
          for (const batches of runs) models.push(await write(batches));
          for (const asked of questions) {
            const { from, to, minStep, ...rest } = asked;
            const origin = asked.x.axis === "TIME" ? START : 0;
            const query = {
              ...rest,
              ...(from !== undefined && { min: origin + from }),
              ...(to !== undefined && { max: origin + to }),
              ...(minStep !== undefined && { minStep }),
              keys: KEYS,
            };
            const layout = await readLayout(db, context.access, {
              ...query,
              runIds: models.map(({ runId }) => runId),
            });
            compare(layout, models, query);
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );

    async function write(batches: readonly Batch[]): Promise<Model> {
      const runId = await makeRun(db, place);
      const startedAt = START + 100;
      await db.sql`update runs set started_at = ${new Date(startedAt)} where id = ${runId}`;
      const model: Model = { runId, startedAt, attempts: [open(null)] };
      let attempt = 1;
      let number = 0;
      let time = START;
      for (const { rows, times, takeOver, merge } of batches) {
        if (takeOver !== null) {
          attempt = await nextAttempt(db, runId);
          number = 0;
          model.attempts.push(open(takeOver));
        }
        const current = model.attempts.at(-1) ?? open(null);
        let step = Math.max(current.lastStep, current.resumedFrom ?? 0);
        const logged: (Row & { step: number; time: number })[] = [];
        for (let i = 0; i < times; i++) {
          for (const one of rows) {
            const gap = one.gap + (i > 0 ? 1 : 0);
            step += gap;
            // A step that two batches log has the time of either, merged or not: here it is the same.
            if (gap > 0) time += one.wait;
            logged.push({ ...one, step, time });
          }
        }
        const keys = ["loss", "other", "along"] as const;
        const metrics = {
          attempt,
          batch: ++number,
          steps: logged.map((one) => one.step),
          times: logged.map((one) => one.time),
          series: keys.map((key) => ({ key, values: logged.map((one) => one[key] ?? null) })),
          ...(number === 1 && current.resumedFrom !== null && { resumedFromStep: current.resumedFrom }),
        };
        await logMetrics(context, { runId, metrics });
        remember(current, logged, keys);
        if (merge) await mergeAttempt(db, { runId, attempt });
      }
      return model;
    }
  }));

const open = (resumedFrom: number | null): Model["attempts"][number] => ({
  cells: new Map(),
  resumedFrom,
  lastStep: -1,
});

/** The rows of one step in one batch share the last one's time; each batch keeps its own for its own values. */
function remember(
  attempt: Model["attempts"][number],
  logged: readonly (Row & { step: number; time: number })[],
  keys: readonly ("loss" | "other" | "along")[],
): void {
  const timeOf = new Map(logged.map(({ step, time }) => [step, time]));
  const some = logged.some((row) => keys.some((key) => row[key] !== undefined));
  if (some) attempt.lastStep = logged.at(-1)?.step ?? attempt.lastStep;
  for (const row of logged) {
    for (const key of keys) {
      const value = row[key];
      if (value === undefined) continue;
      const cells = attempt.cells.get(key) ?? new Map<number, { time: number; value: Cell }>();
      cells.set(row.step, { time: timeOf.get(row.step) ?? 0, value });
      attempt.cells.set(key, cells);
    }
  }
}

/** The joined history: that of the attempt resumed from up to there, then its own. */
function view({ attempts }: Model, key: string): Map<number, { time: number; value: Cell }> {
  const show = (index: number, maxStep: number): [number, { time: number; value: Cell }][] => {
    const attempt = attempts[index];
    if (attempt === undefined) return [];
    const own = [...(attempt.cells.get(key) ?? [])].filter(([step]) => step <= maxStep);
    if (attempt.resumedFrom === null) return own;
    return [...show(parentOf(attempts, index), Math.min(maxStep, attempt.resumedFrom)), ...own];
  };
  return new Map(show(attempts.length - 1, Number.MAX_SAFE_INTEGER).sort(([a], [b]) => a - b));
}

/** The latest earlier attempt that had reached the step, else the one that came furthest. */
function parentOf(attempts: Model["attempts"], index: number): number {
  const reach = (i: number) => Math.max(attempts[i]?.lastStep ?? -1, attempts[i]?.resumedFrom ?? -1);
  const earlier = Array.from({ length: index }, (_, i) => index - 1 - i);
  const step = attempts[index]?.resumedFrom ?? 0;
  const furthest = Math.max(-1, ...earlier.map(reach));
  return (
    earlier.find((i) => reach(i) >= step) ?? earlier.find((i) => reach(i) === furthest && furthest >= 0) ?? -1
  );
}

interface Query {
  x: HistoryX;
  samples: number;
  aligned: boolean;
  min?: number;
  max?: number;
  minStep?: number;
}

/** The points that the line should have, in order of x and step, and how many had no partner. */
function expected(model: Model, key: string, { x, min = -Infinity, max = Infinity, minStep = 0 }: Query) {
  const partner = x.axis === "METRIC" ? view(model, x.metric) : undefined;
  const own = [...view(model, key)].filter(([step]) => step >= minStep);
  const placed = own.flatMap(([step, { time, value }]): Point[] => {
    const along = partner === undefined ? undefined : partner.get(step)?.value;
    const at = { STEP: step, TIME: time, RELATIVE_TIME: time - model.startedAt, METRIC: along }[x.axis];
    return typeof at === "number" ? [{ x: at, step, time, value }] : [];
  });
  const points = placed.filter(({ x }) => x >= min && x <= max).sort((a, b) => a.x - b.x || a.step - b.step);
  return { points, unpaired: own.length - placed.length };
}

function compare(layout: Layout, models: readonly Model[], query: Query): void {
  const { lines, grid } = layout;
  const byLine = new Map(lines.map((line) => [`${line.runId} ${line.key}`, line]));
  let found = 0;
  for (const model of models) {
    for (const key of KEYS) {
      const { points, unpaired } = expected(model, key, query);
      const line = byLine.get(`${model.runId} ${key}`);
      expect(line?.total ?? 0).toBe(points.length);
      if (line === undefined) continue;
      found++;
      expect(line.unpaired).toBe(unpaired);
      expect(line.exact).toBe(points.length <= query.samples);
      compareLine(line, points, query.samples);
      if (query.aligned && !line.exact) expect(line.buckets.grid).toBe(grid);
    }
  }
  expect(lines.length).toBe(found);
  if (query.aligned && grid !== undefined) compareBands(layout, models, query);
}

function compareLine(line: HistorySeries, points: readonly Point[], samples: number): void {
  if (line.exact) {
    expect([...line.x]).toEqual(points.map(({ x }) => x));
    expect([...line.points.steps]).toEqual(points.map(({ step }) => step));
    expect([...line.points.times]).toEqual(points.map(({ time }) => time));
    expect(toWireValues(line.points)).toEqual(points.map(({ value }) => value));
    return;
  }
  const columns = columnsOf(line.buckets);
  expect(columns.start.length).toBeLessThanOrEqual(samples);
  const naive = bucketsOf(points, columns.width);
  expect({ ...columns, mean: null }).toEqual({ ...naive, mean: null });
  for (const [b, mean] of naive.mean.entries()) {
    const scale = Math.max(Math.abs(naive.min[b] ?? 0), Math.abs(naive.max[b] ?? 0), 1);
    expect(Math.abs((columns.mean[b] ?? 0) / scale - (mean ?? 0) / scale)).toBeLessThan(1e-9);
  }
}

/** By the definition: a bucket holds start <= x < start + width, and every finite value in it counts once. */
function bucketsOf(points: readonly Point[], width: number) {
  const groups = new Map<number, Point[]>();
  for (const point of points) {
    if (point.value === "text") continue;
    const start = Math.floor(point.x / width) * width + 0;
    const members = groups.get(start);
    if (members) members.push(point);
    else groups.set(start, [point]);
  }
  const all = [...groups].map(([start, members]) => {
    const finite = members.flatMap(({ step, value }) => (typeof value === "number" ? [{ step, value }] : []));
    const values = finite.map(({ value }) => value);
    const some = finite.length > 0;
    return {
      start,
      first: finite.at(0)?.value ?? null,
      firstStep: finite.at(0)?.step ?? null,
      last: finite.at(-1)?.value ?? null,
      lastStep: finite.at(-1)?.step ?? null,
      min: some ? Math.min(...values) : null,
      max: some ? Math.max(...values) : null,
      mean: some ? values.reduce((sum, value) => sum + value / values.length, 0) : null,
      count: finite.length,
      nonFinite: members.length - finite.length,
    };
  });
  const column = <K extends keyof (typeof all)[number]>(name: K) => all.map((one) => one[name]);
  return {
    width,
    start: column("start"),
    first: column("first"),
    firstStep: column("firstStep"),
    last: column("last"),
    lastStep: column("lastStep"),
    min: column("min"),
    max: column("max"),
    mean: column("mean"),
    count: column("count"),
    nonFinite: column("nonFinite"),
  };
}

function compareBands({ lines, grid }: Layout, models: readonly Model[], query: Query): void {
  if (grid === undefined) return;
  for (const band of toBands(lines, grid)) {
    const perRun = models.map((model) => bucketsOf(expected(model, band.key, query).points, grid.width));
    for (const [i, start] of band.start.entries()) {
      expect(Number.isInteger((start - edgeOf(grid, 0)) / grid.width)).toBe(true);
      const here = perRun.flatMap(({ start: starts, mean, min, max }) => {
        const b = starts.indexOf(start);
        return b >= 0 && mean[b] != null ? [{ mean: mean[b], min: min[b] ?? 0, max: max[b] ?? 0 }] : [];
      });
      expect(band.runs[i]).toBe(here.length);
      expect(band.min[i]).toBe(Math.min(...here.map(({ min }) => min)));
      expect(band.max[i]).toBe(Math.max(...here.map(({ max }) => max)));
      const scale = Math.max(1, ...here.map(({ min, max }) => Math.max(Math.abs(min), Math.abs(max))));
      const mean = here.reduce((sum, one) => sum + one.mean / scale / here.length, 0);
      expect(Math.abs((band.mean[i] ?? 0) / scale - mean)).toBeLessThan(1e-9);
      const squares = here.reduce((sum, one) => sum + (one.mean / scale - mean) ** 2, 0);
      const sd = here.length > 1 ? Math.sqrt(squares / (here.length - 1)) : null;
      // Squares of 1e300 are no doubles: no deviation is said then.
      if (band.sd[i] === null) expect(here.length === 1 || scale > 1e150).toBe(true);
      else expect(Math.abs((band.sd[i] ?? 0) / scale - (sd ?? 0))).toBeLessThan(1e-7);
    }
  }
}
