import { describe, expect, test } from "vitest";
import type { Parameter } from "@/core/parameter";
import { parseSweepConfig } from "@/core/sweep-config";
import { Float } from "@/core/value";
import { codesOf, configOf, placesOf, sweepOf } from "./support";

const one = (parameter: string): Parameter | undefined =>
  configOf(sweepOf(`x: ${parameter}`)).parameters.get("x");
const warned = (parameter: string): string[] =>
  codesOf(parseSweepConfig(sweepOf(`x: ${parameter}`)).warnings);
const q = (value: number, integer: boolean) => ({ q: value, integer });

describe("a distribution", () => {
  test.each<[string, Parameter]>([
    ["{value: 3}", { kind: "constant", value: 3 }],
    ["{distribution: constant, value: [1, {a: null}]}", { kind: "constant", value: [1, { a: null }] }],
    ["{value: null}", { kind: "constant", value: null }],
    [
      "{values: [1, 1.0, '1', true, null]}",
      { kind: "categorical", values: [1, new Float(1), "1", true, null] },
    ],
    ["{distribution: categorical, values: [a]}", { kind: "categorical", values: ["a"] }],
    [
      "{values: [a, b], probabilities: [0.25, 0.75]}",
      { kind: "categorical", values: ["a", "b"], probabilities: [0.25, 0.75] },
    ],
    [
      "{distribution: categorical, values: [a, b], probabilities: [1, 0]}",
      { kind: "categorical", values: ["a", "b"], probabilities: [1, 0] },
    ],
    [
      "{distribution: categorical_w_probabilities, values: [a], probabilities: [1.0]}",
      { kind: "categorical", values: ["a"], probabilities: [1] },
    ],
    ["{min: 1, max: 5}", { kind: "int_uniform", min: 1, max: 5 }],
    ["{distribution: int_uniform, min: -5, max: 0}", { kind: "int_uniform", min: -5, max: 0 }],
    ["{min: 1.0, max: 5.0}", { kind: "uniform", min: 1, max: 5 }],
    ["{distribution: uniform, min: 1, max: 5}", { kind: "uniform", min: 1, max: 5 }],
    [
      "{distribution: q_uniform, min: 0, max: 1}",
      { kind: "q_uniform", min: 0, max: 1, quantum: q(1, false) },
    ],
    [
      "{distribution: q_uniform, min: 0, max: 9, q: 3}",
      { kind: "q_uniform", min: 0, max: 9, quantum: q(3, true) },
    ],
    [
      "{distribution: q_uniform, min: 0, max: 9, q: 3.0}",
      { kind: "q_uniform", min: 0, max: 9, quantum: q(3, false) },
    ],
    ["{distribution: log_uniform, min: -7, max: -1.5}", { kind: "log_uniform", min: -7, max: -1.5 }],
    [
      "{distribution: log_uniform_values, min: 0.1, max: 2}",
      { kind: "log_uniform_values", min: 0.1, max: 2 },
    ],
    [
      "{distribution: q_log_uniform, min: 0, max: 5, q: 2}",
      { kind: "q_log_uniform", min: 0, max: 5, quantum: q(2, true) },
    ],
    [
      "{distribution: q_log_uniform_values, min: 16, max: 256, q: 8}",
      { kind: "q_log_uniform_values", min: 16, max: 256, quantum: q(8, true) },
    ],
    ["{distribution: inv_log_uniform, min: 0, max: 5}", { kind: "inv_log_uniform", min: 0, max: 5 }],
    [
      "{distribution: inv_log_uniform_values, min: 0.01, max: 5}",
      { kind: "inv_log_uniform_values", min: 0.01, max: 5 },
    ],
    ["{distribution: normal}", { kind: "normal", mu: 0, sigma: 1 }],
    ["{distribution: normal, mu: 5, sigma: 0.5}", { kind: "normal", mu: 5, sigma: 0.5 }],
    ["{distribution: normal, mu: 5, sigma: 0}", { kind: "normal", mu: 5, sigma: 0 }],
    ["{distribution: q_normal, sigma: 9, q: 2}", { kind: "q_normal", mu: 0, sigma: 9, quantum: q(2, true) }],
    ["{distribution: log_normal, mu: -1}", { kind: "log_normal", mu: -1, sigma: 1 }],
    ["{distribution: q_log_normal}", { kind: "q_log_normal", mu: 0, sigma: 1, quantum: q(1, false) }],
    ["{distribution: beta}", { kind: "beta", a: 1, b: 1 }],
    ["{distribution: beta, a: 2, b: 0.5}", { kind: "beta", a: 2, b: 0.5 }],
    ["{distribution: q_beta, a: 2, q: 0.1}", { kind: "q_beta", a: 2, b: 1, quantum: q(0.1, false) }],
  ])("%s is understood", (text, parameter) => {
    expect(one(text)).toEqual(parameter);
    expect(warned(text)).toEqual([]);
  });

  test.each<[string, Parameter, string]>([
    ["{min: 1, max: 2.5}", { kind: "uniform", min: 1, max: 2.5 }, "BOUNDS_MIXED"],
    [
      "{distribution: int_uniform, min: 1.0, max: 5}",
      { kind: "int_uniform", min: 1, max: 5 },
      "NUMBER_WHOLE_FLOAT",
    ],
    [
      "{min: 0, max: 18446744073709551615}",
      { kind: "int_uniform", min: 0, max: Number.MAX_SAFE_INTEGER },
      "NUMBER_CLAMPED",
    ],
    [
      "{distribution: log_uniform, min: 0.0001, max: 0.1}",
      { kind: "log_uniform", min: 0.0001, max: 0.1 },
      "LOG_UNIFORM_EXPONENTS",
    ],
    [
      "{distribution: log_uniform, min: 1, max: 512}",
      { kind: "log_uniform", min: 1, max: 512 },
      "LOG_UNIFORM_EXPONENTS",
    ],
    [
      "{distribution: q_uniform, min: 1.2, max: 1.8}",
      { kind: "q_uniform", min: 1.2, max: 1.8, quantum: q(1, false) },
      "Q_WITHOUT_MULTIPLE",
    ],
    [
      "{values: [a, b], probabilities: [1, 3]}",
      { kind: "categorical", values: ["a", "b"], probabilities: [0.25, 0.75] },
      "PROBABILITIES_SCALED",
    ],
    [
      "{values: [a, b], probabilities: [0, 0]}",
      { kind: "categorical", values: ["a", "b"], probabilities: [1, 0] },
      "PROBABILITIES_SCALED",
    ],
    [
      "{values: [a, b], probabilities: [1.0]}",
      { kind: "categorical", values: ["a", "b"], probabilities: [1, 0] },
      "PROBABILITIES_LENGTH",
    ],
    [
      "{values: [a], probabilities: [1.0, 0.0]}",
      { kind: "categorical", values: ["a"], probabilities: [1] },
      "PROBABILITIES_LENGTH",
    ],
  ])("%s is read, with a warning", (text, parameter, code) => {
    expect(one(text)).toEqual(parameter);
    expect(warned(text)).toEqual([code]);
  });
});

describe("a parameter that W&B's engine can't run is refused, and the error tells the way out:", () => {
  test.each([
    ["3", "PARAMETER_NOT_MAP parameters/x", "x: {value: 3}"],
    ["[1, 2]", "PARAMETER_NOT_MAP parameters/x", "x: {values: [1, 2]}"],
    ["", "PARAMETER_NOT_MAP parameters/x", "is empty"],
    ["{}", "PARAMETER_EMPTY parameters/x", "says neither `value`"],
    ["{lr: {min: 0.0, max: 1.0}}", "NESTED_WITHOUT_PARAMETERS parameters/x", "x: {parameters: {lr: …}}"],
    ["{vlaues: [1, 2]}", "PARAMETER_KEY_UNKNOWN parameters/x/vlaues", "Did you mean `values`?"],
    [
      "{min: 0, max: 1, distrubution: uniform}",
      "PARAMETER_KEY_UNKNOWN parameters/x/distrubution",
      "`distribution`?",
    ],
    ["{value: 1, description: hi}", "PARAMETER_KEY_UNKNOWN parameters/x/description", "comment"],
    ["{value: 1, values: [1]}", "KEYS_CONFLICT parameters/x/values", "remove the one"],
    ["{min: 0, max: 1, q: 2}", "KEYS_CONFLICT parameters/x/q", ""],
    ["{distribution: log_uniform, min: 0, max: 1, q: 2}", "KEYS_CONFLICT parameters/x/q", "q_log_uniform`"],
    ["{parameters: {a: {value: 1}}, min: 3}", "KEYS_CONFLICT parameters/x", "holds `parameters` alone"],
    ["{mu: 0}", "DISTRIBUTION_MISSING parameters/x", "distribution: normal"],
    [
      "{distribution: gaussian, mu: 0}",
      "DISTRIBUTION_UNKNOWN parameters/x/distribution",
      "There are constant",
    ],
    [
      "{distribution: log_unifrom, min: 0, max: 1}",
      "DISTRIBUTION_UNKNOWN parameters/x/distribution",
      "`log_uniform`?",
    ],
    [
      "{distribution: Uniform, min: 0, max: 1}",
      "DISTRIBUTION_UNKNOWN parameters/x/distribution",
      "`uniform`?",
    ],
    ["{distribution: [uniform], min: 0, max: 1}", "DISTRIBUTION_UNKNOWN parameters/x/distribution", ""],
    [
      "{distribution: categorical_w_probabilities, values: [1]}",
      "KEY_MISSING parameters/x",
      "`probabilities`",
    ],
    ["{min: 1}", "KEY_MISSING parameters/x", "no `max`"],
    ["{distribution: uniform, max: 1.0}", "KEY_MISSING parameters/x", "no `min`"],
    ["{min: 5, max: 1}", "BOUNDS_ORDER parameters/x", "exchange"],
    ["{min: 5, max: 5}", "BOUNDS_ORDER parameters/x", "value: 5"],
    ["{min: '0.1', max: 1.0}", "NUMBER_EXPECTED parameters/x/min", "remove the quotes"],
    ["{min: true, max: 1.0}", "NUMBER_EXPECTED parameters/x/min", "not true"],
    ["{min: 0.0, max: .inf}", "NUMBER_EXPECTED parameters/x/max", "finite"],
    ["{min: , max: 1.0}", "NUMBER_EXPECTED parameters/x/min", "(nothing)"],
    ["{distribution: int_uniform, min: 0.5, max: 1}", "NUMBER_NOT_WHOLE parameters/x/min", "uniform"],
    [
      "{distribution: log_uniform_values, min: 0, max: 1}",
      "NUMBER_NOT_POSITIVE parameters/x/min",
      "logarithm",
    ],
    [
      "{distribution: q_uniform, min: 0, max: 1, q: 0}",
      "NUMBER_NOT_POSITIVE parameters/x/q",
      "greater than 0",
    ],
    ["{distribution: normal, sigma: -1}", "NUMBER_NEGATIVE parameters/x/sigma", "below 0"],
    ["{values: 3}", "VALUES_NOT_LIST parameters/x/values", "value: 3"],
    ["{values: []}", "VALUES_EMPTY parameters/x/values", "at least one"],
    ["{values: [1], probabilities: [-1]}", "PROBABILITIES_INVALID parameters/x/probabilities", "not -1"],
    ["{values: [1], probabilities: 1}", "PROBABILITIES_INVALID parameters/x/probabilities", "list"],
    ["{parameters: {}}", "PARAMETERS_EMPTY parameters/x/parameters", "at least one"],
    ["{parameters: {y: {min: 2, max: 1}}}", "BOUNDS_ORDER parameters/x/parameters/y", "`y`"],
  ])("x: %s", (text, place, words) => {
    const { config, errors } = parseSweepConfig(sweepOf(`x: ${text}`));
    expect(config).toBeUndefined();
    expect(errors.map(({ code, path }) => `${code} ${path.join("/")}`)).toEqual([place]);
    expect(errors[0]?.line).toBe(4);
    expect(errors[0]?.message).toContain(words);
  });

  test("several mistakes are told at once", () => {
    const { errors } = parseSweepConfig(sweepOf("a: 1\nb: {min: 2, max: 1}\nc: {value: 1}\nd: {vlaue: 3}"));
    expect(placesOf(errors)).toEqual([
      "PARAMETER_NOT_MAP 4:6 parameters/a",
      "BOUNDS_ORDER 5:12 parameters/b",
      "PARAMETER_KEY_UNKNOWN 7:7 parameters/d/vlaue",
    ]);
  });
});

describe("names and groups", () => {
  test("stand in Python's order at every level, and dotted names are flat", () => {
    const { parameters } = configOf(
      sweepOf(
        "b.c: {value: 1}\nb: {parameters: {z: {value: 1}, B: {value: 1}}}\nB: {value: 1}\n😀: {value: 1}\n\ufffd: {value: 1}",
      ),
    );
    expect([...parameters.keys()]).toEqual(["B", "b", "b.c", "\ufffd", "😀"]);
    const group = parameters.get("b");
    expect(group?.kind === "group" && [...group.parameters.keys()]).toEqual(["B", "z"]);
  });

  test.each(["a b", "1", "a/b", "a=b", "값"])("%s is a name that W&B warns of", (name) => {
    const { config, warnings } = parseSweepConfig(sweepOf(`${name}: {value: 1}`));
    expect([...(config?.parameters.keys() ?? [])]).toEqual([name]);
    expect(codesOf(warnings)).toEqual(["PARAMETER_NAME_UNUSUAL"]);
  });
});

describe("a grid", () => {
  const grid = (parameters: string) => parseSweepConfig(sweepOf(parameters, "method: grid\nprogram: a.py"));

  test("enumerates constants, lists, int_uniform and q_uniform, also in groups", () => {
    const { errors } = grid(
      "a: {value: 1}\nb: {values: [1, 2]}\nc: {min: 1, max: 3}\nd: {parameters: {e: {distribution: q_uniform, min: 0, max: 3}}}",
    );
    expect(codesOf(errors)).toEqual([]);
  });

  test("refuses a continuous parameter by name and place", () => {
    const { errors } = grid("a: {value: 1}\ng:\n  parameters:\n    lr: {min: 0.0, max: 1.0}");
    expect(placesOf(errors)).toEqual(["GRID_CONTINUOUS 7:7 parameters/g/parameters/lr"]);
    expect(errors[0]?.message).toContain("`g.lr` is continuous (uniform)");
  });

  test("has no place for probabilities, and tells of equal values", () => {
    expect(codesOf(grid("a: {values: [1, 2], probabilities: [0.5, 0.5]}").errors)).toEqual([
      "GRID_PROBABILITIES",
    ]);
    expect(codesOf(grid("a: {values: [1, 2, 1.0]}").warnings)).toEqual(["VALUES_REPEATED"]);
  });
});
