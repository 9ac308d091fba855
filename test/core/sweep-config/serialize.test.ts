import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deserializeConfig, parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { Findings } from "@/core/sweep-config/diagnostics";
import { readJson } from "@/core/sweep-config/json";
import { toValue } from "@/core/sweep-config/tree";
import { writeYaml } from "@/core/sweep-config/write-yaml";
import { readYaml } from "@/core/sweep-config/yaml";
import { Float, type Value } from "@/core/value";
import { anyConfig, anyValue } from "./arbitrary";
import { codesOf, configOf, sweepOf } from "./support";

describe("a stored config", () => {
  test("comes back with nothing lost", () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        // vitest's toStrictEqual stumbles over a key named "constructor"
        expect(isDeepStrictEqual(deserializeConfig(serializeConfig(config)), config)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("survives a database that reorders keys, as jsonb does", () => {
    const config = configOf(
      sweepOf("b: {value: {z: 1.0, a: 12345678901234567890}}\na: {min: 0.0, max: 1.0, when: {b: [1, 1.0]}}"),
    );
    const shuffled = JSON.stringify(reorder(JSON.parse(serializeConfig(config))));
    expect(deserializeConfig(shuffled)).toEqual(config);
    expect(JSON.stringify(serializeConfig(config))).not.toContain("\\u0000");
  });

  test.each(["", "{", "3", "null", "[]", "{}", '{"method":"grid","parameters":{}}'])("%j is none", (text) => {
    expect(() => deserializeConfig(text)).toThrow(/stored sweep configuration/);
  });
});

/** Objects with their keys turned round, all the way down. */
function reorder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reorder);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reorder(item)]),
  );
}

describe("a JSON value", () => {
  const yamlOf = (value: Value): string => {
    const node = readJson(value, new Findings());
    return node ? writeYaml(node) : "";
  };

  test("written as YAML is read back as the same value", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const findings = new Findings();
        const node = readYaml(yamlOf(value), findings);
        expect(codesOf(findings.errors)).toEqual([]);
        expect(node && isDeepStrictEqual(toValue(node), value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("written as YAML is what a person would write, and what PyYAML reads alike", () => {
    const { source, config } = parseSweepConfig({
      json: {
        method: "grid",
        parameters: {
          lr: { values: [1e-7, new Float(1), 1e22, 0.5] },
          word: { values: ["yes", "1e-4", "None", "a: b", "", "12:30", "plain"] },
          nothing: { value: null },
          deep: { value: { layers: [[1, 2], []], options: {} } },
        },
      },
    });
    expect(config).toBeDefined();
    expect(source).toBe(`method: grid
parameters:
  lr:
    values: [1.0e-7, 1.0, 1.0e+22, 0.5]
  word:
    values: ["yes", "1e-4", "None", "a: b", "", "12:30", plain]
  nothing:
    value: null
  deep:
    value:
      layers:
        - [1, 2]
        - []
      options: {}
`);
  });

  test("gives the same config as the text, without places", () => {
    const json = { method: "random", parameters: { a: { min: 1, max: 5 }, b: { vlaue: 3 } } };
    const fromJson = parseSweepConfig({ json });
    const fromText = parseSweepConfig(JSON.stringify(json));
    expect(codesOf(fromJson.errors)).toEqual(codesOf(fromText.errors));
    expect(fromJson.errors[0]).not.toHaveProperty("line");
    expect(fromJson.errors[0]?.path).toEqual(["parameters", "b", "vlaue"]);
  });
});
