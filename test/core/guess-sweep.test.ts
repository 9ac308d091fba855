import { expect, test } from "vitest";
import { guessSweep } from "@/core/guess-sweep";
import { listLeaves } from "@/core/leaves";
import { parseSweepConfig } from "@/core/sweep-config";
import { parseJson, type ValueMap } from "@/core/value";

const runOf = (text: string) => parseJson(text) as ValueMap;

test("a guess is as wide as the runs were: log over decades, a list of few values, fixed where nothing varied", () => {
  const params = Array.from({ length: 20 }, (_, i) =>
    runOf(
      `{"lr": ${10 ** (-5 + i / 5)}, "batch": ${2 ** (5 + (i % 3))}, "width": ${10 + i}, "hidden": ${3 ** (1 + (i % 10))},
        "opt": {"name": "${["sgd", "adam"][i % 2]}", "momentum": 0.${i + 10}}, "epochs": 20, "big: key": "yes"${i < 5 ? ', "late": true' : ""}}`,
    ),
  );
  const source = guessSweep({
    params,
    program: "my train.py",
    metric: { name: "val/acc", goal: "maximize" },
  });
  const { config, errors } = parseSweepConfig(source);
  expect(errors).toEqual([]);
  expect(config).toMatchObject({
    method: "bayes",
    program: "my train.py",
    runCap: 50,
    metric: { name: "val/acc", goal: "maximize" },
  });
  const leaves = new Map(
    listLeaves(config?.parameters ?? new Map()).map(({ path, parameter }) => [path.join("."), parameter]),
  );
  expect(leaves.get("lr")).toMatchObject({ kind: "log_uniform_values", min: 1e-5, max: 0.064 });
  expect(leaves.get("batch")).toMatchObject({ kind: "categorical", values: [32, 64, 128] });
  expect(leaves.get("width")).toMatchObject({ kind: "int_uniform", min: 10, max: 29 });
  expect(leaves.get("hidden")).toMatchObject({ kind: "q_log_uniform_values", min: 3, max: 59049 });
  expect(leaves.get("opt.name")).toMatchObject({ kind: "categorical", values: ["sgd", "adam"] });
  expect(leaves.get("opt.momentum")).toMatchObject({ kind: "uniform", min: 0.1, max: 0.29 });
  expect(leaves.get("epochs")).toMatchObject({ kind: "constant", value: 20 });
  expect(leaves.get("big: key")).toMatchObject({ kind: "constant", value: "yes" });
  expect(source).toContain("late:   # 5 of 20 runs had it");
});

test("runs that logged nothing and say no program give a file that parses all the same", () => {
  const source = guessSweep({
    params: [runOf('{"x": [1, 2], "y": null, "z": "1e-4"}')],
    program: null,
    metric: null,
  });
  const { config, errors } = parseSweepConfig(source);
  expect(errors).toEqual([]);
  expect(config?.method).toBe("random");
  expect(config?.parameters.get("z")).toMatchObject({ kind: "constant", value: "1e-4" });
});
