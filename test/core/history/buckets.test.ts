import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Placed } from "@/core/history/axis";
import { BucketFold } from "@/core/history/buckets";
import { edgeOf, gridOf } from "@/core/history/grid";
import { meanOfValues, summarize } from "@/core/history/summary";
import { columnsOf } from "../../support/history";

const toPoints = (list: readonly (readonly [step: number, value: number])[]): Placed => {
  const steps = Float64Array.from(list, ([step]) => step);
  const values = Float64Array.from(list, ([, value]) => value);
  return { points: { steps, times: new Float64Array(list.length), values }, x: steps };
};

describe("buckets", () => {
  test("are as narrow as the samples allow, in powers of two, with exact edges", () => {
    const place = fc.double({ noDefaultInfinity: true, noNaN: true });
    fc.assert(
      fc.property(place, place, fc.integer({ min: 2, max: 1500 }), fc.boolean(), (a, b, samples, whole) => {
        const [min = 0, max = 0] = [a, b].map(whole ? toStep : Number).sort((a, b) => a - b);
        const grid = whole ? gridOf({ min, max }, samples, 1) : gridOf({ min, max }, samples);
        expect(Number.isInteger(Math.log2(grid.width))).toBe(true);
        const widest = grid.width === 2 ** 1023;
        expect(grid.size).toBeLessThanOrEqual(widest ? Math.max(samples, 4) : samples);
        for (const x of [min, max]) {
          if ((x / grid.width) * grid.width !== x) continue; // so close to zero that the quotient is
          const bucket = Math.floor(x / grid.width) - grid.base;
          expect(bucket).toBeGreaterThanOrEqual(0);
          expect(bucket).toBeLessThan(grid.size);
          expect(Number.isFinite(edgeOf(grid, bucket))).toBe(true);
          expect(edgeOf(grid, bucket)).toBeLessThanOrEqual(x);
          expect(edgeOf(grid, bucket + 1)).toBeGreaterThan(x);
        }
        const half = grid.width / 2;
        // Zero alone has one bucket whatever its width, so it has the width of a step.
        const greatest = Math.max(Math.abs(min), Math.abs(max));
        const least = whole || greatest === 0 ? 1 : greatest * 2 ** -51;
        if (half >= least && half > 0)
          expect(Math.floor(max / half) - Math.floor(min / half) + 1).toBeGreaterThan(samples);
      }),
      // Found by three million draws: a range of zero alone, and one that a bucket of two times 2^1023 would have to hold.
      {
        examples: [
          [0, 0, 2, false],
          [-(2 ** -52), 2 ** 1023, 2, false],
          [-Number.MAX_VALUE, Number.MAX_VALUE, 2, false],
        ],
      },
    );
  });

  test("of a run that grows stay where they were, or two become one", () => {
    const line = (n: number) => {
      const fold = new BucketFold(gridOf({ min: 0, max: n - 1 }, 16, 1));
      fold.addPoints(toPoints(Array.from({ length: n }, (_, i) => [i, Math.sin(i)])));
      return columnsOf(fold.finish());
    };
    const before = line(60);
    const after = line(70);
    expect([before.width, after.width]).toEqual([4, 8]);
    const halves = before.max.slice(0, 14) as number[];
    expect(after.max.slice(0, 7)).toEqual(
      Array.from({ length: 7 }, (_, b) => Math.max(halves[2 * b] as number, halves[2 * b + 1] as number)),
    );
  });

  test("from chunk statistics are those from the points", () => {
    const values = fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (chunks) => {
        const grid = gridOf({ min: 0, max: 16 * 8 - 1 }, 8, 1);
        const [whole, read] = [new BucketFold(grid), new BucketFold(grid)];
        for (const [i, list] of chunks.entries()) {
          const placed = toPoints(list.map((value, k) => [16 * i + k, value] as const));
          const summary = summarize(placed.points);
          const stats = {
            ...summary,
            mean: meanOfValues(placed.points.values),
            axisFirst: 16 * i,
            axisLast: 16 * i + list.length - 1,
          };
          const ends = { firstX: stats.firstStep ?? 16 * i, lastX: stats.lastStep ?? 16 * i };
          whole.addChunk(stats, ends);
          read.addPoints(placed);
        }
        const [a, b] = [columnsOf(whole.finish()), columnsOf(read.finish())];
        expect({ ...a, mean: null }).toEqual({ ...b, mean: null });
        for (const [i, mean] of b.mean.entries()) {
          const scale = Math.max(Math.abs(b.min[i] ?? 0), Math.abs(b.max[i] ?? 0));
          expect(Math.abs((a.mean[i] ?? 0) / scale - (mean ?? 0) / scale) || 0).toBeLessThan(1e-9);
        }
      }),
    );
  });

  test.each([1e308, -1.7e308, 1e-300, 1])("have their mean between their bounds at the scale %d", (scale) => {
    const fold = new BucketFold(gridOf({ min: 0, max: 99 }, 1));
    fold.addPoints(toPoints(Array.from({ length: 100 }, (_, i) => [i, scale * (0.5 + (i % 2) / 2)])));
    const { mean, min, max } = columnsOf(fold.finish());
    expect((mean[0] as number) / scale).toBeCloseTo(0.75, 9);
    expect(mean[0]).toBeGreaterThanOrEqual(min[0] as number);
    expect(mean[0]).toBeLessThanOrEqual(max[0] as number);
  });

  test("leave out what lies outside of the range and what is no number", () => {
    const fold = new BucketFold(gridOf({ min: 2, max: 5 }, 2, 1));
    const { points, x } = toPoints([
      [1, 9],
      [2, 1],
      [3, Number.NaN],
      [4, Number.NaN],
      [6, 9],
    ]);
    fold.addPoints({ points: { ...points, others: new Map([[2, '"text"']]) }, x });
    expect(columnsOf(fold.finish())).toMatchObject({
      start: [2, 4],
      count: [1, 0],
      nonFinite: [0, 1],
      first: [1, null],
    });
  });

  test("refuse what can't be a range", () => {
    expect(() => gridOf({ min: 2, max: 1 }, 5)).toThrow("no place lies between 2 and 1");
    expect(() => gridOf({ min: 0, max: 1 }, 0)).toThrow("samples is 0");
  });
});

/** A whole number of 0 to 2^53 - 1. */
const toStep = (x: number): number => Math.floor(Math.min(Math.abs(x), Number.MAX_SAFE_INTEGER));
