import { describe, expect, test } from "vitest";
import { objectivesOf, parseSweepConfig } from "@/core/sweep-config";
import { codesOf, configOf, placesOf, sweepOf } from "./support";

const PLAIN = "a: {values: [1, 2]}";
const macro = (name: string): string => `\${${name}}`;
const read = (rest: string) => parseSweepConfig(sweepOf(PLAIN, `program: train.py\n${rest}`));

describe("the top level", () => {
  test("holds every key of W&B's schema", () => {
    const { config, errors, warnings } = parseSweepConfig(`
apiVersion: v1
kind: sweep
method: bayes
name: mine
description: |
  two
  lines
project: digits
entity: team
program: train.py
command: ["\${env}", "\${interpreter}", "\${program}", "\${args}"]
run_cap: 20
controller: {type: local}
metric: {name: val.loss, goal: maximize, target: 0.9, impute: best, impute_while_running: latest}
early_terminate: {type: hyperband, min_iter: 3, eta: 2, strict: false}
scheduler: {engine: wandb}
parameters:
  lr: {min: 0.0, max: 0.1}
`);
    expect(codesOf(errors)).toEqual([]);
    expect(codesOf(warnings)).toEqual(["SCHEDULER_OWN_ENGINE"]);
    expect(config).toEqual({
      method: "bayes",
      name: "mine",
      description: "two\nlines\n",
      project: "digits",
      entity: "team",
      program: "train.py",
      command: ["env", "interpreter", "program", "args"].map(macro),
      runCap: 20,
      controller: "local",
      metric: {
        name: "val.loss",
        goal: "maximize",
        target: 0.9,
        impute: "best",
        imputeWhileRunning: "latest",
      },
      earlyTerminate: { type: "hyperband", minIter: 3, eta: 2, strict: false },
      scheduler: { engine: "wandb" },
      gridOrder: "sorted",
      repeats: 1,
      retries: 2,
      retryFailed: false,
      quarantineAfter: 5,
      parameters: new Map([["lr", { kind: "uniform", min: 0, max: 0.1 }]]),
      extra: new Map([
        ["apiVersion", "v1"],
        ["kind", "sweep"],
      ]),
    });
  });

  test("keeps keys that it does not know, and says what may be meant", () => {
    const { config, warnings } = read("method: grid\nmetirc: {name: loss}\ncount: 3\njob: j");
    expect(placesOf(warnings)).toEqual([
      "KEY_UNKNOWN 3:1 metirc",
      "KEY_UNKNOWN 4:1 count",
      "KEY_NOT_USED 5:1 job",
    ]);
    expect(warnings[0]?.message).toContain("Did you mean `metric`?");
    expect([...(config?.extra.keys() ?? [])]).toEqual(["metirc", "count", "job"]);
  });

  test.each([
    ["method: bayesian", "METHOD_UNKNOWN 2:9 method", "Did you mean `bayes`?"],
    ["method: Random", "METHOD_UNKNOWN 2:9 method", "Did you mean `random`?"],
    ["method: {value: grid}", "METHOD_UNKNOWN 2:9 method", "`method: grid`"],
    ["", "METHOD_MISSING 1:1 method", "method: auto"],
    ["method: bayes", "METRIC_MISSING 2:1 metric", "metric: {name: loss"],
    ["method: tpe", "METRIC_MISSING 2:1 metric", "`method: tpe` needs a metric"],
    ["method: cmaes", "METRIC_MISSING 2:1 metric", "metric: {name: loss"],
    ["method: auto", "METRIC_MISSING 2:1 metric", "metric: {name: loss"],
    ["method: auto\nmetrics: [{goal: minimize}]", "METRIC_NAME_MISSING 3:11 metrics/0", "needs a `name`"],
    ["method: bayes\nmetric: loss", "METRIC_INVALID 3:9 metric", "metric: {name: loss, goal: minimize}"],
    ["method: bayes\nmetric: {goal: minimize}", "METRIC_NAME_MISSING 3:9 metric", "needs a `name`"],
  ])("refuses %j", (rest, place, words) => {
    const { errors } = read(rest);
    expect(placesOf(errors)).toEqual([place]);
    expect(errors[0]?.message).toContain(words);
  });

  test("refuses a file without parameters, or with everything under one key", () => {
    expect(codesOf(parseSweepConfig("method: grid").errors)).toEqual(["PARAMETERS_MISSING"]);
    const misspelt = parseSweepConfig("method: grid\nparamters: {a: {value: 1}}").errors;
    expect(misspelt[0]?.message).toContain("Is `paramters` meant?");
    expect(codesOf(parseSweepConfig("method: grid\nparameters:").errors)).toEqual(["PARAMETERS_EMPTY"]);
    const wrapped = parseSweepConfig("sweep:\n  method: grid\n  parameters: {a: {value: 1}}").errors;
    expect(placesOf(wrapped)).toEqual(["METHOD_MISSING 1:1 method"]);
    expect(wrapped[0]?.message).toContain("under `sweep:`");
  });

  test("needs no parameters where a scheduler brings its own", () => {
    const { config } = parseSweepConfig(
      "method: custom\nscheduler: {engine: optuna, source: a.py, search_space: f}",
    );
    expect(config?.parameters.size).toBe(0);
  });

  test.each(["bayes", "tpe", "cmaes", "auto"])("%s needs something to search", (method) => {
    const { errors } = parseSweepConfig(`method: ${method}\nmetric: {name: a}\nparameters: {a: {value: 1}}`);
    expect(codesOf(errors)).toEqual(["NOTHING_TO_SEARCH"]);
  });

  test.each(["auto", "sobol", "tpe", "cmaes"])("%s is a method of our own", (method) => {
    const { config, errors } = read(`method: ${method}\nmetric: {name: a}`);
    expect(codesOf(errors)).toEqual([]);
    expect(config?.method).toBe(method);
  });

  test.each([
    ["a condition", "a: {values: [1, 2]}\nb: {min: 0.0, max: 1.0, when: {a: 1}}", "CMAES_CONDITION", "`b`"],
    [
      "a condition on a group",
      "a: {values: [1, 2]}\ng: {when: {a: 1}, parameters: {b: {min: 0.0, max: 1.0}}}",
      "CMAES_CONDITION",
      "`g.b`",
    ],
    ["categories alone", "a: {values: [x, y, z]}\nb: {values: [true, false]}", "CMAES_NO_NUMBER", "tpe"],
  ])("cmaes is refused for %s, with a method that can", (_, parameters, code, words) => {
    const text = sweepOf(parameters, "program: a.py\nmethod: cmaes\nmetric: {name: loss}");
    const { errors } = parseSweepConfig(text);
    expect(codesOf(errors)).toEqual([code]);
    expect(errors[0]?.message).toContain(words);
    expect(codesOf(parseSweepConfig(text.replace("cmaes", "tpe")).errors)).toEqual([]);
  });

  test("cmaes takes lists of numbers and categories beside one number, and is refused for several metrics", () => {
    const lists = "a: {values: [8, 16, 32]}\nb: {values: [x, y]}";
    expect(
      codesOf(parseSweepConfig(sweepOf(lists, "method: cmaes\nprogram: a.py\nmetric: {name: l}")).errors),
    ).toEqual([]);
    const { errors } = parseSweepConfig(
      sweepOf(lists, "method: cmaes\nprogram: a.py\nmetrics: [{name: l}, {name: k}]"),
    );
    expect(codesOf(errors)).toEqual(["CMAES_METRICS"]);
  });

  test("sobol needs no metric, as random", () => {
    expect(configOf(sweepOf(PLAIN, "method: sobol")).metric).toBeUndefined();
  });
});

describe("a metric", () => {
  const metric = (text: string, method = "random") => read(`method: ${method}\nmetric: ${text}`);

  test.each(["max", "Maximize", "hello world", "[minimize]", "''"])(
    "with the goal %s is minimised as in W&B, and the warning is loud",
    (goal) => {
      const { config, warnings } = metric(`{name: a, goal: ${goal}}`);
      expect(config?.metric?.goal).toBe("minimize");
      expect(placesOf(warnings)).toEqual(["METRIC_GOAL_IGNORED 3:25 metric/goal"]);
      expect(warnings[0]?.message).toContain("THE METRIC IS MINIMIZED");
    },
  );

  test("has W&B's defaults", () => {
    expect(metric("{name: a}").config?.metric).toEqual({
      name: "a",
      goal: "minimize",
      impute: "worst",
      imputeWhileRunning: "false",
    });
  });

  test.each([
    ["{name: a, target: '1'}", "METRIC_TARGET_IGNORED"],
    ["{name: a, impute: mean}", "METRIC_IMPUTE_IGNORED"],
    ["{name: a, impute_while_running: true}", "METRIC_IMPUTE_IGNORED"],
    ["{name: a, golas: 1}", "KEY_UNKNOWN"],
    ["loss", "METRIC_INVALID"],
    ["{goal: minimize}", "METRIC_NAME_MISSING"],
  ])("as %s is a warning only", (text, code) => {
    const { config, warnings } = metric(text);
    expect(config).toBeDefined();
    expect(codesOf(warnings)).toEqual([code]);
  });

  test("may leave runs that still run out with a plain false", () => {
    expect(metric("{name: a, impute_while_running: false}", "bayes").config?.metric?.imputeWhileRunning).toBe(
      "false",
    );
  });

  test.each(["custom", "random", "bayes", "auto"])("may be one of several, with method %s", (method) => {
    const { config, warnings } = read(
      `method: ${method}\nmetrics: [{name: a}, {name: b, goal: maximize, target: 1}]`,
    );
    expect(codesOf(warnings)).toEqual([]);
    expect(config?.metrics?.map(({ name, goal }) => [name, goal])).toEqual([
      ["a", "minimize"],
      ["b", "maximize"],
    ]);
    expect(config?.metric).toEqual(config?.metrics?.[0]);
    expect(config && objectivesOf(config)).toEqual(config?.metrics);
  });

  test("alone in its list is the metric", () => {
    const { config } = read("method: bayes\nmetrics: [{name: a, goal: maximize}]");
    expect(config).toEqual(read("method: bayes\nmetric: {name: a, goal: maximize}").config);
    expect(config && objectivesOf(config).map(({ name }) => name)).toEqual(["a"]);
  });

  test.each([
    ["metrics: [{name: a}, {name: b}, {name: c}, {name: d}]", "METRICS_TOO_MANY", ["a", "b", "c"]],
    ["metrics: [{name: a}, {name: b}, {name: a}]", "METRICS_IGNORED", ["a", "b"]],
    ["metric: {name: c}\nmetrics: [{name: a}, {name: b}]", "METRICS_BESIDE_METRIC", ["c"]],
    ["metrics: loss", "METRICS_IGNORED", []],
    ["metrics: [{name: a}, loss]", "METRIC_INVALID", ["a"]],
  ])("among several, %s, is a warning", (text, code, names) => {
    const { config, warnings } = read(`method: random\n${text}`);
    expect(codesOf(warnings)).toEqual([code]);
    expect(config && objectivesOf(config).map(({ name }) => name)).toEqual(names);
  });
});

describe("early_terminate", () => {
  const stop = (text: string, metric = "metric: {name: a}") =>
    read(`method: random\n${metric}\nearly_terminate: ${text}`);

  test.each([
    ["{type: hyperband, min_iter: 3}", { minIter: 3, eta: 3, strict: true }],
    ["{type: hyperband, max_iter: 27, s: 2, eta: 3}", { maxIter: 27, s: 2, eta: 3, strict: true }],
    ["{type: hyperband, min_iter: 3, s: 0.5, strict: false}", { minIter: 3, eta: 3, strict: false }],
  ])("%s is understood", (text, expected) => {
    const { config, warnings } = stop(text);
    expect(config?.earlyTerminate).toEqual({ type: "hyperband", ...expected });
    expect(codesOf(warnings)).toEqual([]);
  });

  test("in both forms is kept, and the warning says which counts", () => {
    const { config, warnings } = stop("{type: hyperband, min_iter: 1, max_iter: 27, s: 2}");
    expect(config?.earlyTerminate).toMatchObject({ minIter: 1, maxIter: 27, s: 2 });
    expect(codesOf(warnings)).toEqual(["EARLY_TERMINATE_BOTH_FORMS"]);
  });

  test.each([
    "hyperband",
    "{type: halving, min_iter: 1}",
    "{min_iter: 1}",
    "{type: hyperband}",
    "{type: hyperband, max_iter: 27}",
    "{type: hyperband, max_iter: 2, s: 2}",
    "{type: hyperband, max_iter: 27, s: 0}",
    "{type: hyperband, min_iter: 0}",
    "{type: hyperband, min_iter: '3'}",
    "{type: hyperband, min_iter: 3, eta: 1}",
  ])("%s is ignored with a warning, as W&B's sweep runs and its stopping fails", (text) => {
    const { config, warnings } = stop(text);
    expect(config).toBeDefined();
    expect(config?.earlyTerminate).toBeUndefined();
    expect(codesOf(warnings)).toEqual(["EARLY_TERMINATE_IGNORED"]);
  });

  test("needs a metric", () => {
    expect(codesOf(stop("{type: hyperband, min_iter: 3}", "").warnings)).toEqual([
      "EARLY_TERMINATE_WITHOUT_METRIC",
    ]);
  });
});

describe("what starts a run", () => {
  test("items of a command that are no text are printed as Python does", () => {
    const config = configOf(
      sweepOf(PLAIN, "method: grid\ncommand: [python, 1, 1.0, 1.0e-5, true, null, [a, 1], {b: 2}]"),
    );
    expect(config.command).toEqual(["python", "1", "1.0", "1e-05", "True", "None", "['a', 1]", "{'b': 2}"]);
  });

  test.each([
    [macro("interpereter"), `did you mean \`${macro("interpreter")}\``],
    [macro("batch_size"), "is left out"],
    [`--lr=${macro("lr")}`, "is passed on as it stands"],
    [`--all=${macro("args")}`, "needs an item of its own"],
  ])("%s in a command is no macro, and named", (item, words) => {
    const { warnings } = read(`method: grid\ncommand: [python, "${item}"]`);
    expect(placesOf(warnings)).toEqual(["COMMAND_MACRO_UNKNOWN 3:19 command/1"]);
    expect(warnings[0]?.message).toContain(words);
  });

  test("an item with blanks is one argument", () => {
    expect(configOf(sweepOf(PLAIN, 'method: grid\ncommand: ["--logdir x --configs y"]')).command).toEqual([
      "--logdir x --configs y",
    ]);
  });

  test("a command that is no list is ignored, as W&B's agent does", () => {
    const { config, warnings } = read("method: grid\ncommand: python train.py");
    expect(config?.command).toBeUndefined();
    expect(codesOf(warnings)).toEqual(["COMMAND_IGNORED"]);
  });

  test("neither program nor command is accepted with a warning", () => {
    expect(codesOf(parseSweepConfig(sweepOf(PLAIN, "method: grid")).warnings)).toEqual(["PROGRAM_MISSING"]);
  });

  test.each([
    ["run_cap: 0", undefined, "RUN_CAP_IGNORED"],
    ["run_cap: many", undefined, "RUN_CAP_IGNORED"],
    ["run_cap: 10.0", 10, "RUN_CAP_NOT_INTEGER"],
    ["run_cap: '10'", 10, "RUN_CAP_NOT_INTEGER"],
  ])("%s", (line, cap, code) => {
    const { config, warnings } = read(`method: random\n${line}`);
    expect(config?.runCap).toBe(cap);
    expect(codesOf(warnings)).toEqual([code]);
  });

  test.each([
    ["name: 3", "3", "TEXT_EXPECTED"],
    ["name: [a]", undefined, "TEXT_EXPECTED"],
    ["name:", undefined, undefined],
  ])("%s", (line, name, code) => {
    const { config, warnings } = read(`method: random\n${line}`);
    expect(config?.name).toBe(name);
    expect(codesOf(warnings)).toEqual(code ? [code] : []);
  });

  test("a wrong controller, an odd project: warnings", () => {
    expect(codesOf(read("method: random\ncontroller: local\nproject: a b").warnings)).toEqual([
      "CONTROLLER_IGNORED",
      "NAME_UNUSUAL",
    ]);
  });
});
