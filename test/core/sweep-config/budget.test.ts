import { describe, expect, test } from "vitest";
import { parseSweepConfig, targetsOf, workersOf } from "@/core/sweep-config";
import { codesOf, placesOf, sweepOf } from "./support";

const read = (rest: string, metric = "metric: {name: loss}") =>
  parseSweepConfig(sweepOf("a: {min: 0.0, max: 1.0}", `program: a.py\nmethod: random\n${metric}\n${rest}`));

describe("budget", () => {
  test("is read, and says what of it ends no sweep", () => {
    const { config, warnings } = read(
      "budget:\n  hours: 1.5\n  runs: 30\n  until:\n    target: 0.1\n    no_improvement: 20\n    expected_improvement: 1.0e-4",
    );
    expect(config?.budget).toEqual({
      hours: 1.5,
      runs: 30,
      until: {
        targets: [{ metric: "loss", goal: "minimize", value: 0.1 }],
        noImprovement: 20,
        expectedImprovement: 1e-4,
      },
    });
    expect(config?.runCap).toBe(30);
    expect(config?.metric?.target).toBe(0.1);
    expect(placesOf(warnings)).toEqual(["KEY_NOT_USED 10:5 budget/until/expected_improvement"]);
  });

  test.each([
    ["run_cap: 10\nbudget: {runs: 30}", 10],
    ["run_cap: 40\nbudget: {runs: 30}", 30],
    ["budget: {runs: 30}", 30],
    ["run_cap: 10", 10],
  ])("%j caps the runs at %d", (rest, cap) => {
    const { config, warnings } = read(rest);
    expect(config?.runCap).toBe(cap);
    expect(codesOf(warnings)).toEqual([]);
  });

  test.each([
    ["minimize", 0.3],
    ["maximize", 0.1],
  ])("a target beside the metric's own: the nearer one ends the sweep, %s", (goal, nearer) => {
    const metric = `metric: {name: loss, goal: ${goal}, target: 0.3}`;
    expect(read("budget: {until: {target: 0.1}}", metric).config?.metric?.target).toBe(nearer);
    expect(read("budget: {until: {target: {loss: 0.1}}}", metric).config?.metric?.target).toBe(nearer);
  });

  test("expected_improvement is for one metric and a method that expects something", () => {
    const codes = (method: string, metric: string) => {
      const budget = "budget: {until: {expected_improvement: 0.01}}";
      const text = `program: a.py\nmethod: ${method}\n${metric}\n${budget}`;
      const { config, warnings } = parseSweepConfig(sweepOf("a: {min: 0.0, max: 1.0}", text));
      expect(config?.budget?.until?.expectedImprovement).toBe(0.01);
      return codesOf(warnings);
    };
    const several = "metrics: [{name: loss}, {name: acc}]";
    for (const method of ["bayes", "auto"]) expect(codes(method, "metric: {name: loss}")).toEqual([]);
    expect(codes("bayes", several)).toEqual(["KEY_NOT_USED"]);
    for (const method of ["random", "sobol", "tpe", "cmaes"])
      expect(codes(method, "metric: {name: loss}")).toEqual(["KEY_NOT_USED"]);
  });

  test("targets of several metrics are met by one run together: those of the metrics and of the budget, the nearer of two", () => {
    const { config, warnings } = read(
      "budget: {until: {target: {loss: 0.1, acc: 0.9}, no_improvement: 9}}",
      "metrics: [{name: loss}, {name: acc, goal: maximize, target: 0.8}, {name: size, target: 7}]",
    );
    expect(config?.budget?.until?.targets).toEqual([
      { metric: "loss", goal: "minimize", value: 0.1 },
      { metric: "acc", goal: "maximize", value: 0.9 },
    ]);
    expect(config?.metric).toBe(config?.metrics?.[0]);
    expect(targetsOf(config ?? {})).toEqual([
      { metric: "loss", goal: "minimize", value: 0.1 },
      { metric: "acc", goal: "maximize", value: 0.8 },
      { metric: "size", goal: "minimize", value: 7 },
    ]);
    expect(codesOf(warnings)).toEqual([]);
  });

  test.each([
    ["budget: 8", "OWN_KEY_IGNORED 4:9 budget"],
    ["budget: {hours: 0}", "OWN_KEY_IGNORED 4:17 budget/hours"],
    ["budget: {hours: '8'}", "OWN_KEY_IGNORED 4:17 budget/hours"],
    ["budget: {runs: 1.5}", "OWN_KEY_IGNORED 4:16 budget/runs"],
    ["budget: {huors: 1}", "KEY_UNKNOWN 4:10 budget/huors"],
    ["budget: {until: 0.1}", "OWN_KEY_IGNORED 4:17 budget/until"],
    ["budget: {until: {target: low}}", "OWN_KEY_IGNORED 4:26 budget/until/target"],
    ["budget: {until: {target: {los: 1}}}", "OWN_KEY_IGNORED 4:27 budget/until/target/los"],
    ["budget: {until: {no_improvement: 0}}", "OWN_KEY_IGNORED 4:34 budget/until/no_improvement"],
    ["budget: {until: {expected_improvement: -1}}", "OWN_KEY_IGNORED 4:40 budget/until/expected_improvement"],
  ])("%s is a warning, and as if it were not there", (rest, place) => {
    const { config, warnings } = read(rest);
    expect(placesOf(warnings)).toEqual([place]);
    expect(config?.budget).toBeUndefined();
    expect(config).toEqual(read("").config);
  });

  test("until needs a metric", () => {
    const { config, warnings } = read("budget: {until: {target: 1}}", "");
    expect(config?.budget).toBeUndefined();
    expect(codesOf(warnings)).toEqual(["OWN_KEY_IGNORED"]);
  });
});

describe("scheduler", () => {
  test.each([
    ["method: bayes", "bayes", "method bayes"],
    ["method: random", "random", "method random"],
    ["method: custom", "bayes", "method bayes"],
  ])("of %s: our own engine chooses, by %s, and says so", (line, method, words) => {
    for (const engine of ["wandb", "optuna", "ax"]) {
      const text = `program: a.py\n${line}\nmetric: {name: loss}\nscheduler: {engine: ${engine}}`;
      const { config, errors, warnings } = parseSweepConfig(sweepOf("a: {min: 0.0, max: 1.0}", text));
      expect(codesOf(errors)).toEqual([]);
      expect(config?.method).toBe(method);
      expect(config?.scheduler).toEqual({ engine });
      expect(placesOf(warnings)).toEqual(["SCHEDULER_OWN_ENGINE 4:12 scheduler"]);
      expect(warnings[0]?.message).toContain(words);
    }
  });

  test("a program's own search space stays its own", () => {
    const { config, warnings } = parseSweepConfig(
      "program: a.py\nmethod: custom\nscheduler: {engine: optuna, source: a.py, search_space: f}",
    );
    expect(config?.method).toBe("custom");
    expect(placesOf(warnings)).toEqual(["SCHEDULER_OUTSIDE 3:12 scheduler"]);
    expect(warnings[0]?.message).toContain("`wandb sweep-scheduler` sends the runs");
  });

  test.each(["optuna", "{engine: optunna}", "{source: a.py}"])("%s is kept without effect", (scheduler) => {
    const { config, warnings } = read(`scheduler: ${scheduler}`);
    expect(config?.scheduler).toBeDefined();
    expect(codesOf(warnings)).toEqual(["SCHEDULER_IGNORED"]);
  });

  test.each([
    ["{num_workers: 8}", 8],
    ["{num_workers: 8, engine: optuna}", 8],
    ["{num_workers: 0}", undefined],
    ["{num_workers: many}", undefined],
    ["optuna", undefined],
  ])("%s says how many runs go side by side, or nothing", (scheduler, workers) => {
    const { config, warnings } = read(`scheduler: ${scheduler}`);
    expect(config && workersOf(config)).toBe(workers);
    expect(warnings).toHaveLength(1);
  });
});

test("several metrics are improved by any method that learns but cmaes, which refuses them", () => {
  const metrics = "metrics: [{name: a}, {name: b}]";
  for (const [method, codes] of [
    ["bayes", []],
    ["random", []],
    ["tpe", []],
    ["cmaes", ["CMAES_METRICS"]],
  ] as const) {
    const text = sweepOf("a: {min: 0.0, max: 1.0}", `program: a.py\nmethod: ${method}\n${metrics}`);
    const { warnings, errors } = parseSweepConfig(text);
    expect([...codesOf(errors), ...codesOf(warnings)]).toEqual(codes);
  }
});
