import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultLambda, openStrategy } from "@/compute/search/cma/strategy";

test("constants for ten numbers are those of pycma: generations of 10, of whom five are worth 3.17", () => {
  expect(defaultLambda(10)).toBe(10);
  const { weights, muEff, chi } = openStrategy(10, 10);
  expect(muEff).toBeCloseTo(3.1673, 4);
  expect(weights[0]).toBeCloseTo(0.4563, 3);
  expect(chi).toBeCloseTo(3.0847, 3);
});

test("weights fall, those of the better half sum to 1, and the covariance keeps a part of itself in any generation", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 4, max: 400 }), (N, lambda) => {
      const { weights, c1, cMu, cSigma, cC, dSigma } = openStrategy(N, lambda);
      for (let i = 1; i < lambda; i++) expect(weights[i]).toBeLessThanOrEqual(weights[i - 1] as number);
      expect(weights.filter((w) => w > 0).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
      const all = weights.reduce((sum, w) => sum + w, 0);
      const down = weights.filter((w) => w < 0).reduce((sum, w) => sum - w, 0);
      expect(1 - c1 - cMu * all).toBeGreaterThanOrEqual(-1e-14);
      // what negative weights take, of vectors as long as N in C's own metric, never exceeds what is kept
      expect(N * cMu * down).toBeLessThanOrEqual(1 - c1 - cMu + 1e-12);
      for (const rate of [c1, cMu, cSigma, cC]) expect(rate).toBeGreaterThanOrEqual(0);
      for (const rate of [c1, cMu, cSigma]) expect(rate).toBeLessThanOrEqual(1);
      expect(dSigma).toBeGreaterThanOrEqual(1);
    }),
  );
});
