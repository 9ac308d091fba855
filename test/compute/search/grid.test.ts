import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openGrid } from "@/compute/search/grid";
import type { Points } from "@/compute/search/points";
import type { Parameter, Parameters } from "@/core/parameter";
import { parseSweepConfig } from "@/core/sweep-config";
import {
  Float,
  parseJson,
  sortKeys,
  stringifyJson,
  toIdentity,
  toNumber,
  type Value,
  type ValueMap,
} from "@/core/value";
import { describePoints, toHex } from "../../contract/points";
import { parameters } from "../../support/parameters";

describePoints("grid");

const space = (entries: Record<string, Parameter>): Parameters => new Map(Object.entries(entries));
const values = (...list: Value[]): Parameter => ({ kind: "categorical", values: list });
const open = (parameters: Parameters, options: { random?: string; repeats?: number } = {}): Points =>
  openGrid(
    {
      parameters,
      gridOrder: options.random === undefined ? "sorted" : "random",
      repeats: options.repeats ?? 1,
    },
    options.random ?? "",
  );
function all(points: Points): string[] {
  const found: string[] = [];
  for (let index = 0n; index < (points.size ?? 0n); index++)
    found.push(stringifyJson(points.at(index).params));
  return found;
}

/** All combinations the slow way: every assignment of every parameter, with what cannot exist struck out, without equals. */
function bruteForce(parameters: Parameters): Set<string> {
  const lists: { path: string[]; parameter: Parameter; conditions: NonNullable<Parameter["when"]> }[] = [];
  const walk = (level: Parameters, path: string[], inherited: NonNullable<Parameter["when"]>): void => {
    for (const [name, parameter] of level) {
      const conditions = [...inherited, ...(parameter.when ?? [])];
      if (parameter.kind === "group") walk(parameter.parameters, [...path, name], conditions);
      else lists.push({ path: [...path, name], parameter, conditions });
    }
  };
  walk(parameters, [], []);
  let assignments: Map<string, Value>[] = [new Map()];
  for (const { path, parameter } of lists)
    assignments = assignments.flatMap((assignment) =>
      slowValues(parameter).map((value) => new Map(assignment).set(path.join("."), value)),
    );
  const texts = assignments.map((assignment) => {
    const exists = (path: string, trail: string[] = []): boolean => {
      const leaf = lists.find((candidate) => candidate.path.join(".") === path);
      if (!leaf || trail.includes(path)) return false;
      return leaf.conditions.every(({ parameter, test }) => {
        const looked = parameter.join(".");
        const value = assignment.get(looked) as Value;
        if (!exists(looked, [...trail, path])) return false;
        if (test.kind === "in") return test.values.some((wanted) => toIdentity(wanted) === toIdentity(value));
        const number = toNumber(value);
        return number !== undefined && test.min <= number && number <= test.max;
      });
    };
    return [...assignment.keys()]
      .filter((path) => exists(path))
      .sort()
      .map((path) => `${path}=${toIdentity(assignment.get(path) as Value)}`)
      .join(";");
  });
  return new Set(texts);
}

function slowValues(parameter: Parameter): readonly Value[] {
  switch (parameter.kind) {
    case "constant":
      return [parameter.value];
    case "categorical":
      return parameter.values;
    case "int_uniform":
      return Array.from({ length: parameter.max - parameter.min + 1 }, (_, i) => parameter.min + i);
    case "q_uniform": {
      const { min, max, quantum } = parameter;
      return Array.from(
        { length: Math.ceil((max - min) / quantum.q) },
        (_, i) => min + i * (min + quantum.q - min),
      );
    }
    default:
      throw new Error(parameter.kind);
  }
}

/** A run's parameters in the words of `bruteForce`; which maps are groups is asked of the configuration. */
function describeParams(params: ValueMap, parameters: Parameters): string {
  const parts: string[] = [];
  const walk = (map: ValueMap, level: Parameters, path: string[]): void => {
    for (const name of Object.keys(map)) {
      const parameter = level.get(name);
      const value = map[name] as Value;
      if (parameter?.kind === "group") walk(value as ValueMap, parameter.parameters, [...path, name]);
      else parts.push(`${[...path, name].join(".")}=${toIdentity(value)}`);
    }
  };
  walk(params, parameters, []);
  return parts.sort().join(";");
}

describe("a grid", () => {
  test("runs through sorted names, the last fastest, values in the file's order", () => {
    const points = open(
      space({ b: values(3, 1), a: values("x", "y"), seed: { kind: "constant", value: 7 } }),
    );
    expect(all(points)).toEqual([
      '{"a":"x","b":3,"seed":7}',
      '{"a":"x","b":1,"seed":7}',
      '{"a":"y","b":3,"seed":7}',
      '{"a":"y","b":1,"seed":7}',
    ]);
  });

  test("sorts nested groups at every level and nests the values again", () => {
    const optimizer: Parameter = {
      kind: "group",
      parameters: space({ name: values("sgd"), lr: values(0.1, 0.2) }),
    };
    expect(all(open(space({ z: values(1), optimizer, "optimizer.lr": values(5) })))).toEqual([
      '{"optimizer":{"lr":0.1,"name":"sgd"},"optimizer.lr":5,"z":1}',
      '{"optimizer":{"lr":0.2,"name":"sgd"},"optimizer.lr":5,"z":1}',
    ]);
  });

  test("takes values that W&B takes as equal once, at the first's place in the last's spelling", () => {
    const points = open(space({ a: values(1, 2, new Float(1), "1", true, [1], [new Float(1)], 2) }));
    expect(all(points)).toEqual([
      '{"a":1.0}',
      '{"a":2}',
      '{"a":"1"}',
      '{"a":true}',
      '{"a":[1]}',
      '{"a":[1.0]}',
    ]);
  });

  test("runs through int_uniform with both ends, and q_uniform as NumPy's arange, without the maximum", () => {
    expect(open(space({ n: { kind: "int_uniform", min: -1, max: 2 } })).size).toBe(4n);
    const quarter: Parameter = { kind: "q_uniform", min: 0, max: 1, quantum: { q: 0.25, integer: false } };
    expect(all(open(space({ q: quarter })))).toEqual(['{"q":0.0}', '{"q":0.25}', '{"q":0.5}', '{"q":0.75}']);
    const whole: Parameter = { kind: "q_uniform", min: 0, max: 6, quantum: { q: 2, integer: true } };
    expect(all(open(space({ q: whole })))).toEqual(['{"q":0}', '{"q":2}', '{"q":4}']);
  });

  test("has the points of W&B's own grid search, in its order, spelt alike", () => {
    const rows = parseJson(readFileSync("test/fixtures/reference/wandb-grids.json", "utf8"));
    for (const row of rows as readonly ValueMap[]) {
      const { config } = parseSweepConfig(
        `{"method": "grid", "parameters": ${stringifyJson(row.parameters ?? null)}}`,
      );
      const expected = (row.points as readonly Value[]).map((point) => stringifyJson(sortKeys(point)));
      expect(
        all(open(config?.parameters ?? new Map())).map((text) => stringifyJson(sortKeys(parseJson(text)))),
      ).toEqual(expected);
    }
  });

  test("names the parameter that it can't enumerate", () => {
    const lr: Parameter = { kind: "uniform", min: 0, max: 1 };
    const nested = space({ optimizer: { kind: "group", parameters: space({ lr }) } });
    expect(() => open(nested)).toThrow(/parameter optimizer\.lr is uniform/);
    const weighted: Parameter = { kind: "categorical", values: [1, 2], probabilities: [0.5, 0.5] };
    expect(() => open(space({ weighted }))).toThrow(/categorical with probabilities/);
  });

  test("counts 10^18 points and more, and answers anywhere in them", () => {
    const entries = Array.from(
      { length: 18 },
      (_, i) => [`p${String(i).padStart(2, "0")}`, values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)] as const,
    );
    const points = open(new Map(entries));
    expect(points.size).toBe(10n ** 18n);
    const digits = Object.values(points.at(123456789012345678n).params).join("");
    expect(digits).toBe("123456789012345678");
    expect(open(new Map(entries), { random: "7" }).at(10n ** 18n - 1n).repeat).toBe(0);
    const long: Parameter = { kind: "int_uniform", min: -(2 ** 52), max: 2 ** 52 };
    const wide = open(space({ long, other: long }));
    expect(wide.size).toBe((2n ** 53n + 1n) ** 2n);
    expect(stringifyJson(wide.at(2n ** 53n).params)).toBe(
      '{"long":-4503599627370496,"other":4503599627370496}',
    );
  });

  test("with conditions has exactly the combinations that exist, once each", () => {
    fc.assert(
      fc.property(parameters({ continuous: false }), (config) => {
        const points = open(config);
        const expected = bruteForce(config);
        expect(points.size).toBe(BigInt(expected.size));
        const found = new Set<string>();
        for (let index = 0n; index < BigInt(expected.size); index++)
          found.add(describeParams(points.at(index).params, config));
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("drops the momentum where there is no sgd, and all that hangs on it", () => {
    const config = space({
      momentum: {
        ...values(0.1, 0.9),
        when: [{ parameter: ["optimizer"], test: { kind: "in", values: ["sgd"] } }],
      },
      nesterov: {
        ...values(true, false),
        when: [{ parameter: ["momentum"], test: { kind: "range", min: 0.5, max: 1 } }],
      },
      optimizer: values("adam", "sgd"),
      width: values(8),
    });
    expect(all(open(config))).toEqual([
      '{"optimizer":"adam","width":8}',
      '{"momentum":0.1,"optimizer":"sgd","width":8}',
      '{"momentum":0.9,"nesterov":true,"optimizer":"sgd","width":8}',
      '{"momentum":0.9,"nesterov":false,"optimizer":"sgd","width":8}',
    ]);
  });

  test("multiplies what conditions do not tie together, and counts long chains without listing them", () => {
    const entries: [string, Parameter][] = [];
    for (let i = 0; i < 60; i++) {
      entries.push([`t${i}`, values(false, true)]);
      const test = { kind: "in" as const, values: [true] };
      const when = [{ parameter: [`t${i}`], test }, ...(i > 0 ? [{ parameter: [`t${i - 1}`], test }] : [])];
      entries.push([`z${i}`, { kind: "int_uniform", min: 1, max: 1_000_000, when }]);
    }
    const points = open(new Map(entries));
    // transfer matrix over (t off, t on): a pair of neighbours that are both on has a million values between
    let off = 1n;
    let on = 1_000_000n;
    for (let i = 1; i < 60; i++) [off, on] = [off + on, off + on * 1_000_000n];
    expect(points.size).toBe(off + on);
    const last = points.at((points.size ?? 0n) - 1n).params;
    expect(Object.keys(last)).toHaveLength(120);
  });

  test("that is too entangled to count says so instead of hanging", () => {
    const entries: [string, Parameter][] = [];
    for (let i = 0; i < 40; i++) entries.push([`t${i}`, values(false, true)]);
    for (let i = 0; i < 40; i++)
      for (let j = 0; j < 40; j += 7)
        entries.push([
          `z${i}-${j}`,
          {
            ...values(1, 2),
            when: [i, (i * 13 + j + 1) % 40].map((k) => ({
              parameter: [`t${k}`],
              test: { kind: "in", values: [true] },
            })),
          },
        ]);
    expect(() => open(new Map(entries))).toThrow(/too many ways/);
  });

  test("refuses conditions in a circle and on what is no parameter", () => {
    const on = (name: string): Parameter["when"] => [
      { parameter: [name], test: { kind: "in", values: [1] } },
    ];
    expect(() =>
      open(space({ a: { ...values(1), when: on("b") }, b: { ...values(1), when: on("a") } })),
    ).toThrow(/a, b.*circle/);
    expect(() => open(space({ a: { ...values(1), when: on("gone") } }))).toThrow(/looks at gone/);
  });

  test("in random order visits each point once, differently for each seed, repeats side by side", () => {
    const config = space({ a: { kind: "int_uniform", min: 1, max: 30 }, b: values("x", "y", "z") });
    const sorted = all(open(config));
    const one = all(open(config, { random: "1" }));
    const two = all(open(config, { random: "2" }));
    expect([...one].sort()).toEqual([...sorted].sort());
    expect(one).not.toEqual(sorted);
    expect(one).not.toEqual(two);
    const thrice = open(config, { random: "1", repeats: 3 });
    expect(thrice.size).toBe(270n);
    expect(all(thrice)).toEqual(one.flatMap((params) => [params, params, params]));
  });

  test("tells apart values that are nothing to JavaScript", () => {
    const points = open(space({ a: values(false, 0, "", null, new Float(Number.NaN)) }));
    expect(new Set([0n, 1n, 2n, 3n, 4n].map((index) => toHex(points.at(index).hash))).size).toBe(5);
  });

  test("keeps its hashes: they are stored", () => {
    const config = space({
      lr: values(1e-4),
      "b c": values([1, new Float(2)], "é"),
      n: values(new Float(3)),
    });
    expect(toHex(open(config).at(0n).hash)).toMatchInlineSnapshot(
      `"6a72a62cfe8d91a84976b9b92ef77cc5a69c7051bb3e2a0cf54a76d79b5ea11d"`,
    );
  });
});
