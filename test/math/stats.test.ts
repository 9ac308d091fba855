import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fitYeoJohnson,
  median,
  moments,
  normalScores,
  quantile,
  ranks,
  robustDeviation,
  yeoJohnson,
  yeoJohnsonInverse,
} from "@/math/stats";

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });

describe("summaries", () => {
  test("quantiles are NumPy's", () => {
    const values = [7, 1, 3, 10];
    expect([0, 0.5, 1].map((q) => quantile(values, q))).toEqual([1, 5, 10]);
    expect(quantile(values, 0.1)).toBeCloseTo(1.6, 14);
    expect(quantile(values, 0.9)).toBeCloseTo(9.1, 14);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([-1e308, 1e308])).toBe(0);
    expect([median([]), quantile([1], 2), quantile([1], Number.NaN)]).toEqual([NaN, NaN, NaN]);
  });

  test("quantiles rise with q, lie within the list and do not disturb it", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), unit, unit, (values, a, b) => {
        const before = [...values];
        const low = quantile(values, Math.min(a, b));
        const high = quantile(values, Math.max(a, b));
        // between equal neighbours the straight line may miss by its last digit
        expect(low).toBeLessThanOrEqual(high + 1e-15 * Math.abs(high));
        // + 0, since which of -0 and 0 comes first is nobody's concern: [-0] once failed here
        const [least, most] = [Math.min(...values), Math.max(...values)].map((x) => x + 0) as [
          number,
          number,
        ];
        expect(quantile(values, 0) + 0).toBe(least);
        expect(quantile(values, 1) + 0).toBe(most);
        expect(low).toBeGreaterThanOrEqual(least - 1e-15 * Math.abs(least));
        expect(high).toBeLessThanOrEqual(most + 1e-15 * Math.abs(most));
        expect(values).toEqual(before);
      }),
    );
  });

  test("mean and variance keep their digits far from zero and at any scale", () => {
    for (const scale of [2 ** -30, 1, 2 ** 30]) {
      const { mean, variance } = moments([4, 7, 13, 16].map((x) => (x + 2 ** 29) * scale));
      expect(mean / scale - 2 ** 29).toBe(10);
      expect(variance / scale ** 2).toBe(22.5);
    }
    expect(moments([5])).toEqual({ mean: 5, variance: 0 });
    expect(moments([]).mean).toBeNaN();
  });

  test("the robust deviation is the standard deviation of a normal sample, and half of the values may be anything", () => {
    const sample = normalScores(Array.from({ length: 1001 }, (_, i) => i));
    expect(robustDeviation(sample)).toBeCloseTo(1, 2);
    const spoilt = [...sample.map((x, i) => (i % 3 === 0 ? 1e300 * (x + 4) : x))];
    expect(robustDeviation(spoilt)).toBeLessThan(5);
    expect(robustDeviation([2, 2, 2])).toBe(0);
  });

  test("equal values share their rank, and normal scores are symmetric", () => {
    expect([...ranks([10, 20, 10, 5])]).toEqual([2.5, 4, 2.5, 1]);
    expect([...ranks([])]).toEqual([]);
    const scores = normalScores([3, 1, 2, 5, 4]);
    expect(scores[2]).toBe(-(scores[4] ?? 0));
    expect(scores[0]).toBe(0);
    expect(scores[3]).toBeCloseTo(1.179761, 6);
  });
});

describe("Yeo and Johnson's transformation", () => {
  const lambda = fc.double({ min: -2, max: 4, noNaN: true });

  test("rises, keeps 0 and the slope at 0, and mirrors when lambda becomes 2 - lambda", () => {
    fc.assert(
      fc.property(finite, finite, lambda, (a, b, l) => {
        const low = yeoJohnson(Math.min(a, b), l);
        const high = yeoJohnson(Math.max(a, b), l);
        expect(low).toBeLessThanOrEqual(high + 1e-14 * Math.abs(high));
        expect(yeoJohnson(-a, 2 - l) + yeoJohnson(a, l)).toBeCloseTo(0, 10 - Math.log10(1 + Math.abs(high)));
        expect(yeoJohnson(1e-9, l) / 1e-9).toBeCloseTo(1, 7);
      }),
      { numRuns: 1000 },
    );
    expect([-2, 0, 1, 2, 4].map((l) => yeoJohnson(0, l) + 0)).toEqual([0, 0, 0, 0, 0]);
    expect(yeoJohnson(-3, 1)).toBeCloseTo(-3, 14);
  });

  test("is undone by its inverse over the values that a model sees", () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), lambda, (y, l) => {
        expect(yeoJohnsonInverse(yeoJohnson(y, l), l)).toBeCloseTo(y, 10);
      }),
      { numRuns: 1000 },
    );
  });

  test("has an inverse that is not a number beyond its range", () => {
    // with lambda -1 nothing is mapped above 1
    expect(yeoJohnsonInverse(1.1, -1)).toBeNaN();
    expect(yeoJohnsonInverse(1, -1)).toBe(Infinity);
  });

  test("is fitted as SciPy fits it", () => {
    const fits = JSON.parse(readFileSync("test/fixtures/reference/yeo-johnson.json", "utf8")) as {
      name: string;
      values: number[];
      lambda: number;
    }[];
    for (const { name, values, lambda: expected } of fits) {
      const clipped = Math.min(4, Math.max(-2, expected));
      expect(Math.abs(fitYeoJohnson(values) - clipped), name).toBeLessThan(1e-5);
    }
  });

  test("makes a skewed list less skewed", () => {
    const skew = (values: ArrayLike<number>): number => {
      const { mean, variance } = moments(values);
      return (
        Array.from(values, (x) => ((x - mean) / Math.sqrt(variance)) ** 3).reduce((a, b) => a + b, 0) /
        values.length
      );
    };
    const values = normalScores(Array.from({ length: 99 }, (_, i) => i)).map((z) => Math.exp(1.2 * z) - 2);
    const found = fitYeoJohnson(values);
    expect(skew(values)).toBeGreaterThan(2);
    expect(Math.abs(skew(values.map((y) => yeoJohnson(y, found))))).toBeLessThan(0.5);
  });

  test("stays within its bounds and finite whatever the values, and changes nothing that does not vary", () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 30 }), (values) => {
        const found = fitYeoJohnson(values);
        expect(found >= -2 && found <= 4).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect([fitYeoJohnson([]), fitYeoJohnson([3]), fitYeoJohnson([2, 2, 2])]).toEqual([1, 1, 1]);
    expect(fitYeoJohnson([0, 1e9, 1e-9, -1e9, 3], { lower: 0, upper: 2 })).toBeCloseTo(1, 1);
  });
});
