import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { betaCdf, betaPpf, logGamma, normalCdf, normalPpf } from "@/math/special";

/** What SciPy 1.17 gave. */
type Row = ["normalCdf" | "normalPpf" | "betaCdf" | "betaPpf", number[], number];
const rows = JSON.parse(readFileSync("test/fixtures/reference/scipy.json", "utf8")) as Row[];

const functions = { normalCdf, normalPpf, betaCdf, betaPpf };
const call = (name: Row[0], [x = 0, a = 0, b = 0]: readonly number[]): number => functions[name](x, a, b);
const isAsymmetric = ([, a = 0, b = 0]: readonly number[]): boolean =>
  Math.max(a, b) > 1000 || Math.min(a, b) < 0.1;

describe("distribution functions", () => {
  test.each(["normalCdf", "normalPpf", "betaCdf", "betaPpf"] as const)(
    "%s agrees with SciPy to 12 digits",
    (name) => {
      const mine = rows.filter(([of]) => of === name);
      expect(mine.length).toBeGreaterThan(15);
      for (const [, args, expected] of mine) {
        const found = call(name, args);
        const tolerance = name.startsWith("beta") && isAsymmetric(args) ? 1e-11 : 1e-12;
        expect(Math.abs(found - expected), `${name}(${args})`).toBeLessThanOrEqual(
          tolerance * Math.abs(expected) + 1e-300,
        );
      }
    },
  );

  const unit = fc.integer({ min: 1, max: 2 ** 53 - 1 }).map((n) => n / 2 ** 53);
  const shape = fc.double({ min: 0.05, max: 5000, noNaN: true });

  test("the normal quantile is the inverse, antisymmetric, and rises", () => {
    fc.assert(
      fc.property(unit, (u) => {
        const x = normalPpf(u);
        expect(normalPpf(1 - u)).toBe(-x);
        expect(Math.abs(normalCdf(x) - u)).toBeLessThanOrEqual(2e-15);
        expect(normalPpf(Math.min(u * 1.001, 1))).toBeGreaterThanOrEqual(x);
      }),
      { numRuns: 1000 },
    );
  });

  test("the beta quantile is the inverse, and mirrors when a and b change places", () => {
    fc.assert(
      fc.property(unit, shape, shape, (u, a, b) => {
        const x = betaPpf(u, a, b);
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(1);
        // u between the CDFs of the neighbours: where the density is huge one double of x moves u far
        const slack = 1e-11;
        expect(betaCdf(x * (1 - 1e-13), a, b)).toBeLessThanOrEqual(u + slack);
        expect(betaCdf(Math.min(1, x * (1 + 1e-13) + 1e-300), a, b)).toBeGreaterThanOrEqual(u - slack);
        expect(betaPpf(1 - u, b, a)).toBeCloseTo(1 - x, 11);
      }),
      { numRuns: 300 },
    );
  });

  test("edges: 0, 1, outside, and parameters of 0", () => {
    expect([normalPpf(0), normalPpf(1), normalPpf(0.5)]).toEqual([-Infinity, Infinity, 0]);
    expect([normalPpf(-0.1), normalPpf(1.1), betaPpf(2, 1, 1), betaCdf(0.5, -1, 1)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect([betaPpf(0, 2, 3), betaPpf(1, 2, 3), betaCdf(0, 2, 3), betaCdf(1, 2, 3)]).toEqual([0, 1, 0, 1]);
    expect([betaCdf(0.5, 0, 1), betaCdf(0.5, 1, 0), betaCdf(0.5, 0, 0)]).toEqual([1, 0, 0.5]);
  });

  test("logGamma knows factorials", () => {
    expect(logGamma(1)).toBeCloseTo(0, 14);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 14);
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 13);
    expect(logGamma(171)).toBeCloseTo(706.5730622457874, 10);
  });
});
