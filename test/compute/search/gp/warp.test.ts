import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitWarp } from "@/compute/search/gp/warp";

const targetsOf = (values: readonly number[], goal: "minimize" | "maximize" = "minimize"): number[] =>
  values.map(fitWarp(values, goal).toTarget);
const spreadOf = (targets: readonly number[]): number => Math.max(...targets) - Math.min(...targets);

describe("targets", () => {
  test("have mean 0 and variance 1, keep the order of what is better, and lead back to their values", () => {
    const values = fc.array(
      fc.integer({ min: -1e6, max: 1e6 }).map((each) => each / 1000),
      { minLength: 3, maxLength: 60 },
    );
    fc.assert(
      fc.property(values, fc.constantFrom("minimize" as const, "maximize" as const), (list, goal) => {
        fc.pre(new Set(list).size > 2);
        const warp = fitWarp(list, goal);
        const targets = list.map(warp.toTarget);
        const mean = targets.reduce((sum, each) => sum + each, 0) / list.length;
        const variance = targets.reduce((sum, each) => sum + (each - mean) ** 2, 0) / list.length;
        expect(mean).toBeCloseTo(0, 6);
        expect(variance).toBeCloseTo(1, 6);
        const sign = goal === "maximize" ? 1 : -1;
        for (let i = 1; i < list.length; i++) {
          const step = sign * ((list[i] as number) - (list[i - 1] as number));
          const moved = (targets[i] as number) - (targets[i - 1] as number);
          expect(step > 0 ? moved >= 0 : moved <= 0).toBe(true);
        }
        const width = Math.max(...list) - Math.min(...list);
        for (const [i, each] of list.entries())
          expect(Math.abs(warp.toValue(targets[i] as number) - each)).toBeLessThan(1e-6 * width);
      }),
      { numRuns: 200 },
    );
  });

  test.each([1e3, 1e10, 1e100, 1e155, 1e200, 1e300])(
    "of good runs stay apart beside one that diverged to %d",
    (diverged) => {
      const targets = targetsOf([0.5, 0.4, 0.45, 0.3, 0.35, 0.42, 0.38, 0.33, diverged]);
      expect(targets.every(Number.isFinite)).toBe(true);
      expect(targets.at(-1)).toBe(Math.min(...targets));
      expect(spreadOf(targets.slice(0, -1))).toBeGreaterThan(0.05);
    },
  );

  test.each([
    [1e-8, 1e305],
    [1e-15, 1e300],
    [1, Number.MAX_VALUE],
    [1e-300, 1e155],
    [1e-306, 1],
  ])("of runs about %d are numbers beside one that diverged to %d, and lead back", (size, diverged) => {
    for (const sign of [1, -1]) {
      const values = [50, 40, 45, 30, 35, 42, 38, 33].map((value) => sign * value * size);
      const warp = fitWarp([...values, sign * diverged], sign > 0 ? "minimize" : "maximize");
      const targets = values.map(warp.toTarget);
      expect(warp.toTarget(sign * diverged)).toBeLessThan(Math.min(...targets));
      expect(spreadOf(targets)).toBeGreaterThan(0.05);
      expect(warp.toValue(warp.toTarget(sign * diverged)) / diverged).toBeCloseTo(sign, 6);
      expect((warp.toValue(targets[3] as number) / size) * sign).toBeCloseTo(30, 6);
    }
  });

  test("of the few that differ stay apart where more than half of the runs came to one value and one diverged", () => {
    const targets = targetsOf([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.4, 0.3, 1e10]);
    const [chance = 0] = targets;
    expect((targets[9] as number) - chance).toBeGreaterThan(0.5);
    expect(targets[9]).toBeGreaterThan(targets[8] as number);
  });

  test("of values too small to be squared are those of the same values in another unit", () => {
    const values = [3, 1, 4, 1.5, 9, 2.6, 5];
    const small = targetsOf(values.map((value) => value * 1e-300));
    for (const [i, target] of targetsOf(values).entries()) expect(small[i]).toBeCloseTo(target, 9);
  });

  test("of a constant are 0", () => {
    expect(targetsOf([0.1, 0.1, 0.1, 0.1])).toEqual([0, 0, 0, 0]);
  });
});
