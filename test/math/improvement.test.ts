import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { erfc, erfcx, logEi, logEiDerivative, normalLogCdf } from "@/math/special";

/** Both of all sizes and signs, 1e-9 to 1e8. */
const anySize = fc
  .tuple(fc.double({ min: -9, max: 8, noNaN: true }), fc.boolean())
  .map(([power, isNegative]) => (isNegative ? -1 : 1) * 10 ** power);

describe("log EI", () => {
  test("rises everywhere, the more slowly the higher", () => {
    fc.assert(
      fc.property(anySize, fc.double({ min: 1e-6, max: 1, noNaN: true }), (z, part) => {
        const next = z + part * (1 + Math.abs(z));
        expect(logEi(next)).toBeGreaterThan(logEi(z));
        expect(logEiDerivative(next)).toBeLessThan(logEiDerivative(z));
        expect(logEiDerivative(z)).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });

  test("has the slope that its differences show", () => {
    fc.assert(
      fc.property(fc.double({ min: -40, max: 10, noNaN: true }), (z) => {
        const step = 1e-4;
        const slope = (logEi(z + step) - logEi(z - step)) / (2 * step);
        expect(Math.abs(slope - logEiDerivative(z))).toBeLessThan(1e-7 * (1 + Math.abs(z)));
      }),
      { numRuns: 1000 },
    );
  });

  test("has no step where one formula hands over to the next", () => {
    for (const edge of [-20, -5, -1, 0, 40]) {
      const below = edge - 1e-13;
      const above = edge + 1e-13;
      const rise = (above - below) * logEiDerivative(edge);
      expect(Math.abs(logEi(above) - logEi(below) - rise)).toBeLessThan(2e-14 * (1 + Math.abs(logEi(edge))));
      expect(logEiDerivative(above) / logEiDerivative(below)).toBeCloseTo(1, 12);
    }
  });

  test("knows what lies beyond: infinities and NaN", () => {
    expect([logEi(Infinity), logEi(-Infinity), logEi(Number.NaN)]).toEqual([Infinity, -Infinity, NaN]);
    expect([logEiDerivative(Infinity), logEiDerivative(-Infinity)]).toEqual([0, Infinity]);
    expect(logEiDerivative(Number.NaN)).toBeNaN();
    expect(logEi(-1e200)).toBe(-Infinity);
  });
});

describe("erfcx and the normal's logarithms", () => {
  test("erfcx falls, and is erfc with its decay taken off", () => {
    fc.assert(
      fc.property(fc.double({ min: -26, max: 26, noNaN: true }), (x) => {
        expect(erfcx(x + 0.01)).toBeLessThan(erfcx(x));
        const plain = erfc(x) * Math.exp(x * x);
        expect(Math.abs(erfcx(x) / plain - 1)).toBeLessThan(1e-15 * (10 + 2 * x * x));
      }),
      { numRuns: 2000 },
    );
    expect([erfcx(0), erfcx(Infinity), erfcx(-30), erfcx(Number.NaN)]).toEqual([1, 0, Infinity, NaN]);
  });

  test("log P(Z <= x) rises to 0 and the two tails make one", () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), (x) => {
        expect(normalLogCdf(x)).toBeLessThan(0);
        expect(normalLogCdf(x + 0.01)).toBeGreaterThan(normalLogCdf(x));
        expect(Math.exp(normalLogCdf(x)) + Math.exp(normalLogCdf(-x))).toBeCloseTo(1, 14);
      }),
      { numRuns: 1000 },
    );
    expect([normalLogCdf(Infinity) + 0, normalLogCdf(-Infinity)]).toEqual([0, -Infinity]);
  });
});
