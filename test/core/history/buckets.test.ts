import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BucketFold, bucketWidth } from "@/core/history/buckets";
import type { Points } from "@/core/history/column";
import { meanOfValues, summarize } from "@/core/history/summary";

const toPoints = (list: readonly (readonly [step: number, value: number])[]): Points => ({
  steps: Float64Array.from(list, ([step]) => step),
  times: new Float64Array(list.length),
  values: Float64Array.from(list, ([, value]) => value),
});

describe("buckets", () => {
  test("are as narrow as the samples allow, in powers of two", () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.maxSafeInteger(),
        fc.integer({ min: 1, max: 1500 }),
        (a, b, samples) => {
          const range = { min: Math.min(Math.abs(a), Math.abs(b)), max: Math.max(Math.abs(a), Math.abs(b)) };
          const width = bucketWidth(range, samples);
          const buckets = (w: number) => Math.floor(range.max / w) - Math.floor(range.min / w) + 1;
          expect(Math.log2(width) % 1).toBe(0);
          expect(buckets(width)).toBeLessThanOrEqual(samples);
          if (width > 1) expect(buckets(width / 2)).toBeGreaterThan(samples);
        },
      ),
    );
  });

  test("of a run that grows stay where they were, or two become one", () => {
    const line = (n: number) => {
      const fold = new BucketFold({ min: 0, max: n - 1 }, 16);
      fold.addPoints(toPoints(Array.from({ length: n }, (_, i) => [i, Math.sin(i)])));
      return fold.finish();
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
        const range = { min: 0, max: 16 * 8 - 1 };
        const [whole, read] = [new BucketFold(range, 8), new BucketFold(range, 8)];
        for (const [i, list] of chunks.entries()) {
          const points = toPoints(list.map((value, k) => [16 * i + k, value] as const));
          const summary = summarize(points);
          const stats = {
            ...summary,
            mean: meanOfValues(points.values),
            axisFirst: 16 * i,
            axisLast: 16 * i + list.length - 1,
          };
          expect(whole.holdsChunk(stats)).toBe(true);
          whole.addChunk(stats);
          read.addPoints(points);
        }
        const [a, b] = [whole.finish(), read.finish()];
        expect({ ...a, mean: null }).toEqual({ ...b, mean: null });
        for (const [i, mean] of b.mean.entries()) {
          const scale = Math.max(Math.abs(b.min[i] ?? 0), Math.abs(b.max[i] ?? 0));
          expect(Math.abs((a.mean[i] ?? 0) / scale - (mean ?? 0) / scale) || 0).toBeLessThan(1e-9);
        }
      }),
    );
  });

  test.each([1e308, -1.7e308, 1e-300, 1])("have their mean between their bounds at the scale %d", (scale) => {
    const fold = new BucketFold({ min: 0, max: 99 }, 1);
    fold.addPoints(toPoints(Array.from({ length: 100 }, (_, i) => [i, scale * (0.5 + (i % 2) / 2)])));
    const { mean, min, max } = fold.finish();
    expect((mean[0] as number) / scale).toBeCloseTo(0.75, 9);
    expect(mean[0]).toBeGreaterThanOrEqual(min[0] as number);
    expect(mean[0]).toBeLessThanOrEqual(max[0] as number);
  });

  test("leave out what lies outside of the range and what is no number", () => {
    const fold = new BucketFold({ min: 2, max: 5 }, 2);
    const points = toPoints([
      [1, 9],
      [2, 1],
      [3, Number.NaN],
      [4, Number.NaN],
      [6, 9],
    ]);
    fold.addPoints({ ...points, others: new Map([[2, '"text"']]) });
    expect(fold.finish()).toMatchObject({
      start: [2, 4],
      count: [1, 0],
      nonFinite: [0, 1],
      first: [1, null],
    });
  });

  test("refuse what can't be a range", () => {
    expect(() => new BucketFold({ min: 2, max: 1 }, 5)).toThrow("no step lies between 2 and 1");
    expect(() => new BucketFold({ min: 0, max: 1 }, 0)).toThrow("samples is 0");
  });
});
