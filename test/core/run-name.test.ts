import { describe, expect, test } from "vitest";
import type { Parameter, Parameters } from "@/core/parameter";
import { MAX_RUN_NAME_LENGTH, renderRunName, unknownNames } from "@/core/run-name";
import { parseJson, type ValueMap } from "@/core/value";

const params =
  parseJson(`{"lr": 1e-05, "drop": 0.31622776601683794, "width": 1.0, "flag": true, "layers": [64, 32],
  "optimizer": {"name": "adam", "a.b": 7}, "opt.lr": 0.5, "odd": "a\\u0000b\\nc", "big": 1234567.25}`) as ValueMap;

describe("a run's name", () => {
  test.each([
    ["lr-{lr}", "lr-1e-05"],
    ["{drop} {big}", "0.3162 1235000.0"],
    ["{width}-{flag}-{layers}", "1.0-True-[64, 32]"],
    ["{optimizer.name}/{ optimizer.a.b }/{opt.lr}", "adam/7/0.5"],
    ["run {ordinal}", "run 12"],
    ["{gone} {optimizer.gone} {toString}", "none none none"],
    ["{} {lr {{lr}} plain", "{} {lr {1e-05} plain"],
    ["{odd}", "a b c"],
    ["  ", "12"],
  ])("from %j is %j", (template, name) => {
    expect(renderRunName(template, params, 12)).toBe(name);
  });

  test("is never longer than a name may be, nor a torn character", () => {
    const name = renderRunName("😀".repeat(200), params, 1);
    expect([...name]).toHaveLength(MAX_RUN_NAME_LENGTH);
    expect(name).not.toMatch(/\p{Surrogate}/u);
    expect(name.endsWith("…")).toBe(true);
  });
});

test("names that no parameter has are found with a suggestion", () => {
  const leaf: Parameter = { kind: "constant", value: 1 };
  const parameters: Parameters = new Map<string, Parameter>([
    ["learning_rate", leaf],
    ["optimizer", { kind: "group", parameters: new Map([["name", leaf]]) }],
  ]);
  expect(unknownNames("{learning_rate} {optimizer.name} {optimizer} {ordinal}", parameters)).toEqual([]);
  expect(unknownNames("{learning-rate} {qqqqqqqqqqq} {learning-rate}", parameters)).toEqual([
    { name: "learning-rate", suggestion: "learning_rate" },
    { name: "qqqqqqqqqqq" },
  ]);
});
