import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendPoints, type LiveSeries, toLiveSeries } from "@/ui/charts/prepare/live-series";

const EMPTY = toLiveSeries({
  key: "loss",
  total: 0,
  exact: true,
  points: { x: [], values: [] },
  buckets: null,
});

describe("a live series", () => {
  test("begins with what was read, in points or in buckets", () => {
    const points = { x: [1, 2, 3], values: [0.5, "NaN", 0.25] };
    expect(toLiveSeries({ key: "loss", total: 3, exact: true, points, buckets: null })).toMatchObject({
      values: [0.5, null, 0.25],
      nonFinite: 1,
      points: 3,
    });
    const buckets = { x: [9, 19], last: [2, 1], min: [1, 0], max: [3, 9], nonFinite: [0, 2] };
    expect(toLiveSeries({ key: "loss", total: 20, exact: false, points: null, buckets })).toMatchObject({
      x: [9, 19],
      max: [3, 9],
      nonFinite: 2,
      exact: false,
    });
  });

  test("takes a point that comes again once, with its new value", () => {
    const once = appendPoints(EMPTY, { x: [1, 2], values: [5, 4] });
    const twice = appendPoints(once, { x: [1, 2, 3], values: [5, 4.5, 3] });
    expect(twice).toMatchObject({ x: [1, 2, 3], values: [5, 4.5, 3], points: 3, exact: true });
  });

  test("leaves gaps where a metric was not logged, and counts what is no number", () => {
    const series = appendPoints(EMPTY, { x: [1, 2, 3, 4], values: [1, null, "Infinity", 2] });
    expect(series).toMatchObject({ x: [1, 3, 4], values: [1, null, 2], points: 3, nonFinite: 1 });
  });

  test("stays short however long it gets, and never loses a spike or its last value", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 3_000 }),
        fc.nat(19_999),
        (length, batch, spikeAt) => {
          const values = Array.from({ length }, (_, i) => (i === spikeAt ? 1e6 : Math.sin(i)));
          let series: LiveSeries = EMPTY;
          for (let from = 0; from < length; from += batch) {
            const part = values.slice(from, from + batch);
            series = appendPoints(series, { x: part.map((_, i) => from + i), values: part });
          }
          expect(series.x.length).toBeLessThanOrEqual(1_500 + batch);
          expect(series.points).toBe(length);
          expect(series.values.at(-1)).toBe(values.at(-1));
          expect(series.x.at(-1)).toBe(length - 1);
          expect(Math.max(...series.max.map(Number))).toBe(Math.max(...values));
          expect(Math.min(...series.min.map(Number))).toBe(Math.min(...values));
        },
      ),
      { numRuns: 40 },
    );
  });
});
