import { expect, test } from "vitest";
import { ackley, branin, hartmann6, levy, mixed, openFunctions, rosenbrock } from "@/bench/search/functions";
import { openTable } from "@/bench/search/tables";
import { openTraining } from "@/bench/search/training";
import { pickMethod } from "@/compute/search/methods";
import { openPoints } from "@/compute/search/points";
import { median } from "@/math/stats";

test("the functions have their published optima, where they are published", () => {
  for (const [x, y] of [
    [-Math.PI, 12.275],
    [Math.PI, 2.275],
    [9.42478, 2.475],
  ])
    expect(branin([x as number, y as number])).toBeCloseTo(0.397887, 6);
  expect(hartmann6([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573])).toBeCloseTo(-3.32237, 5);
  expect(ackley([0, 0, 0, 0, 0])).toBeCloseTo(0, 12);
  expect(levy([1, 1, 1, 1])).toBeCloseTo(0, 12);
  expect(rosenbrock([1, 1, 1, 1])).toBe(0);
  const best = { activation: "gelu", optimizer: "adam", decay: 1e-4, dropout: 0.2, layers: 5, lr: 1e-3 };
  expect(mixed({ ...best, patience: 12, width: 256 })).toBeCloseTo(0, 12);
  expect(mixed({ ...best, optimizer: "sgd", lr: 0.1, patience: 12, width: 256 })).toBeCloseTo(0.03, 12);
});

test("no point of a function's space is better than its optimum, and its regret is what it measures above that", () => {
  for (const { name, config, measure, regret } of openFunctions()) {
    const points = openPoints({ ...config, method: "random" }, "1");
    const [first] = [points.at(0n).params];
    const optimum = measure(first, () => 0.5) - regret(first);
    for (let i = 0n; i < 300n; i++) {
      const { params } = points.at(i);
      expect(regret(params), name).toBeGreaterThanOrEqual(0);
      expect(measure(params, () => 0.5) - regret(params)).toBeCloseTo(optimum, 9);
    }
  }
});

test("a table's best configuration has a regret of 0 and its median one of 1; a run reports one of its trainings", () => {
  const rows = [4, 6, 1, 3, 9, 11, 5, 5, Number.NaN, 20, 7, 9];
  const bytes = Buffer.alloc(4 * rows.length);
  for (const [i, loss] of rows.entries()) bytes.writeFloatLE(loss, 4 * i);
  const { config, measure, regret } = openTable(
    { name: "small", seeds: 2, parameters: { a: [0, 0.5], b: ["x", "y", "z"] } },
    bytes,
  );
  const points = openPoints({ ...config, method: "grid" }, "1");
  const all = Array.from({ length: 6 }, (_, i) => points.at(BigInt(i)).params);
  const regrets = all.map(regret);
  expect(Math.min(...regrets)).toBe(0);
  expect(median(regrets)).toBeCloseTo(1, 12);
  const at = (a: number, b: string) => all.find((each) => each.a === a && each.b === b) ?? {};
  expect(regret(at(0, "y"))).toBe(0);
  expect([0.1, 0.4, 0.6, 0.9].map((unit) => measure(at(0, "x"), () => unit))).toEqual([4, 4, 6, 6]);
  // the second training of 0.5, y is missing
  expect([0.1, 0.9].map((unit) => measure(at(0.5, "y"), () => unit))).toEqual([20, 20]);
});

test("auto picks bayes on functions and on training, so that the tables of bayes are those of auto", () => {
  const tasks = [...openFunctions(), ...openTraining(() => {})];
  expect(tasks).toHaveLength(11);
  for (const { config } of tasks) expect(pickMethod({ config, seed: "1" }).method.name).toBe("bayes");
});
