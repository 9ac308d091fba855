import { describe, expect, test } from "vitest";
import { openConstraints, openSoftConstraints } from "@/core/constraint";
import { deserializeConfig, parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { toValueMap } from "@/core/value";
import { codesOf, placesOf } from "./support";

const SPACE = `program: a.py
method: bayes
metrics: [{name: loss}, {name: val/loss}]
parameters:
  warmup: {min: 1, max: 9}
  epochs: {min: 1, max: 20}
  batch-size: {values: [16, 32]}
  opt: {parameters: {lr: {min: 0.0, max: 1.0}, name: {values: [sgd, adam]}}}
constraints:
`;
const read = (...lines: string[]) => parseSweepConfig(SPACE + lines.map((line) => `  - ${line}\n`).join(""));

describe("constraints", () => {
  test("over parameters are read, nested ones by a dotted way and odd names in backticks", () => {
    const { config, errors, warnings } = read(
      "warmup < epochs",
      "opt.lr < 0.5 or opt.name == 'adam'",
      '"`batch-size` * warmup <= 64"',
    );
    expect([...codesOf(errors), ...codesOf(warnings)]).toEqual([]);
    expect(config?.constraints?.map(({ source }) => source)).toEqual([
      "warmup < epochs",
      "opt.lr < 0.5 or opt.name == 'adam'",
      "`batch-size` * warmup <= 64",
    ]);
    expect(config?.softConstraints).toBeUndefined();
    const allows = config && openConstraints(config);
    const at = (warmup: number, lr: number, name: string) =>
      toValueMap([
        ["warmup", warmup],
        ["epochs", 5],
        ["batch-size", 16],
        [
          "opt",
          toValueMap([
            ["lr", lr],
            ["name", name],
          ]),
        ],
      ]);
    expect(allows?.(at(4, 0.1, "sgd"))).toBe(true);
    expect(allows?.(at(5, 0.1, "sgd"))).toBe(false);
    expect(allows?.(at(4, 0.7, "sgd"))).toBe(false);
    expect(allows?.(at(4, 0.7, "adam"))).toBe(true);
  });

  test("one alone may stand without a list", () => {
    const { config } = parseSweepConfig(SPACE.replace("constraints:\n", "constraints: warmup < epochs\n"));
    expect(config).toEqual(read("warmup < epochs").config);
  });

  test("on metrics are told apart, whichever side the metric stands on", () => {
    const { config, warnings } = read(
      "latency_ms <= 20",
      "0.1 < loss < 2 and warmup < epochs",
      '"`size mb` < 2 * warmup"',
      "5 >= params_m",
    );
    expect(codesOf(warnings)).toEqual([]);
    expect(config?.constraints?.map(({ source }) => source)).toEqual(["0.1 < loss < 2 and warmup < epochs"]);
    const soft = openSoftConstraints(config ?? {});
    const at = toValueMap([["warmup", 3]]);
    expect(soft.map(({ metric, op, bound }) => `${metric} ${op} ${bound(at)}`)).toEqual([
      "latency_ms <= 20",
      "loss > 0.1",
      "loss < 2",
      "size mb < 6",
      "params_m <= 5",
    ]);
  });

  test("on a metric whose name is like the last part of a parameter's are warned of, with their place and the dotted way", () => {
    const { config, warnings } = read(
      "latency <= 2 and lr < 0.1",
      "nmae > 3",
      '"`lr` < 0.2"',
      "constructor < 3",
    );
    expect(placesOf(warnings)).toEqual([
      "CONSTRAINT_NAME_DOUBTFUL 10:22 constraints/0",
      "CONSTRAINT_NAME_DOUBTFUL 11:5 constraints/1",
    ]);
    expect(warnings[0]?.message).toContain("Did you mean `opt.lr`? If it is a metric, put it into backticks");
    expect(warnings[1]?.message).toContain("Did you mean `opt.name`?");
    expect(config?.softConstraints?.map(({ metric }) => metric)).toEqual([
      "latency",
      "lr",
      "nmae",
      "lr",
      "constructor",
    ]);
  });

  test("come back from the database as they went", () => {
    const { config } = read("warmup < epochs", "latency_ms <= 20", "opt.name in ['sgd', 1.0, null]");
    expect(config && deserializeConfig(serializeConfig(config))).toEqual(config);
    expect(config?.constraints).toHaveLength(2);
  });

  test.each([
    ["warmup < epoch", "CONSTRAINT_NAME_UNKNOWN 10:14 constraints/0", "Did you mean `epochs`?"],
    ["'warmup < epoch'", "CONSTRAINT_NAME_UNKNOWN 10:15 constraints/0", "Did you mean `epochs`?"],
    [
      "wram < epochs",
      "CONSTRAINT_NAME_UNKNOWN 10:5 constraints/0",
      "if it is a metric, put it into backticks",
    ],
    ["batch < epochs", "CONSTRAINT_NAME_UNKNOWN 10:5 constraints/0", "`batch-size` needs backticks"],
    ["val < 3", "CONSTRAINT_NAME_UNKNOWN 10:5 constraints/0", "`val/loss` needs backticks"],
    ["opt < 1", "CONSTRAINT_NAME_UNKNOWN 10:5 constraints/0", "such as `opt.lr`"],
    ["warmup = 3", "CONSTRAINT_SYNTAX 10:12 constraints/0", "write =="],
    ["warmup <", "CONSTRAINT_SYNTAX 10:13 constraints/0", "at its end"],
    ["round(warmup) < 3", "CONSTRAINT_SYNTAX 10:5 constraints/0", "there is no function `round`"],
    ["2 < 3", "CONSTRAINT_POINTLESS 10:5 constraints/0", "mentions no parameter"],
    ["warmup + 1", "CONSTRAINT_POINTLESS 10:5 constraints/0", "compare it"],
    ["loss < latency", "CONSTRAINT_ON_METRIC 10:5 constraints/0", "alone on one side"],
    ["loss == 3", "CONSTRAINT_ON_METRIC 10:5 constraints/0", "such as `latency_ms <= 20`"],
    ["loss * 2 < 3 or warmup < 2", "CONSTRAINT_ON_METRIC 10:5 constraints/0", "joined with `and`"],
    ["3", "CONSTRAINTS_INVALID 10:5 constraints/0", "a text such as"],
    ["{a: b}", "CONSTRAINTS_INVALID 10:5 constraints/0", "put quotes"],
  ])("%s refuses the file, with its place and a way out", (line, place, words) => {
    const { config, errors } = read(line);
    expect(config).toBeUndefined();
    expect(placesOf(errors)).toEqual([place]);
    expect(errors[0]?.message).toContain(words);
  });

  test("folded over lines or escaped, one is placed at its start, and the character is told", () => {
    const { errors } = read(">-\n    warmup <\n    epoch", '"warmup < \\x65poch"');
    expect(placesOf(errors)).toEqual([
      "CONSTRAINT_NAME_UNKNOWN 10:5 constraints/0",
      "CONSTRAINT_NAME_UNKNOWN 13:5 constraints/1",
    ]);
    expect(errors[0]?.message).toContain("(character 10 of it)");
  });

  test("more than a hundred are refused", () => {
    expect(codesOf(read(...new Array(100).fill("warmup < epochs")).errors)).toEqual([]);
    expect(codesOf(read(...new Array(101).fill("warmup < epochs")).errors)).toEqual(["CONSTRAINTS_INVALID"]);
  });

  test.each(["bayes", "auto", "tpe", "random", "sobol"])(
    "on a metric say with method %s, too, which runs may be the best",
    (method) => {
      const text = `${SPACE.replace("method: bayes", `method: ${method}`)}  - latency <= 2`;
      const { config, warnings } = parseSweepConfig(text);
      expect(codesOf(warnings)).toEqual([]);
      expect(config?.softConstraints).toMatchObject([{ metric: "latency", op: "<=" }]);
    },
  );
});
