import { describe, expect, test } from "vitest";
import { openEngines } from "@/bench/search/engines";
import { openFunctions } from "@/bench/search/functions";
import { planSearches } from "@/bench/search/plan";
import {
  bootstrap,
  FLOOR,
  geometricMean,
  mean,
  ratioOfGeometricMeans,
  ratioOfMeans,
  regretAt,
} from "@/bench/search/statistics";
import { SUITES, suiteOf } from "@/bench/search/suites";
import { openTraining } from "@/bench/search/training";
import { drawUnit, openStream } from "@/math/random";

describe("what is made of curves", () => {
  test("a regret holds from its step to the next one, and there is none before the first", () => {
    const curve = [
      { at: 2, regret: 5 },
      { at: 4, regret: 6 },
      { at: 9, regret: 1 },
    ];
    expect([1, 2, 3, 4, 8, 9, 60].map((at) => regretAt(curve, at))).toEqual([undefined, 5, 5, 6, 6, 1, 1]);
  });

  test("a geometric mean takes nothing for less than the floor", () => {
    expect(geometricMean([1, 100])).toBeCloseTo(10, 12);
    expect(geometricMean([0, 1])).toBeCloseTo(Math.sqrt(FLOOR), 12);
  });

  test("ratios weigh each task alike, however many seeds it has", () => {
    const one = [{ ours: 1, theirs: 2 }];
    const many = Array.from({ length: 9 }, () => ({ ours: 3, theirs: 2 }));
    expect(ratioOfMeans([one, many])).toBe(1);
    expect(ratioOfGeometricMeans([one, many])).toBeCloseTo(Math.sqrt(0.75), 12);
  });

  test("an interval holds the statistic, is the same again, and grows when tasks are drawn, too", () => {
    const groups = [
      [1, 2, 3, 2],
      [11, 12, 11, 13],
      [31, 30, 32, 33],
    ];
    const level = (drawn: readonly (readonly number[])[]): number => mean(drawn.map(mean));
    const seeds = bootstrap(groups, level);
    expect(bootstrap(groups, level)).toEqual(seeds);
    expect(seeds.low).toBeLessThan(level(groups));
    expect(seeds.high).toBeGreaterThan(level(groups));
    const tasks = bootstrap(groups, level, { tasks: true });
    expect(tasks.high - tasks.low).toBeGreaterThan(3 * (seeds.high - seeds.low));
  });

  test("of 200 intervals of a mean nineteen in twenty hold the truth, more or less", () => {
    const stream = openStream("coverage", []);
    const held = Array.from({ length: 200 }, (_, round) => {
      const values = Array.from({ length: 30 }, (_, i) => drawUnit(stream, BigInt(30 * round + i)));
      const { low, high } = bootstrap([values], (groups) => mean(groups.map(mean)), { rounds: 200 });
      return low <= 0.5 && 0.5 <= high;
    }).filter(Boolean).length;
    expect(held).toBeGreaterThan(170);
    expect(held).toBeLessThan(200);
  });
});

test("a method of ours is not asked for what a sweep file may not ask of it: cmaes knows no conditions", () => {
  const suite = suiteOf("E");
  const engines = openEngines(() => {}).filter(({ name }) => name === "cmaes" || name === "hebo");
  const plan = planSearches(
    { engines, suites: [suite], agents: [1], seeds: 1 },
    () => openTraining(() => {}),
    [],
  );
  const tasksOf = (name: string): string[] =>
    plan.flatMap(({ engine, task }) => (engine.name === name ? [task.name] : []));
  expect(tasksOf("cmaes")).toEqual(["cancer-boosting"]);
  expect(tasksOf("hebo")).toHaveLength(5);
});

test("searches are planned seed by seed, without those that are had in the same version", () => {
  const [suite] = SUITES;
  const tasks = openFunctions().slice(0, 2);
  const engines = openEngines(() => {}).filter(({ name }) => name === "random" || name === "optuna-tpe");
  if (suite === undefined) throw new Error("no suite");
  const [random] = engines;
  const had = {
    suite: suite.name,
    agents: 1,
    engine: "random",
    version: random?.version ?? "",
    task: "branin",
    seed: 1,
    play: null,
  };
  const wanted = { engines, suites: [suite], agents: [1], seeds: 2 };
  const plan = planSearches(wanted, () => tasks, [had, { ...had, seed: 2, version: "older" }]);
  expect(plan.map(({ seed, engine, task }) => `${seed} ${engine.name} ${task.name}`)).toEqual([
    "1 random hartmann6",
    "1 optuna-tpe branin",
    "1 optuna-tpe hartmann6",
    "2 random branin",
    "2 random hartmann6",
    "2 optuna-tpe branin",
    "2 optuna-tpe hartmann6",
  ]);
});
