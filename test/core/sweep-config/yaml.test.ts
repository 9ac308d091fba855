import { describe, expect, test } from "vitest";
import { parseSweepConfig } from "@/core/sweep-config";
import { Float, type Value } from "@/core/value";
import { codesOf, configOf, placesOf, sweepOf } from "./support";

const constantOf = (text: string): Value | undefined => {
  const parameter = configOf(sweepOf(`x: {value: ${text}}`)).parameters.get("x");
  return parameter?.kind === "constant" ? parameter.value : undefined;
};
const warningsOf = (text: string): string[] =>
  codesOf(parseSweepConfig(sweepOf(`x: {value: ${text}}`)).warnings);
const f = (value: number): Float => new Float(value);

describe("a scalar", () => {
  test.each<[string, Value, string?]>([
    ["1", 1],
    ["-0", 0],
    ["+12", 12],
    ["1.0", f(1)],
    ["1.", f(1)],
    ["-3.", f(-3)],
    ["0.5", 0.5],
    [".5", 0.5],
    ["-0.0", f(-0)],
    ["1.0e-4", 1e-4],
    ["1.e+3", f(1000)],
    ["1e-4", 1e-4, "YAML_FLOAT_AS_TEXT"],
    ["1E5", f(1e5), "YAML_FLOAT_AS_TEXT"],
    ["1.0e4", f(1e4), "YAML_FLOAT_AS_TEXT"],
    ["-.5", -0.5, "YAML_FLOAT_AS_TEXT"],
    ["1_000", 1000],
    ["1_0.5", 10.5],
    ["010", 8, "YAML_OCTAL"],
    ["0o10", 8, "YAML_OCTAL"],
    ["08", "08", "YAML_LEADING_ZERO"],
    ["0x1F", 31],
    ["0b101", 5],
    ["9007199254740993", 9007199254740993n],
    ["-123456789012345678901234567890", -123456789012345678901234567890n],
    [".inf", f(Number.POSITIVE_INFINITY)],
    ["-.INF", f(Number.NEGATIVE_INFINITY)],
    [".NaN", f(Number.NaN)],
    ["inf", "inf"],
    ["True", true],
    ["FALSE", false],
    ["yes", true, "YAML_BOOLEAN_WORD"],
    ["Off", false, "YAML_BOOLEAN_WORD"],
    ["y", "y"],
    ["~", null],
    ["", null],
    ["NULL", null],
    ["None", "None", "YAML_NONE_IS_TEXT"],
    ["12:30:45", "12:30:45", "YAML_SEXAGESIMAL"],
    ["2021-01-01", "2021-01-01", "YAML_DATE"],
    ['"1"', "1"],
    ["'yes'", "yes"],
    ["!!float 1e-5", 1e-5],
    ["!!float 3", f(3)],
    ["!!str 1e-5", "1e-5"],
    ["!!int '3'", 3],
    ["!!bool yes", true],
    ["!!null x", null],
    ["! 5", 5],
    ["1-2", "1-2"],
    ["1.2.3", "1.2.3"],
    ["값", "값"],
  ])("%s is %o", (text, value, warning) => {
    expect(constantOf(text)).toStrictEqual(value);
    expect(warningsOf(text)).toEqual(warning ? [warning] : []);
  });

  test("tells how to write a number that W&B reads as one too", () => {
    const { warnings } = parseSweepConfig(sweepOf("lr:\n  value: 5e-4"));
    expect(warnings[0]?.message).toContain("`5.0e-4`");
    expect(placesOf(warnings)).toEqual(["YAML_FLOAT_AS_TEXT 5:12 parameters/lr/value"]);
  });

  test("in a command, a name or a description is text, and nobody warns of it", () => {
    const { config, warnings } = parseSweepConfig(
      `${sweepOf("x: {value: 1}")}command: [srun, --lr, 1e-4, 1.50, yes, null, 2]\nname: 1e-4\n`,
    );
    expect(config?.command).toEqual(["srun", "--lr", "1e-4", "1.5", "True", "None", "2"]);
    expect(config?.name).toBe("1e-4");
    expect(codesOf(warnings)).toEqual([]);
  });

  test.each([["!!int 3.5"], ["!!float x"], ["!!python/tuple [1]"], ["!mine 3"], ["!!bool 3"]])(
    "under a tag that it does not fit is refused: %s",
    (text) => {
      expect(codesOf(parseSweepConfig(sweepOf(`x: {value: ${text}}`)).errors)).toEqual(["TAG_UNREADABLE"]);
    },
  );
});

describe("the text around", () => {
  const plain = sweepOf("lr: {values: [1, 2]}");
  const same: [string, string][] = [
    ["a byte-order mark", `\ufeff${plain}`],
    ["CRLF line ends", plain.replaceAll("\n", "\r\n")],
    ["no newline at the end", plain.trimEnd()],
    ["comments", `# one\n${plain}# two`],
    ["a comment right behind a bracket", sweepOf("lr:\n  values: [1, 2]#why")],
    ["a document mark", `---\n${plain}`],
    ["a document's end", `${plain}...\n`],
    ["a directive", `%YAML 1.1\n---\n${plain}`],
    ["tabs between words", plain.replace("lr: ", "lr:\t")],
  ];
  test.each(same)("with %s means the same", (_, text) => {
    expect(configOf(text).parameters).toEqual(configOf(plain).parameters);
  });

  test("comes back as it was, comments included", () => {
    const text = "# mine\r\nmethod: random # yes\r\nparameters: {a: {value: 1}}";
    expect(parseSweepConfig(text).source).toBe(text);
  });

  const tolerated = [
    "lr:\n    values: [\n1, 2\n]",
    "lr:\n    values: [\n  1,\n     2\n  ]",
    'lr:\n    values: ["a\nb"]',
  ];
  test.each(tolerated)(
    "may leave the margin inside brackets and quotes, as PyYAML allows: %j",
    (parameters) => {
      const parsed = parseSweepConfig(
        `method: random\nparameters:\n  ${parameters}\n  z: {value: 1}\nprogram: a.py\n`,
      );
      expect(placesOf(parsed.errors)).toEqual([]);
      expect([...(parsed.config?.parameters.keys() ?? [])]).toEqual(["lr", "z"]);
      expect(parsed.config?.program).toBe("a.py");
    },
  );

  test("JSON is YAML", () => {
    const { config } = parseSweepConfig(
      '{"method": "random",\n\t"parameters": {"a": {"min": 0.0, "max": 1.0}}}',
    );
    expect(config?.parameters.get("a")).toEqual({ kind: "uniform", min: 0, max: 1 });
  });
});

describe("keys, anchors and merges", () => {
  test("of two equal keys the last counts, and the warning names both lines", () => {
    const { config, warnings } = parseSweepConfig(`${sweepOf("a: {value: 1}\na: {value: 2}")}`);
    expect(config?.parameters.get("a")).toEqual({ kind: "constant", value: 2 });
    expect(placesOf(warnings)).toEqual(["DUPLICATE_KEY 5:3 parameters/a"]);
    expect(warnings[0]?.message).toContain("lines 4 and 5");
  });

  test("an alias stands for its anchor, also twice", () => {
    const config = configOf(sweepOf("a: &x {values: [1, 2]}\nb: *x\nc: *x"));
    expect(config.parameters.get("c")).toEqual({ kind: "categorical", values: [1, 2] });
  });

  test("a merge gives keys that the map does not have itself, the earlier map first", () => {
    const text = sweepOf(
      "a: {value: {<<: [*p, *q], z: 3}}",
      "p: &p {x: 1, z: 1}\nq: &q {x: 2, y: 2}\nmethod: random",
    );
    expect(parseSweepConfig(text).config?.parameters.get("a")).toEqual({
      kind: "constant",
      value: { x: 1, y: 2, z: 3 },
    });
  });

  test.each([
    ["a: {value: *nobody}", "ALIAS_UNKNOWN 4:14 parameters/a/value"],
    ["a: &a {value: *a}", "ALIAS_CYCLE 4:17 parameters/a/value"],
    ["a: {<<: 3, value: 1}", "MERGE_NOT_MAP 4:7 parameters/a"],
    ["a: {[1, 2]: 3}", "KEY_NOT_TEXT 4:7 parameters/a"],
  ])("%s is refused", (parameters, place) => {
    expect(placesOf(parseSweepConfig(sweepOf(parameters)).errors)).toEqual([place]);
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "%s is a name like any other",
    (name) => {
      const config = configOf(
        `method: grid\n${name}: {${name}: 1}\nparameters:\n  ${name}: {value: {${name}: {a: 1}}}\n`,
      );
      const parameter = config.parameters.get(name);
      const value = parameter?.kind === "constant" ? parameter.value : undefined;
      expect(JSON.stringify(value)).toBe(`{"${name}":{"a":1}}`);
      expect([...config.extra.keys()]).toEqual([name]);
      expect(({} as Record<string, unknown>).a).toBeUndefined();
    },
  );
});

describe("text that is no YAML", () => {
  test.each([
    ["method: [random", 1, "bracket"],
    ['method: "random', 1, "quote"],
    ["method: random\n  x: 1", 2, ""],
    ["method: a: b", 1, "quotes"],
    ["a:\n\tb: 1", 2, ""],
    ["method: random\nx\nparameters: {}", 2, "colon"],
  ])("is refused with its line and what to look for: %j", (text, line, hint) => {
    const { errors, config } = parseSweepConfig(text);
    expect(config).toBeUndefined();
    expect(errors[0]?.code).toBe("YAML_SYNTAX");
    expect(errors.some((error) => error.line !== undefined && Math.abs(error.line - line) <= 1)).toBe(true);
    expect(errors.map((error) => error.message).join("\n")).toContain(hint);
  });

  test.each([
    ["", "NOT_A_SWEEP"],
    ["# only a comment", "NOT_A_SWEEP"],
    ["hello", "NOT_A_SWEEP"],
    ["- a\n- b", "NOT_A_SWEEP"],
    ["null", "NOT_A_SWEEP"],
    ["{}", "NOT_A_SWEEP"],
    ["method: grid\n---\nmethod: random", "SEVERAL_DOCUMENTS"],
    ['method: "a\\0b"', "TEXT_UNUSABLE"],
    ['method: "\\ud800"', "TEXT_UNUSABLE"],
  ])("%j gives %s", (text, code) => {
    expect(codesOf(parseSweepConfig(text).errors)).toEqual([code]);
  });
});
