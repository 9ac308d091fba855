import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDice } from "@/compute/search/gp/dice";
import { toHyper } from "@/compute/search/gp/hyper";
import type { Axes } from "@/compute/search/gp/kernel";
import { appendPoints, believedMeans, predict, setTargets, truncate } from "@/compute/search/gp/posterior";
import { openProbe } from "@/compute/search/gp/probe";
import { grow, type Row, selectRows, setLevel } from "@/compute/search/gp/surrogate";
import { believeDense, drawData, drawPoint, drawTheta, MIXED, modelOf } from "../../../support/gp";

const unitOf = (seed: string) => openDice(seed, ["posterior"]).unit;
const seeds = fc.string({ maxLength: 8 });
/** Points, a model of them of which the last are under way, and one point more. */
const setUp = (seed: string, count: number, known: number) => {
  const unit = unitOf(seed);
  const data = drawData(MIXED, count, unit);
  const theta = drawTheta(MIXED, unit);
  const { s } = toHyper(theta, MIXED.count);
  const noise = Array.from(data.runs, (runs, i) => (i < known ? s / runs : s));
  return { unit, data, theta, noise, model: modelOf(data, theta, known), x: drawPoint(MIXED, unit) };
};

describe("the posterior", () => {
  test("is the textbook's, k K⁻¹ y and a - k K⁻¹ k", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 20 }), (seed, count) => {
        const { data, theta, noise, model, x } = setUp(seed, count, count);
        const dense = believeDense(MIXED, theta, data.points, [...data.y], noise, x);
        const found = predict(model, x);
        expect(Math.abs(found.mean - dense.mean)).toBeLessThan(1e-8);
        expect(Math.abs(found.sd - dense.sd)).toBeLessThan(1e-6);
      }),
      { numRuns: 80 },
    );
  });

  test("is less spread by what is under way, as if its outcome were known, and has the same mean", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { data, theta, noise, model, x } = setUp(seed, 12, 8);
        const without = believeDense(
          MIXED,
          theta,
          data.points.slice(0, 8),
          [...data.y.slice(0, 8)],
          noise,
          x,
        );
        const withAll = believeDense(MIXED, theta, data.points, [...data.y], noise, x);
        const probe = openProbe(model, new Float64Array(4), 1);
        const sd = probe.at(x);
        expect(Math.abs(sd - withAll.sd)).toBeLessThan(1e-6);
        expect(Math.abs((probe.mean[0] as number) - without.mean)).toBeLessThan(1e-8);
      }),
      { numRuns: 60 },
    );
  });

  test("under a fantasy is that of a model to which the fantasy's outcomes were told", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [known, all] = [7, 11];
        const { unit, data, theta, noise, model, x } = setUp(seed, all, known);
        const Z = Float64Array.from({ length: 2 * (all - known) }, () => 2 * unit() - 1);
        const probe = openProbe(model, Z, 2);
        for (const m of [0, 1]) {
          // L (t, z) are the targets that this fantasy stands for
          const white = [...model.t.slice(0, known), ...Z.slice(m * (all - known), (m + 1) * (all - known))];
          const targets = white.map((_, i) =>
            white.reduce(
              (sum, each, j) => (j <= i ? sum + (model.L[i * model.capacity + j] as number) * each : sum),
              0,
            ),
          );
          for (let i = 0; i < known; i++) expect(targets[i]).toBeCloseTo(data.y[i] as number, 9);
          probe.at(x);
          const dense = believeDense(MIXED, theta, data.points, targets, noise, x);
          expect(Math.abs((probe.mean[m] as number) - dense.mean)).toBeLessThan(1e-7);
          const rows = data.points.map(
            (point) => believeDense(MIXED, theta, data.points, targets, noise, point).mean,
          );
          expect(Math.abs((probe.best[m] as number) - Math.max(...rows))).toBeLessThan(1e-7);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("at its own rows needs no kernel", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { data, model } = setUp(seed, 10, 7);
        const means = believedMeans(model);
        for (const [i, point] of data.points.entries())
          expect(Math.abs((means[i] as number) - predict(model, point).mean)).toBeLessThan(1e-7);
      }),
      { numRuns: 40 },
    );
  });

  test("of many points at once is that of each", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 9 }), (seed, count) => {
        const { unit, model } = setUp(seed, 13, 10);
        const Z = Float64Array.from({ length: 9 }, () => 2 * unit() - 1);
        const probe = openProbe(model, Z, 3);
        const points = Array.from({ length: count }, () => drawPoint(MIXED, unit));
        const [means, sds] = [new Float64Array(3 * count), new Float64Array(count)];
        probe.many(Float64Array.from(points.flatMap((point) => [...point])), count, means, sds);
        for (const [i, point] of points.entries()) {
          expect(probe.at(point)).toBeCloseTo(sds[i] as number, 9);
          for (let m = 0; m < 3; m++) expect(probe.mean[m]).toBeCloseTo(means[3 * i + m] as number, 9);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("a model that grows", () => {
  test("has the bits of a new one, rows in front kept, changed or gone, whatever was under way before", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (seed, kept, added) => {
          const unit = unitOf(seed);
          const theta = drawTheta(MIXED, unit);
          const rowsOf = (count: number): Row[] => {
            const { points, y, runs } = drawData(MIXED, count, unit);
            return points.map((x, i) => ({ x, y: y[i] as number, runs: runs[i] as number }));
          };
          const before = rowsOf(12);
          const after = [...before.slice(0, kept), ...rowsOf(added)];
          const first = grow(MIXED, theta, before, 20, null);
          for (let i = 0; i < 3; i++) appendPoints(first.model, [drawPoint(MIXED, unit)], () => 0.1);
          truncate(first.model, first.rows.length);
          const grown = grow(MIXED, theta, after, 4, first);
          const fresh = grow(MIXED, theta, after, 4, null);
          const x = drawPoint(MIXED, unit);
          expect(predict(grown.model, x)).toEqual(predict(fresh.model, x));
          expect(grown.model.alpha.slice(0, after.length)).toEqual(fresh.model.alpha.slice(0, after.length));
        },
      ),
      { numRuns: 80 },
    );
  });

  test("expects far from all points the level that its targets show, and at them what it expected without one", () => {
    const axes: Axes = { count: 2, kinds: ["number", "number"] };
    const unit = unitOf("level");
    const rows = Array.from({ length: 12 }, (): Row => {
      const x = Float64Array.of(0.1 * unit(), 0.1 * unit());
      return { x, y: 5 + 0.1 * unit(), runs: 1 };
    });
    // length scales of a tenth: the corner across is fourteen of them away
    const theta = Float64Array.of(Math.log(100), Math.log(100), 0, Math.log(1e-6));
    const grown = grow(axes, theta, rows, 0, null);
    const far = Float64Array.of(1, 1);
    const near = (rows[3] as Row).x;
    const before = predict(grown.model, near).mean;
    expect(predict(grown.model, far).mean).toBeCloseTo(0, 3);
    const level = setLevel(grown, rows, 100);
    expect(level).toBeGreaterThan(4);
    expect(level).toBeLessThan(5.1);
    expect(predict(grown.model, far).mean).toBeCloseTo(0, 3);
    expect(level + predict(grown.model, near).mean).toBeCloseTo(before, 2);
    // the narrower the belief about it, the nearer it stays to 0
    expect(setLevel(grow(axes, theta, rows, 0, null), rows, 0.1)).toBeLessThan(1);
  });

  test("takes the same point again and again: noise is added until the factor exists", () => {
    const { theta, model, x } = setUp("twice", 5, 5);
    for (let i = 0; i < 3; i++) appendPoints(model, [x], () => 0);
    expect(model.rows).toBe(8);
    expect(predict(model, x).sd).toBeGreaterThan(0);
    expect(Math.abs(predict(model, x).mean)).toBeLessThan(10);
    setTargets(model, new Float64Array(8).fill(0.5));
    expect(predict(model, x).mean).toBeCloseTo(0.5, 1);
    expect(theta.every(Number.isFinite)).toBe(true);
  });

  test("looks at a part of many rows: the best third, and of the others one from each stretch of ranks", () => {
    const rows = Array.from(
      { length: 1000 },
      (_, i): Row => ({ x: new Float64Array(1), y: (i * 617) % 1000, runs: 1 }),
    );
    const taken = selectRows(rows, 300);
    expect(new Set(taken).size).toBe(300);
    expect(taken).toEqual([...taken].sort((a, b) => a - b));
    const values = taken.map((i) => (rows[i] as Row).y).sort((a, b) => b - a);
    expect(values.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 999 - i));
    const steps = values.slice(100).map((value, i) => (values[99 + i] as number) - value);
    expect(Math.max(...steps)).toBeLessThanOrEqual(5);
    expect(selectRows(rows.slice(0, 300), 300)).toHaveLength(300);
  });
});
