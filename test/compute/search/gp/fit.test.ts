import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDice } from "@/compute/search/gp/dice";
import { mostLikely, openLikelihood } from "@/compute/search/gp/fit";
import { defaultTheta, highest, lowest, penalty, toHyper } from "@/compute/search/gp/hyper";
import { drawData, drawTheta, kernelOf, MIXED, solveDense } from "../../../support/gp";

const unitOf = (seed: string) => openDice(seed, ["fit"]).unit;
const seeds = fc.string({ maxLength: 8 });
const length = MIXED.count + 2;
const penaltyAt = (theta: Float64Array): number => penalty(theta, MIXED.count, new Float64Array(length));

describe("the likelihood", () => {
  test("has the slope that its differences show, in each hyperparameter", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 2, max: 25 }),
        fc.constantFrom(0, 1, 10),
        (seed, count, levelVariance) => {
          const unit = unitOf(seed);
          const likelihood = openLikelihood({ ...drawData(MIXED, count, unit), levelVariance });
          const theta = drawTheta(MIXED, unit);
          const gradient = new Float64Array(length);
          const unused = new Float64Array(length);
          likelihood(theta, gradient);
          const step = 1e-5;
          for (let i = 0; i < length; i++) {
            const [up, down] = [theta.slice(), theta.slice()];
            up[i] = (theta[i] as number) + step;
            down[i] = (theta[i] as number) - step;
            const found = (likelihood(up, unused) - likelihood(down, unused)) / (2 * step);
            const scale = 1 + Math.abs(found);
            expect(Math.abs(found - (gradient[i] as number)) / scale, `θ${i}`).toBeLessThan(2e-5);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of one row a configuration is that of its single runs, up to what no hyperparameter changes", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const unit = unitOf(seed);
        const { points, runs, ...data } = drawData(MIXED, 5, unit);
        const single = points.flatMap((x, i) =>
          Array.from({ length: runs[i] as number }, () => ({ i, x, y: 2 * unit() - 1 })),
        );
        const y = Float64Array.from(points, (_, i) => {
          const own = single.filter((run) => run.i === i);
          return own.reduce((sum, run) => sum + run.y, 0) / own.length;
        });
        const scatter = single.reduce((sum, run) => sum + (run.y - (y[run.i] as number)) ** 2, 0);
        const likelihood = openLikelihood({ ...data, y, runs, scatter });
        /** -ln N(all single runs; 0, a k + s I), without the constant. */
        const naive = (theta: Float64Array): number => {
          const { s } = toHyper(theta, MIXED.count);
          const K = single.map((a, i) =>
            single.map((b, j) => kernelOf(MIXED, theta, a.x, b.x) + (i === j ? s : 0)),
          );
          const targets = single.map((run) => run.y);
          const { x, logDet } = solveDense(K, targets);
          return 0.5 * logDet + 0.5 * x.reduce((sum, each, i) => sum + each * (targets[i] as number), 0);
        };
        const [one, other] = [drawTheta(MIXED, unit), drawTheta(MIXED, unit)];
        const gradient = new Float64Array(length);
        const mine =
          likelihood(one, gradient) - penaltyAt(one) - (likelihood(other, gradient) - penaltyAt(other));
        const expected = naive(one) - naive(other);
        expect(Math.abs(mine - expected)).toBeLessThan(1e-8 * (1 + Math.abs(expected)));
      }),
      { numRuns: 40 },
    );
  });

  test("is not lower anywhere that a fit has looked, and a fit stays within its bounds", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 20 }), (seed, count) => {
        const unit = unitOf(seed);
        const data = drawData(MIXED, count, unit);
        const starts = [defaultTheta(MIXED.count), drawTheta(MIXED, unit)];
        const best = mostLikely(data, starts, 40);
        const at = openLikelihood(data);
        const unused = new Float64Array(length);
        for (const start of starts) expect(at(best, unused)).toBeLessThanOrEqual(at(start, unused));
        const [low, high] = [lowest(MIXED.count), highest(MIXED.count)];
        for (let i = 0; i < length; i++) {
          expect(best[i]).toBeGreaterThanOrEqual(low[i] as number);
          expect(best[i]).toBeLessThanOrEqual(high[i] as number);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("tells noise from signal by repeated runs: points that scatter by 0.5 get a noise of 0.25 within a factor of two", () => {
    const unit = unitOf("noise");
    const data = drawData({ count: 1, kinds: ["number"] }, 30, unit);
    const runs = new Float64Array(30).fill(4);
    const y = data.points.map(([x = 0]) => Math.sin(6 * x));
    const theta = mostLikely(
      { ...data, y: Float64Array.from(y), runs, extraRuns: 90, scatter: 90 * 0.25 },
      [defaultTheta(1)],
      40,
    );
    const { s } = toHyper(theta, 1);
    expect(s).toBeGreaterThan(0.125);
    expect(s).toBeLessThan(0.5);
  });
});
