import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minimize, type Objective } from "@/math/lbfgs";
import { drawUnit, openStream } from "@/math/random";

const rosenbrock: Objective = (x, gradient) => {
  gradient.fill(0);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const a = x[i] ?? 0;
    const away = (x[i + 1] ?? 0) - a * a;
    value += 100 * away * away + (1 - a) ** 2;
    gradient[i] = (gradient[i] ?? 0) - 400 * a * away - 2 * (1 - a);
    gradient[i + 1] = (gradient[i + 1] ?? 0) + 200 * away;
  }
  return value;
};

/** Half the sum of weight (x - centre)^2, unevenly stretched. */
const bowl =
  (centre: readonly number[], weights: readonly number[]): Objective =>
  (x, gradient) => {
    let value = 0;
    for (let i = 0; i < x.length; i++) {
      const away = (x[i] ?? 0) - (centre[i] ?? 0);
      gradient[i] = (weights[i] ?? 0) * away;
      value += 0.5 * (weights[i] ?? 0) * away * away;
    }
    return value;
  };

describe("minimize", () => {
  test.each([2, 5, 10, 40])("finds the end of Rosenbrock's valley in %i dimensions", (n) => {
    const found = minimize(rosenbrock, new Array(n).fill(-1.2), { maxIterations: 1000 });
    expect(found.converged).toBe(true);
    // beyond three dimensions there is a second valley, near x1 = -1, that ends higher up
    if (found.value < 1) for (const x of found.x) expect(x).toBeCloseTo(1, 4);
    expect(n <= 3 ? found.value : Math.min(found.value, 1e-9)).toBeLessThan(1e-9);
    expect(found.evaluations).toBeLessThan(3 * found.iterations + 20);
  });

  test("stops at the bounds of Rosenbrock's valley where the way is shut", () => {
    // published as problem HS1 to HS4 in kind: with x1 <= 1/2 the least lies at (1/2, 1/4)
    const found = minimize(rosenbrock, [-1, 1.5], { upper: [0.5, 2], lower: [-2, -2] });
    expect(found.converged).toBe(true);
    expect(found.x[0]).toBe(0.5);
    expect(found.x[1]).toBeCloseTo(0.25, 6);
    expect(found.value).toBeCloseTo(0.25, 10);
  });

  test("finds a bowl's centre, cut at the bounds, however long or flat its sides", () => {
    const coordinate = fc.record({
      centre: fc.double({ min: -3, max: 3, noNaN: true }),
      weight: fc.double({ min: -2, max: 2, noNaN: true }).map((power) => 10 ** power),
      start: fc.double({ min: -5, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 1, maxLength: 12 }), (list) => {
        const n = list.length;
        const fn = bowl(
          list.map(({ centre }) => centre),
          list.map(({ weight }) => weight),
        );
        const found = minimize(
          fn,
          list.map(({ start }) => start),
          {
            lower: new Array(n).fill(-1),
            upper: new Array(n).fill(2),
            maxIterations: 500,
            valueTolerance: 0,
          },
        );
        for (const [i, { centre, weight }] of list.entries())
          expect(Math.abs((found.x[i] ?? 0) - Math.min(Math.max(centre, -1), 2))).toBeLessThan(2e-6 / weight);
      }),
      { numRuns: 300 },
    );
  });

  test("gives the same answer for values times 2^30 and 2^-30 when the tolerance moves along", () => {
    const scaled =
      (scale: number): Objective =>
      (x, gradient) => {
        const value = rosenbrock(x, gradient);
        for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] ?? 0) * scale;
        return value * scale;
      };
    for (const scale of [2 ** 30, 2 ** -30]) {
      const found = minimize(scaled(scale), [-1.2, 1], {
        gradientTolerance: 1e-7 * scale,
        valueTolerance: 0,
        maxIterations: 2000,
      });
      expect(found.converged).toBe(true);
      expect(found.x[0]).toBeCloseTo(1, 5);
      expect(found.x[1]).toBeCloseTo(1, 5);
    }
  });

  test("backs off from values and gradients that are not finite", () => {
    // x - log x has its least at 1 and is NaN below 0; the first full step from 100 would go there
    const guarded =
      (bad: number): Objective =>
      (x, gradient) => {
        const at = x[0] ?? 0;
        gradient[0] = at > 0 ? 1e4 * (1 - 1 / at) : Number.NaN;
        return at > 0 ? 1e4 * (at - Math.log(at)) : bad;
      };
    for (const bad of [Number.NaN, Infinity, -Infinity, 0]) {
      const found = minimize(guarded(bad), [3], { maxIterations: 200 });
      expect(found.x[0]).toBeCloseTo(1, 6);
    }
  });

  test("says that it did not converge when it begins where nothing is finite", () => {
    const found = minimize(() => Number.NaN, [1, 2]);
    expect(found).toMatchObject({ value: Infinity, iterations: 0, evaluations: 1, converged: false });
    expect([...found.x]).toEqual([1, 2]);
  });

  test("never ends above its start, and never leaves its bounds", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 8 }), (seed, n) => {
        const stream = openStream(seed, ["rough"]);
        const draws = Array.from({ length: 3 * n }, (_, i) => drawUnit(stream, BigInt(i)));
        const lower = draws.slice(0, n).map((u) => -2 * u);
        const upper = draws.slice(n, 2 * n).map((u) => 2 * u);
        const rough: Objective = (x, gradient) => {
          let value = 0;
          for (let i = 0; i < n; i++) {
            const at = x[i] ?? 0;
            expect(at >= (lower[i] ?? 0) && at <= (upper[i] ?? 0)).toBe(true);
            value += Math.sin(5 * at) + at * at;
            gradient[i] = 5 * Math.cos(5 * at) + 2 * at;
          }
          return value;
        };
        const start = lower.map((low, i) => low + (draws[2 * n + i] ?? 0) * ((upper[i] ?? 0) - low));
        const first = rough(Float64Array.from(start), new Float64Array(n));
        const found = minimize(rough, start, { lower, upper });
        expect(found.value).toBeLessThanOrEqual(first);
        expect(found.converged).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("counts iterations and evaluations, and ends with them", () => {
    let calls = 0;
    const counted: Objective = (x, gradient) => {
      calls++;
      return rosenbrock(x, gradient);
    };
    const found = minimize(counted, [-1.2, 1], { maxIterations: 5 });
    expect(found).toMatchObject({ iterations: 5, evaluations: calls, converged: false });
    expect(minimize(rosenbrock, [-1.2, 1], { maxEvaluations: 7 }).evaluations).toBeLessThan(40);
    expect(minimize(rosenbrock, [-1.2, 1], { maxIterations: 0 }).x[0]).toBe(-1.2);
  });

  test("holds variables whose bounds meet, moves a start from outside inside, and knows no variables at all", () => {
    const found = minimize(bowl([1, 1], [1, 1]), [9, 9], { lower: [0.3, -5], upper: [0.3, 5] });
    expect([...found.x]).toEqual([0.3, 1]);
    expect(minimize(() => 3, [])).toMatchObject({ value: 3, converged: true });
    expect(() => minimize(rosenbrock, [0, 0], { lower: [1, 0], upper: [0, 1] })).toThrow(
      "variable 0: the lower bound 1 is above the upper bound 0",
    );
  });
});
