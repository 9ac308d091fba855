import { describe, expect, test } from "vitest";
import type { Parameter, Parameters } from "@/core/parameter";
import { parseSweepConfig } from "@/core/sweep-config";
import { codesOf, configOf, placesOf, sweepOf } from "./support";

const read = (rest: string) =>
  parseSweepConfig(sweepOf("lr: {values: [1, 2]}", `program: a.py\nmethod: grid\n${rest}`));

describe("our own keys", () => {
  test("are read beside W&B's", () => {
    const { config, warnings } = read(
      "seed: 123456789012345678901\ngrid_order: random\nrepeats: 3\nretries: 0\nretry_failed: true\nrun_name: lr-{lr}-{ordinal}",
    );
    expect(config).toMatchObject({
      seed: "123456789012345678901",
      gridOrder: "random",
      repeats: 3,
      retries: 0,
      retryFailed: true,
      runName: "lr-{lr}-{ordinal}",
    });
    expect(codesOf(warnings)).toEqual([]);
  });

  test.each([
    "seed: 1.5",
    "seed: abc",
    "seed: [1]",
    "seed:",
    "grid_order: reversed",
    "grid_order: 3",
    "repeats: 0",
    "repeats: 2.0",
    "repeats: many",
    "repeats: 99999999999",
    "retries: -1",
    "retries: {a: 1}",
    "retry_failed: 1",
    "retry_failed: maybe",
    "run_name: 3",
    "run_name: ''",
    "run_name: [a]",
    "quarantine_after: 0",
    "quarantine_after: true",
    "quarantine_after: 2.5",
  ])("typed wrongly are a warning, and as if they were not there: %s", (line) => {
    const { config, errors, warnings } = read(line);
    expect(codesOf(errors)).toEqual([]);
    expect(codesOf(warnings)).toEqual(["OWN_KEY_IGNORED"]);
    expect(config).toEqual(read("").config);
  });

  test("a run name with an unknown parameter is a warning", () => {
    const { warnings } = read("run_name: '{rl}'");
    expect(placesOf(warnings)).toEqual(["RUN_NAME_UNKNOWN 3:1 run_name"]);
    expect(warnings[0]?.message).toContain("did you mean {lr}?");
  });

  test("quarantine_after is a number or false, and 5 when nothing is said", () => {
    expect(read("").config?.quarantineAfter).toBe(5);
    expect(read("quarantine_after: 3").config?.quarantineAfter).toBe(3);
    expect(read("quarantine_after: false").config?.quarantineAfter).toBe(false);
  });

  test("log_pattern is one regular expression of RE2 or several, with groups that are named in either way", () => {
    const one = read("log_pattern: 'step (?<step>\\d+) loss=(?P<loss>\\S+)'");
    expect(one.config?.logPattern).toEqual(["step (?<step>\\d+) loss=(?P<loss>\\S+)"]);
    expect(codesOf(one.warnings)).toEqual([]);
    expect(read("log_pattern: ['(?P<a>x)', '(?P<b>y)']").config?.logPattern).toHaveLength(2);
    expect(read("log_pattern:").config?.logPattern).toBeUndefined();
  });

  test.each([
    ["log_pattern: '(?P<loss>'", "missing closing )", "3:14"],
    ["log_pattern: 'loss=(.*)'", "no named group", "3:14"],
    ["log_pattern: '(?P<step>\\d+)'", "no group beside `step`", "3:14"],
    ["log_pattern: ['(?P<a>x)', '(?<=b)(?P<c>x)']", "invalid named capture", "3:27"],
    ["log_pattern: ['(?P<a>x)', '(?P<c>(x)\\2)']", "invalid escape sequence", "3:27"],
    ["log_pattern: 3", "is 3", "3:14"],
    [`log_pattern: '${"x".repeat(1_001)}'`, "1001 characters long", "3:14"],
    [`log_pattern: [${"'(?P<a>x)', ".repeat(21)}]`, "21 patterns", "3:14"],
  ])("a log_pattern that can't be used is an error at its place: %s", (line, why, place) => {
    const { errors } = read(line);
    expect(errors).toEqual([
      expect.objectContaining({ code: "LOG_PATTERN_INVALID", message: expect.stringContaining(why) }),
    ]);
    expect(`${errors[0]?.line}:${errors[0]?.column}`).toBe(place);
  });

  test("a random order is for grids", () => {
    const parsed = parseSweepConfig(
      sweepOf("a: {value: 1}", "program: a.py\nmethod: random\ngrid_order: random"),
    );
    expect(codesOf(parsed.warnings)).toEqual(["OWN_KEY_IGNORED"]);
  });
});

const at = (parameters: Parameters, ...names: string[]): Parameter | undefined => {
  const [first = "", ...rest] = names;
  const parameter = parameters.get(first);
  return rest.length === 0 || parameter?.kind !== "group" ? parameter : at(parameter.parameters, ...rest);
};
const isIn = (parameter: string[], ...values: unknown[]) => ({ parameter, test: { kind: "in", values } });

describe("when", () => {
  const space = `opt: {values: [sgd, adam]}
depth: {min: 1, max: 9}
lr: {min: 0.0, max: 1.0}`;
  const conditionsOf = (when: string) => {
    const { config, errors, warnings } = parseSweepConfig(sweepOf(`${space}\nx: {value: 1, when: ${when}}`));
    return { when: config?.parameters.get("x")?.when, errors, warnings };
  };

  test.each([
    ["{opt: sgd}", [isIn(["opt"], "sgd")]],
    ["{opt: [sgd, adam]}", [isIn(["opt"], "sgd", "adam")]],
    ["{depth: {min: 2, max: 3}}", [{ parameter: ["depth"], test: { kind: "range", min: 2, max: 3 } }]],
    [
      "{lr: {max: 1e-1}}",
      [{ parameter: ["lr"], test: { kind: "range", min: Number.NEGATIVE_INFINITY, max: 0.1 } }],
    ],
    ["{opt: sgd, depth: 3}", [isIn(["opt"], "sgd"), isIn(["depth"], 3)]],
  ])("%s is understood", (text, expected) => {
    const { when, errors } = conditionsOf(text);
    expect(codesOf(errors)).toEqual([]);
    expect(when).toEqual(expected);
  });

  test.each([["sgd"], ["[opt]"], ["3"], ["{}"], ["{depth: {min: a}}"], ["{depth: {min: 3, max: 1}}"]])(
    "%s is a warning, and ignored",
    (text) => {
      const { when, errors, warnings } = conditionsOf(text);
      expect(codesOf(errors)).toEqual([]);
      expect(codesOf(warnings)).toContain("WHEN_IGNORED");
      expect(when).toBeUndefined();
    },
  );

  test.each([["{opt: rmsprop}"], ["{depth: 10}"], ["{depth: {min: 10}}"], ["{opt: []}"]])(
    "%s can never hold, which is a warning",
    (text) => {
      const expected = text.includes("depth: 10") ? [] : ["WHEN_NEVER_HOLDS"];
      expect(codesOf(conditionsOf(text).warnings)).toEqual(expected);
    },
  );

  test("a parameter that does not exist is an error with a suggestion", () => {
    const { errors } = conditionsOf("{optt: sgd}");
    expect(placesOf(errors)).toEqual(["WHEN_PARAMETER_UNKNOWN 7:24 parameters/x/when/optt"]);
    expect(errors[0]?.message).toContain("Did you mean `opt`?");
  });

  const nested = `a.b: {values: [1, 2]}
a: {parameters: {b: {values: [3, 4]}, c: {parameters: {d: {values: [5, 6]}}}}}
e.f: {parameters: {g: {values: [7]}}}`;

  test.each([
    ["{a.b: 1}", [isIn(["a.b"], 1)]],
    ["{a: {b: 3}}", [isIn(["a", "b"], 3)]],
    ["{a.c.d: 5}", [isIn(["a", "c", "d"], 5)]],
    ["{a: {c.d: 5, b: 4}}", [isIn(["a", "c", "d"], 5), isIn(["a", "b"], 4)]],
    ["{e.f.g: 7}", [isIn(["e.f", "g"], 7)]],
  ])("finds its parameter by a flat name first, then by a dotted or nested way: %s", (when, expected) => {
    const config = configOf(sweepOf(`${nested}\nx: {value: 1, when: ${when}}`));
    expect(config.parameters.get("x")?.when).toEqual(expected);
  });

  test("works at any depth, on groups too, and sees its neighbours in the group", () => {
    const config = configOf(
      sweepOf(`opt:
  parameters:
    name: {values: [sgd, adam]}
    momentum: {min: 0.0, max: 1.0, when: {name: sgd}}
    adam:
      when: {name: adam}
      parameters:
        beta: {min: 0.0, max: 1.0}
        extra: {value: 1, when: {beta: {min: 0.5}, opt.name: adam}}`),
    );
    expect(at(config.parameters, "opt", "momentum")?.when).toEqual([isIn(["opt", "name"], "sgd")]);
    expect(at(config.parameters, "opt", "adam")?.when).toEqual([isIn(["opt", "name"], "adam")]);
    expect(at(config.parameters, "opt", "adam", "extra")?.when).toEqual([
      {
        parameter: ["opt", "adam", "beta"],
        test: { kind: "range", min: 0.5, max: Number.POSITIVE_INFINITY },
      },
      isIn(["opt", "name"], "adam"),
    ]);
  });

  test("a group is no condition", () => {
    const parsed = parseSweepConfig(sweepOf("g: {parameters: {a: {value: 1}}}\nx: {value: 1, when: {g: 1}}"));
    expect(codesOf(parsed.errors)).toEqual(["WHEN_PARAMETER_UNKNOWN"]);
    expect(parsed.errors[0]?.message).toContain("`g.a`");
  });

  test.each([
    ["a: {value: 1, when: {a: 1}}"],
    ["a: {values: [1], when: {b: 1}}\nb: {values: [1], when: {a: 1}}"],
    ["a: {values: [1], when: {b: 1}}\nb: {values: [1], when: {c: 1}}\nc: {values: [1], when: {a: 1}}"],
    ["g: {when: {g.a: 1}, parameters: {a: {values: [1]}}}"],
    ["g: {when: {x: 1}, parameters: {a: {values: [1]}}}\nx: {values: [1], when: {g.a: 1}}"],
  ])("in a circle is an error: %j", (parameters) => {
    expect(codesOf(parseSweepConfig(sweepOf(parameters)).errors)).toEqual(["WHEN_CIRCLE"]);
  });

  test("is a name that a parameter may have", () => {
    expect([...configOf(sweepOf("when: {values: [1, 2]}")).parameters.keys()]).toEqual(["when"]);
  });
});
