import { describe, expect, test } from "vitest";
import { holds, listLeaves, nestValues, orderByConditions, valueAt } from "@/core/leaves";
import type { Condition, Parameter, Parameters } from "@/core/parameter";
import { Float, parseJson, stringifyJson, type Value, type ValueMap } from "@/core/value";

const space = (entries: Record<string, Parameter>): Parameters => new Map(Object.entries(entries));
const leaf = (...when: string[]): Parameter => ({
  kind: "categorical",
  values: [1, 2],
  when: when.map((path) => ({ parameter: path.split("."), test: { kind: "in", values: [1] } })),
});
const group = (entries: Record<string, Parameter>, ...when: string[]): Parameter => ({
  kind: "group",
  parameters: space(entries),
  when: leaf(...when).when,
});

describe("leaves", () => {
  test("stand in W&B's order with their groups' conditions added to their own", () => {
    const leaves = listLeaves(
      space({ z: leaf(), g: group({ b: leaf("a"), A: leaf() }, "z"), a: leaf(), _: leaf() }),
    );
    expect(leaves.map(({ path }) => path.join("."))).toEqual(["_", "a", "g.A", "g.b", "z"]);
    expect(leaves.map(({ conditions }) => conditions.map(({ on }) => on))).toEqual([[], [], [4], [4, 1], []]);
  });

  test("are ordered so that each stands behind what it depends on, and close to it", () => {
    const order = (parameters: Parameters): string[] => {
      const leaves = listLeaves(parameters);
      return orderByConditions(leaves).map((index) => leaves[index]?.path.join(".") ?? "");
    };
    expect(order(space({ a: leaf(), b: leaf(), c: leaf() }))).toEqual(["a", "b", "c"]);
    expect(order(space({ a: leaf("z"), b: leaf("a"), c: leaf(), z: leaf() }))).toEqual(["c", "z", "a", "b"]);
    expect(order(space({ a: leaf(), c: leaf("a", "b"), b: leaf(), d: leaf("a") }))).toEqual([
      "a",
      "d",
      "b",
      "c",
    ]);
    expect(order(space({ a: leaf("b", "b"), b: leaf() }))).toEqual(["b", "a"]);
  });

  test("refuse conditions that look at themselves, at groups or at nothing", () => {
    expect(() => orderByConditions(listLeaves(space({ a: leaf("a") })))).toThrow('the "when" of a');
    expect(() => orderByConditions(listLeaves(space({ g: group({ x: leaf() }, "g.x") })))).toThrow("circle");
    expect(() => listLeaves(space({ a: leaf("g"), g: group({ x: leaf() }) }))).toThrow(
      "no parameter with a value",
    );
  });
});

describe("conditions", () => {
  const isIn = (...values: Value[]): Condition["test"] => ({ kind: "in", values });
  const range: Condition["test"] = { kind: "range", min: 1, max: 2 };

  test("compare as a grid does and include both ends of a range", () => {
    expect(holds(isIn(1, "x"), new Float(1))).toBe(true);
    expect(holds(isIn(1), true)).toBe(false);
    expect([0.9, 1, 1.5, new Float(2), 2n, 2.1].map((value) => holds(range, value))).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(holds(range, "1")).toBe(false);
  });

  test("never hold for what does not exist", () => {
    expect(holds(isIn(null), undefined)).toBe(false);
    expect(holds(range, undefined)).toBe(false);
  });
});

test("values are nested again, groups without any left out, any name allowed", () => {
  const parameters = space({
    a: leaf(),
    g: group({ h: group({ x: leaf(), y: leaf() }), z: leaf() }),
    k: group({ x: leaf() }),
  });
  const leaves = listLeaves(parameters);
  expect(stringifyJson(nestValues(leaves, [1, 2, 3, 4, 5]))).toBe(
    '{"a":1,"g":{"h":{"x":2,"y":3},"z":4},"k":{"x":5}}',
  );
  expect(stringifyJson(nestValues(leaves, [1, undefined, 3, 4, undefined]))).toBe(
    '{"a":1,"g":{"h":{"y":3},"z":4}}',
  );
  expect(stringifyJson(nestValues(leaves, [undefined, undefined, undefined, undefined, null]))).toBe(
    '{"k":{"x":null}}',
  );
  const twins = listLeaves(
    space({ a: group({ same: group({ x: leaf() }) }), b: group({ same: group({ y: leaf() }) }) }),
  );
  expect(stringifyJson(nestValues(twins, [1, 2]))).toBe('{"a":{"same":{"x":1}},"b":{"same":{"y":2}}}');
  const odd = listLeaves(new Map([["__proto__", group({ constructor: leaf() })]]));
  expect(stringifyJson(nestValues(odd, [7]))).toBe('{"__proto__":{"constructor":7}}');
});

test("a value is found at its path only", () => {
  const params = parseJson('{"a": {"b": [1], "c": null}}') as ValueMap;
  expect(valueAt(params, ["a", "c"])).toBe(null);
  for (const path of [["a", "d"], ["x"], ["a", "b", "0"], ["a", "c", "d"], ["toString"]])
    expect(valueAt(params, path)).toBe(path.join() === "a,b,0" ? 1 : undefined);
});
