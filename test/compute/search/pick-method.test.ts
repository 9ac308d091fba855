import { expect, test } from "vitest";
import { methodOf, pickMethod } from "@/compute/search/methods";
import { isAppError } from "@/core/errors";
import { parseSweepConfig } from "@/core/sweep-config";

const pick = (text: string): readonly [string, string] => {
  const { config, errors } = parseSweepConfig(text);
  if (!config) throw new Error(errors[0]?.message);
  const { method, why } = pickMethod({ config, seed: "1" });
  return [method.name, why];
};
const few = "parameters: {a: {values: [1, 2, 3]}, b: {values: [x, y]}}";
const many = "parameters: {n: {min: 1, max: 100}, lr: {min: 0.0, max: 1.0}}";
const conditional = "parameters: {a: {values: [1, 2]}, lr: {min: 0.0, max: 1.0, when: {a: 1}}}";
const wide = "parameters: {lr: {min: 0.0, max: 1.0}}";

test.each([
  [
    "a space that run_cap covers",
    `run_cap: 6\nmetric: {name: loss}\n${few}`,
    "random",
    "all 6 configurations",
  ],
  [
    "the same with repeats that it does not cover",
    `run_cap: 6\nrepeats: 2\nmetric: {name: loss}\n${few}`,
    "bayes",
    "model",
  ],
  ["an endless space", `run_cap: 100\nmetric: {name: loss}\n${wide}`, "bayes", "model"],
  ["no run_cap", `metric: {name: loss}\n${wide}`, "bayes", "model"],
  ["more runs than a model pays for", `run_cap: 5000\nmetric: {name: loss}\n${wide}`, "cmaes", "5000 runs"],
  ["as many of lists", `run_cap: 2000\nmetric: {name: loss}\n${many}`, "tpe", "2000 runs"],
  ["as many under a condition", `run_cap: 2000\nmetric: {name: loss}\n${conditional}`, "tpe", "2000 runs"],
  [
    "as many for several metrics",
    `run_cap: 2000\nmetrics: [{name: a}, {name: b}]\n${wide}`,
    "tpe",
    "2000 runs",
  ],
  [
    "more agents than runs",
    `run_cap: 40\nscheduler: {num_workers: 64}\nmetric: {name: loss}\n${wide}`,
    "sobol",
    "all 40 runs begin side by side",
  ],
  [
    "fewer agents than runs",
    `run_cap: 200\nscheduler: {num_workers: 64}\nmetric: {name: loss}\n${wide}`,
    "bayes",
    "64 side by side included",
  ],
  [
    "many runs by few agents",
    `run_cap: 5000\nscheduler: {num_workers: 64}\nmetric: {name: loss}\n${wide}`,
    "cmaes",
    "5000 runs",
  ],
  [
    "many runs by many agents",
    `run_cap: 2000\nscheduler: {num_workers: 200}\nmetric: {name: loss}\n${wide}`,
    "tpe",
    "200 side by side leave too few turns",
  ],
  [
    "a budget of hours, which says nothing of how many runs",
    `budget: {hours: 8}\nmetric: {name: loss}\n${wide}`,
    "bayes",
    "how many runs 8 hours hold",
  ],
  [
    "a budget of runs, as run_cap",
    `budget: {hours: 8, runs: 5000}\nmetric: {name: loss}\n${wide}`,
    "cmaes",
    "5000 runs",
  ],
])("auto picks for %s, and says why", (_, text, name, why) => {
  expect(pick(`method: auto\n${text}`)).toEqual([name, expect.stringContaining(why)]);
});

test("a method that the file names is taken, and one that proposes nothing is refused with those that do", () => {
  expect(pick(`method: bayes\nmetric: {name: loss}\n${few}`)).toEqual([
    "bayes",
    expect.stringContaining("names"),
  ]);
  try {
    methodOf("custom");
    expect.unreachable();
  } catch (error) {
    expect(isAppError(error) && error.code).toBe("METHOD_NOT_YET");
    expect(isAppError(error) && error.details).toEqual({
      method: "custom",
      known: ["grid", "random", "sobol", "bayes", "tpe", "cmaes"],
    });
  }
});
