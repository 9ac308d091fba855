import { describe, expect, test } from "vitest";
import { keepsTo, openConstraints, openConstraintsOn, openSoftConstraints } from "@/core/constraint";
import { listLeaves } from "@/core/leaves";
import { Float, toValueMap, type Value, type ValueMap } from "@/core/value";
import { evaluate, parsed } from "./support";

const map = (entries: Record<string, Value>): ValueMap => toValueMap(Object.entries(entries));
const params = map({
  warmup: 5,
  epochs: 20,
  lr: 1e-3,
  batch: 64,
  opt: map({ name: "adam", beta: 0.9 }),
  layers: [64, 32],
  huge: 2n ** 70n,
  none: null,
});

describe("an expression's value", () => {
  test.each([
    ["warmup < epochs", true],
    ["batch * 8 <= 512", true],
    ["0 < warmup < epochs < 10", false],
    ["opt.name in ['adam', 'sgd']", true],
    ["opt.name not in ('adam', 'sgd')", false],
    ["'da' in opt.name", true],
    ["64 in layers and 16 not in layers", true],
    ["layers == [64, 32.0]", true],
    ["none == null", true],
    ["huge == 2 ** 70", true],
    ["huge - 1 < huge", true],
    ["-7 // 2", -4],
    ["-7 % 3", 2],
    ["7.5 // 2", new Float(3)],
    ["2 ** 10", 1024],
    ["2 ** -1", 0.5],
    ["4 ** 0.5", new Float(2)],
    ["6 / 3", new Float(2)],
    ["floor(7.9) + ceil(0.1) + abs(-2)", 10],
    ["min(3, 1.5, 2)", 1.5],
    ["max(layers)", 64],
    ["sqrt(16)", new Float(4)],
    ["exp(0)", new Float(1)],
    ["log(1)", new Float(0)],
    ["0 or opt.name", "adam"],
    ["not layers", false],
    ["true + true", 2],
  ])("%s is %j", (source, expected) => {
    expect(evaluate(source, params)).toEqual(expected);
  });

  test.each([
    "1 / 0",
    "1 // 0",
    "1 % 0",
    "0 ** -1",
    "(-8) ** 0.5",
    "log(0)",
    "sqrt(-1)",
    "exp(1000)",
    "1 < 'a'",
    "'a' + 'b'",
    "1 in 2",
    "min('a', 1)",
    "min([])",
    "abs('a')",
    "floor(1e999)",
    "10 ** 10 ** 10",
    "missing < 1",
  ])("%s has none", (source) => {
    expect(evaluate(source, params)).toBeUndefined();
  });

  test("what stands behind a decision is not looked at", () => {
    expect(evaluate("false and 1 / 0 > 1")).toBe(false);
    expect(evaluate("1 or 1 / 0")).toBe(1);
    expect(evaluate("2 < 1 < 1 / 0")).toBe(false);
  });

  test("integers divide with one rounding, however large", () => {
    expect(evaluate("(2 ** 60 + 1) / (2 ** 60)")).toEqual(new Float(1));
    expect(evaluate("(2 ** 1100 + 2 ** 1047) / 2 ** 1100")).toEqual(new Float(1));
    expect(evaluate("(2 ** 1100 + 2 ** 1047 + 1) / 2 ** 1100")).toBe(1 + 2 ** -52);
    expect(evaluate("-(3 ** 200) / 3 ** 199")).toEqual(new Float(-3));
    expect(evaluate("1 / 2 ** 1074")).toBe(5e-324);
    expect(evaluate("2 ** 1100 / 3")).toBeUndefined();
  });
});

const constraints = (...sources: string[]) => sources.map((source) => ({ source, test: parsed(source) }));

describe("constraints", () => {
  test("all hold together", () => {
    const allows = openConstraints({ constraints: constraints("a < b", "b < 5") });
    expect(allows(map({ a: 1, b: 2 }))).toBe(true);
    expect(allows(map({ a: 2, b: 2 }))).toBe(false);
    expect(allows(map({ a: 1, b: 5 }))).toBe(false);
    expect(openConstraints({})(map({}))).toBe(true);
  });

  test("hold where a parameter that they mention does not exist, and break where they can't be computed", () => {
    const allows = openConstraints({ constraints: constraints("a == 1 or 1 / a > b.c") });
    expect(allows(map({ a: 0 }))).toBe(true);
    expect(allows(map({ a: 0, b: map({ c: 1 }) }))).toBe(false);
    expect(allows(map({ a: 1, b: map({ c: 1 }) }))).toBe(true);
  });

  test("mean the same on the values of leaves", () => {
    const leaves = listLeaves(
      new Map([
        ["a", { kind: "int_uniform", min: 0, max: 3 }],
        ["g", { kind: "group", parameters: new Map([["b", { kind: "int_uniform", min: 0, max: 3 }]]) }],
      ]),
    );
    const config = { constraints: constraints("a + g.b == 3") };
    const onLeaves = openConstraintsOn(config, leaves);
    for (let a = 0; a <= 3; a++)
      for (let b = 0; b <= 3; b++) {
        expect(onLeaves([a, b])).toBe(a + b === 3);
        expect(openConstraints(config)(map({ a, g: map({ b }) }))).toBe(a + b === 3);
      }
    expect(onLeaves([1, undefined])).toBe(true);
  });
});

describe("soft constraints", () => {
  const [soft] = openSoftConstraints({
    softConstraints: [{ source: "ms <= 2 * batch", metric: "ms", op: "<=", bound: parsed("2 * batch") }],
  });
  const at = map({ batch: 10 });

  test("know their bound, and how far a value lies inside it", () => {
    expect(soft?.bound(at)).toBe(20);
    expect([soft?.slack(15, at), soft?.slack(23, at)]).toEqual([5, -3]);
    expect([soft?.holds(20, at), soft?.holds(20.5, at), soft?.holds(Number.NaN, at)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("are broken by a run that did not log the metric, as far as can be", () => {
    expect(soft?.slack(undefined, at)).toBe(Number.NEGATIVE_INFINITY);
    expect(soft?.holds(undefined, at)).toBe(false);
    expect(soft?.slack(undefined, map({}))).toBe(Number.POSITIVE_INFINITY);
    expect(soft?.holds(undefined, map({}))).toBe(true);
  });

  test.each(["<", "<=", ">", ">="] as const)(
    "with %s say of a value, of its slack and of a run the same",
    (op) => {
      const open = openSoftConstraints({
        softConstraints: [{ source: "", metric: "ms", op, bound: parsed("2 * batch") }],
      });
      for (const value of [19, 20 - 2 ** -48, 20, 20 + 2 ** -48, 21, Number.NaN]) {
        const means = { "<": value < 20, "<=": value <= 20, ">": value > 20, ">=": value >= 20 }[op];
        expect(open.map(({ holds }) => holds(value, at))).toEqual([means]);
        expect(open.map(({ allows, slack }) => allows(slack(value, at)))).toEqual([means]);
        expect(keepsTo(open, { params: at, metrics: { ms: value, other: 0 } })).toBe(means);
      }
      const without: (Record<string, number> | undefined)[] = [undefined, {}, { other: 1 }];
      for (const metrics of without) expect(keepsTo(open, { params: at, metrics })).toBe(false);
      expect(keepsTo(open, { params: map({}) })).toBe(true);
      expect(keepsTo([], { params: at })).toBe(true);
    },
  );

  test("allow all where there is no bound", () => {
    expect(soft?.bound(map({}))).toBeUndefined();
    expect(soft?.slack(1e9, map({}))).toBe(Number.POSITIVE_INFINITY);
    expect(soft?.holds(1e9, map({}))).toBe(true);
  });
});
