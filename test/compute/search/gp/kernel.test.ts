import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDice } from "@/compute/search/gp/dice";
import { toHyper } from "@/compute/search/gp/hyper";
import { ABSENT, crossDistances, crossSlope, distance, matern } from "@/compute/search/gp/kernel";
import { cholesky } from "@/math/cholesky";
import { decay } from "@/math/decay";
import { drawData, drawPoint, drawTheta, kernelOf, MIXED } from "../../../support/gp";

const unitOf = (seed: string) => openDice(seed, ["test"]).unit;
const seeds = fc.string({ maxLength: 8 });

describe("e^-x for kernels", () => {
  test("is e^-x to 4e-16, ends at 708, and is 1 at 0", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 707, noNaN: true }), (x) => {
        // Math.exp itself is within 1 unit in the last place
        expect(Math.abs(decay(x) / Math.exp(-x) - 1)).toBeLessThan(4e-16 + 2.3e-16);
      }),
      { numRuns: 5000 },
    );
    expect([decay(0), decay(708), decay(Infinity), decay(Number.NaN)]).toEqual([1, 0, 0, Number.NaN]);
  });
});

describe("the kernel", () => {
  test("is Matérn-5/2 of the weighted distances, whichever way it is computed", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const unit = unitOf(seed);
        const { X, points, count } = drawData(MIXED, 7, unit);
        const theta = drawTheta(MIXED, unit);
        const x = drawPoint(MIXED, unit);
        const { w, a } = toHyper(theta, MIXED.count);
        const k = new Float64Array(count);
        crossDistances(MIXED, w, X, count, count, x, k);
        matern(k, count, null);
        for (const [i, point] of points.entries())
          expect(a * (k[i] as number)).toBeCloseTo(kernelOf(MIXED, theta, x, point), 12);
      }),
      { numRuns: 100 },
    );
  });

  test("has no negative eigenvalue over mixed and conditional points: a factor exists with 1e-9 of noise", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 40 }), (seed, count) => {
        const unit = unitOf(seed);
        const { points } = drawData(MIXED, count, unit);
        const theta = drawTheta(MIXED, unit);
        const K = Float64Array.from({ length: count * count }, (_, at) => {
          const [i, j] = [Math.floor(at / count), at % count];
          const k = kernelOf(MIXED, theta, points[i] as Float64Array, points[j] as Float64Array);
          return i === j ? k * (1 + 1e-9) : k;
        });
        expect(cholesky(K, count, { maxJitter: 0 }).ok).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("tells conditional points from absent ones by 1, and two absent ones not at all", () => {
    expect(distance("conditional", ABSENT, 0.3)).toBe(1);
    expect(distance("conditional", ABSENT, ABSENT)).toBe(0);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b) => {
          expect(distance("conditional", a, b)).toBeCloseTo(2 - 2 * Math.cos(a - b), 14);
        },
      ),
    );
  });

  test("has the slopes that differences show, in q and in each number", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const unit = unitOf(seed);
        const q = 1e-3 + 5 * unit();
        const ends = new Float64Array([q - 1e-5, q + 1e-5]);
        const [at, slope] = [new Float64Array([q]), new Float64Array(1)];
        matern(ends, 2, null);
        matern(at, 1, slope);
        expect(slope[0]).toBeCloseTo(((ends[1] as number) - (ends[0] as number)) / 2e-5, 6);

        const { X, count } = drawData(MIXED, 5, unit);
        const { w } = toHyper(drawTheta(MIXED, unit), MIXED.count);
        const c = Float64Array.from({ length: count }, () => unit() - 0.5);
        const x = drawPoint(MIXED, unit);
        const sumAt = (moved: Float64Array): number => {
          const out = new Float64Array(count);
          crossDistances(MIXED, w, X, count, count, moved, out);
          return out.reduce((sum, each, i) => sum + each * (c[i] as number), 0);
        };
        for (const [d, kind] of MIXED.kinds.entries()) {
          const found = crossSlope(MIXED, w, X, count, count, x, d, c);
          if (kind === "category" || x[d] === ABSENT) {
            expect(found).toBe(0);
            continue;
          }
          const [up, down] = [x.slice(), x.slice()];
          up[d] = (x[d] as number) + 1e-6;
          down[d] = Math.max(0, (x[d] as number) - 1e-6);
          const step = (up[d] as number) - (down[d] as number);
          const scale = 1 + Math.abs(found);
          expect(Math.abs((sumAt(up) - sumAt(down)) / step - found)).toBeLessThan(1e-4 * scale);
        }
      }),
      { numRuns: 100 },
    );
  });
});
