import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smooth } from "@/ui/charts/prepare/smooth";

const steps = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i);
const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
  minLength: 1,
  maxLength: 50,
});

describe("smooth", () => {
  test("at zero is the raw data, exactly", () => {
    fc.assert(
      fc.property(values, (raw) => {
        expect([...smooth(steps(raw.length), Float64Array.from(raw), 0)]).toEqual(raw);
      }),
    );
  });

  test("begins at the first raw point, whatever the weight", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 0.999, noNaN: true }), (raw, weight) => {
        expect(smooth(steps(raw.length), Float64Array.from(raw), weight)[0]).toBe(raw[0]);
      }),
    );
  });

  test("stays between the least and the greatest", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 0.999, noNaN: true }), (raw, weight) => {
        const [low, high] = [Math.min(...raw), Math.max(...raw)];
        const room = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
        for (const value of smooth(steps(raw.length), Float64Array.from(raw), weight)) {
          expect(value).toBeGreaterThanOrEqual(low - room);
          expect(value).toBeLessThanOrEqual(high + room);
        }
      }),
    );
  });

  test("of evenly spread points is the debiased average that TensorBoard draws", () => {
    const raw = Float64Array.of(1, 2, 4, 8);
    const weight = 0.5;
    let [last, bias] = [0, 0];
    const expected = [...raw].map((value) => {
      last = last * weight + (1 - weight) * value;
      bias = bias * weight + (1 - weight);
      return last / bias;
    });
    smooth(steps(4), raw, weight).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 12);
    });
  });

  test("a gap stays a gap, and what lies far behind counts less than what is near", () => {
    const smoothed = smooth(Float64Array.of(0, 1, 2, 3), Float64Array.of(0, Number.NaN, 10, 10), 0.5);
    expect(smoothed[1]).toBeNaN();
    const near = smooth(Float64Array.of(0, 1, 2), Float64Array.of(0, 0, 10), 0.9)[2] as number;
    const far = smooth(Float64Array.of(0, 1, 50), Float64Array.of(0, 0, 10), 0.9)[2] as number;
    expect(far).toBeGreaterThan(near);
  });

  test("points at one x count alike", () => {
    expect(smooth(Float64Array.of(3, 3), Float64Array.of(1, 3), 0.9)[1]).toBeGreaterThan(1);
  });
});
