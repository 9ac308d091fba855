import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hypervolume, type Point, paretoFront } from "@/compute/analysis/pareto";
import { openChance } from "@/compute/search/gp/chance";
import { openDice } from "@/compute/search/gp/dice";
import { openHypervolume } from "@/compute/search/gp/hypervolume";
import { openImprovement } from "@/compute/search/gp/improvement";
import { ABSENT } from "@/compute/search/gp/kernel";
import { openProbe, type Probe } from "@/compute/search/gp/probe";
import { type Score, sumScores } from "@/compute/search/gp/score";
import { logEi, normalPpf } from "@/math/special";
import { drawData, drawPoint, drawTheta, MIXED, modelOf } from "../../../support/gp";

const unitOf = (seed: string) => openDice(seed, ["acquisition"]).unit;
const seeds = fc.string({ maxLength: 8 });

/** A probe that knows μ and σ already: one point whose coordinates nobody reads. */
function fixed(mean: number, sd: number, best = 0): Probe {
  return {
    fantasies: 1,
    best: new Float64Array([best]),
    mean: new Float64Array([mean]),
    at: () => sd,
    many(_, count, means, sds) {
      means.fill(mean, 0, count);
      sds.fill(sd, 0, count);
    },
    addSlope() {},
  };
}
const scoreOf = (score: Score): number => {
  const out = new Float64Array(1);
  score.many(new Float64Array(1), 1, out);
  return out[0] as number;
};

const scores: Record<string, (unit: () => number) => Score> = {
  "log EI": (unit) =>
    openImprovement(
      openProbe(modelOf(drawData(MIXED, 9, unit), drawTheta(MIXED, unit), 9), new Float64Array(0), 1),
    ),
  "log EI over 16 fantasies of what is under way": (unit) =>
    openImprovement(
      openProbe(
        modelOf(drawData(MIXED, 12, unit), drawTheta(MIXED, unit), 9),
        Float64Array.from({ length: 48 }, () => normalPpf(unit())),
        16,
      ),
    ),
  "the chance to be allowed": (unit) =>
    openChance(
      openProbe(modelOf(drawData(MIXED, 9, unit), drawTheta(MIXED, unit), 9), new Float64Array(0), 1),
      0.05,
    ),
  "log EHVI of two": (unit) => openHypervolume(probes(2, unit), front(2, unit)),
  "log EHVI of three": (unit) => openHypervolume(probes(3, unit), front(3, unit)),
  "a sum of them": (unit) =>
    sumScores([scores["log EI"]?.(unit) as Score, scores["the chance to be allowed"]?.(unit) as Score]),
};
const probes = (J: number, unit: () => number): Probe[] =>
  Array.from({ length: J }, () =>
    openProbe(modelOf(drawData(MIXED, 8, unit), drawTheta(MIXED, unit), 8), new Float64Array(0), 1),
  );
const front = (J: number, unit: () => number): Point[] =>
  Array.from({ length: 6 }, () => Array.from({ length: J }, () => unit() - 0.5));

describe.each(Object.entries(scores))("%s", (_, open) => {
  test("has the slope that its differences show, and the same value alone as among many", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const unit = unitOf(seed);
        const score = open(unit);
        const x = drawPoint(MIXED, unit);
        const gradient = new Float64Array(MIXED.count);
        const value = score.slope(x, gradient);
        const step = 1e-4;
        const moves = MIXED.kinds.flatMap((kind, d) => {
          const at = x[d] as number;
          const isFree = kind !== "category" && at !== ABSENT;
          if (!isFree) expect(gradient[d]).toBe(0);
          return isFree && at > step && at < 1 - step ? [d] : [];
        });
        const points = new Float64Array((1 + 2 * moves.length) * MIXED.count);
        points.set(x);
        for (const [i, d] of moves.entries())
          for (const side of [0, 1]) {
            const moved = x.slice();
            moved[d] = (x[d] as number) + (side === 0 ? step : -step);
            points.set(moved, (1 + 2 * i + side) * MIXED.count);
          }
        const out = new Float64Array(1 + 2 * moves.length);
        score.many(points, out.length, out);
        expect(out[0]).toBeCloseTo(value, 7);
        for (const [i, d] of moves.entries()) {
          const found = ((out[1 + 2 * i] as number) - (out[2 + 2 * i] as number)) / (2 * step);
          expect(Math.abs(found - (gradient[d] as number)), `d${d}`).toBeLessThan(
            2e-3 * (1 + Math.abs(found)),
          );
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("log EI", () => {
  test("is ln σ + logEi(z), finite wherever the mean lies, and rises with it", () => {
    const means = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(means, fc.double({ min: -12, max: 2, noNaN: true }), (mean, power) => {
        const sd = 10 ** power;
        const found = scoreOf(openImprovement(fixed(mean, sd)));
        expect(found).toBeCloseTo(Math.log(sd) + logEi(mean / sd), 6);
        const above = scoreOf(openImprovement(fixed(mean + sd + 1e-9 * Math.abs(mean), sd)));
        expect(above).toBeGreaterThan(found);
      }),
      { numRuns: 500 },
    );
  });
});

describe("log EHVI", () => {
  /** The mean gain in hypervolume over 200 x 200 equally likely outcomes. */
  const byOutcomes = (
    means: readonly number[],
    sds: readonly number[],
    points: readonly Point[],
    reference: Point,
  ): number => {
    const N = 200;
    const own = means.map((mean, j) =>
      Array.from({ length: N }, (_, i) => mean + (sds[j] as number) * normalPpf((i + 0.5) / N)),
    );
    const before = hypervolume(points, reference);
    let sum = 0;
    for (const a of own[0] ?? [])
      for (const b of own[1] ?? []) sum += hypervolume([...points, [a, b]], reference) - before;
    return sum / (N * N);
  };

  test("is what the outcomes gain on average, within 3 %", () => {
    const unit = unitOf("gain");
    for (let round = 0; round < 4; round++) {
      const points = front(2, unit);
      const best = paretoFront(points).map((i) => points[i] as Point);
      const reference = [0, 1].map((j) => {
        const own = best.map((point) => point[j] as number);
        return Math.min(...own) - Math.max(0.1, 0.1 * (Math.max(...own) - Math.min(...own)));
      });
      const means = [unit() - 0.5, unit() - 0.5];
      const sds = [0.1 + 0.3 * unit(), 0.1 + 0.3 * unit()];
      const score = openHypervolume(
        means.map((mean, j) => fixed(mean, sds[j] as number)),
        points,
      );
      const expected = byOutcomes(means, sds, best, reference);
      expect(Math.abs(Math.exp(scoreOf(score)) - expected)).toBeLessThan(0.03 * expected + 1e-6);
    }
  });

  test("has the slopes in each mean and spread that its differences show, over fronts of many points with ties", () => {
    const told = (mean: number, sd: number, into: (byMean: number, bySd: number) => void): Probe => ({
      ...fixed(mean, sd),
      addSlope: (byMean, bySd) => into(byMean[0] as number, bySd),
    });
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 3 }), (seed, J) => {
        const unit = unitOf(seed);
        const tie = unit() < 0.5 ? 8 : 1e9;
        const points = Array.from({ length: 40 }, () => {
          const point = Array.from({ length: J }, () => 0.1 + unit());
          const length = Math.hypot(...point);
          return point.map((x) => Math.round((x / length) * tie) / tie);
        });
        const at = Array.from({ length: 2 * J }, (_, i) =>
          i < J ? 3 * unit() - 1.5 : 10 ** (-2.5 * unit()),
        );
        const open = (found: number[], own = at): Score =>
          openHypervolume(
            Array.from({ length: J }, (_, j) =>
              told(own[j] as number, own[J + j] as number, (byMean, bySd) => {
                found[j] = byMean;
                found[J + j] = bySd;
              }),
            ),
            points,
          );
        const slopes: number[] = [];
        const score = open(slopes).slope(new Float64Array(1), new Float64Array(1));
        expect(score).toBe(scoreOf(open([])));
        for (const [i, slope] of slopes.entries()) {
          const spread = at[J + (i % J)] as number;
          const step = 1e-4 * spread;
          const moved = (by: number) =>
            scoreOf(
              open(
                [],
                at.map((each, k) => (k === i ? each + by : each)),
              ),
            );
          const difference = (moved(step) - moved(-step)) / (2 * step);
          expect(Math.abs(slope - difference) * spread).toBeLessThan(
            1e-6 * (1 + Math.abs(difference) * spread),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  test("stays a number with a slope towards the front, a thousand deviations below it", () => {
    const points = [
      [0, 1],
      [1, 0],
    ];
    const at = (mean: number): number =>
      scoreOf(openHypervolume([fixed(mean, 0.01), fixed(mean, 0.01)], points));
    expect(at(-10)).toBeGreaterThan(-1e7);
    expect(at(-9.9)).toBeGreaterThan(at(-10));
    expect(at(30)).toBeGreaterThan(at(20));
  });
});
