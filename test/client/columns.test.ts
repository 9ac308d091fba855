import fc from "fast-check";
import { expect, test } from "vitest";
import { type ColumnBatch, Columns, type Point, splitColumns } from "@/client/columns";

const point = fc.record({
  step: fc.integer({ min: 0, max: 30 }),
  timeMs: fc.integer({ min: 0, max: 1e6 }),
  entries: fc.array(
    fc.tuple(fc.constantFrom("loss", "acc", "a/b c", "__proto__"), fc.oneof(fc.double(), fc.string())),
    {
      maxLength: 4,
    },
  ),
});

/** Step -> name -> value, as a reader of the batch and as a naive collector see it. */
const readBack = (columns: Columns) => {
  const batch = columns.take();
  const cells = new Map<string, unknown>();
  for (const { key, values } of batch?.series ?? []) {
    expect(values.length).toBe(batch?.steps.length);
    values.forEach((value, row) => {
      if (value !== null) cells.set(`${batch?.steps[row]} ${key}`, value);
    });
  }
  return { cells, steps: batch?.steps ?? [], times: batch?.times ?? [] };
};

test("columns hold exactly what was logged, and the same step merges", () => {
  fc.assert(
    fc.property(fc.array(point, { maxLength: 40 }), (unsorted) => {
      const points: Point[] = unsorted.toSorted((a, b) => a.step - b.step);
      const columns = new Columns();
      const expected = new Map<string, unknown>();
      for (const { step, entries, ...rest } of points) {
        columns.add({ step, entries, ...rest });
        for (const [key, value] of entries) expected.set(`${step} ${key}`, value);
      }
      const { cells, steps, times } = readBack(columns);
      expect(cells).toEqual(expected);
      expect(steps).toEqual([...new Set(points.map(({ step }) => step))]);
      expect(times.length).toBe(steps.length);
      expect(columns.take()).toBeUndefined();
    }),
  );
});

test("the size that decides when a batch is closed is near the size of its JSON", () => {
  const columns = new Columns();
  for (let step = 0; step < 1_000; step++)
    columns.add({
      step,
      timeMs: 1_760_000_000_000 + step,
      entries: [
        ["loss", Math.sin(step)],
        ["note", `step ${step}`],
      ],
    });
  const { bytes } = columns;
  const { length } = JSON.stringify(columns.take());
  expect(bytes / length).toBeGreaterThan(0.7);
  expect(bytes / length).toBeLessThan(1.5);
});

test("the nulls of metrics that were logged once are counted in a batch's size", () => {
  const columns = new Columns();
  const once = Array.from({ length: 300 }, (_, index) => [`metric ${index}`, index] as const);
  columns.add({ step: 0, timeMs: 0, entries: once });
  for (let step = 1; step < 1_000; step++) columns.add({ step, timeMs: step, entries: [["loss", step]] });
  const { bytes } = columns;
  const { length } = JSON.stringify(columns.take());
  expect(bytes).toBeGreaterThan(length * 0.9);
});

test("a batch divided down to single values says the same", () => {
  const columns = new Columns();
  for (let step = 0; step < 7; step++)
    columns.add({
      step,
      timeMs: step,
      entries: [
        ["loss", step],
        [`odd ${step % 3}`, "x"],
      ],
    });
  const whole = columns.take();
  const divide = (batch: ColumnBatch): ColumnBatch[] => splitColumns(batch)?.flatMap(divide) ?? [batch];
  const cellsOf = ({ steps, series }: ColumnBatch) =>
    series.flatMap(({ key, values }) =>
      values.flatMap((value, row) => (value === null ? [] : [`${steps[row]} ${key} ${value}`])),
    );
  const parts = whole ? divide(whole) : [];
  expect(parts.length).toBe(14);
  expect(parts.flatMap(cellsOf).sort()).toEqual((whole ? cellsOf(whole) : []).sort());
});
