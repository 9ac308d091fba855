import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Domain, openDomain } from "@/compute/search/domain";
import { openGrid } from "@/compute/search/grid";
import type { Parameter, Parameters } from "@/core/parameter";
import { Float, fromPlain, stringifyJson, type Value, type ValueMap } from "@/core/value";
import { drawUnit, openStream } from "@/math/random";
import { toHex } from "../../contract/points";
import { parameters } from "../../support/parameters";

const space = (entries: Record<string, Parameter>): Parameters => new Map(Object.entries(entries));
const values = (...list: Value[]): Parameter => ({ kind: "categorical", values: list });
const open = (entries: Record<string, Parameter>): Domain => openDomain({ parameters: space(entries) });
const params = (plain: unknown): ValueMap => fromPlain(plain) as ValueMap;
const drawing = (seed: string) => {
  const stream = openStream(seed, ["test"]);
  return (dimension: number): number => drawUnit(stream, BigInt(dimension));
};
const all = (domain: Domain): string[] =>
  Array.from({ length: Number(domain.size) }, (_, k) => stringifyJson(domain.at(BigInt(k)).params));
const seeds = fc.string({ maxLength: 6 });

describe("a domain", () => {
  test("reads back to the bit what it has drawn, and decodes it to the same configuration", () => {
    fc.assert(
      fc.property(parameters({ continuous: true }), seeds, (config, seed) => {
        const domain = openDomain({ parameters: config });
        const drawn = domain.sample(drawing(seed));
        expect(domain.read(drawn.params)).toEqual(drawn);
        expect(domain.encode(drawn.params)).toEqual(drawn.x);
        const again = domain.decode(drawn.x);
        const isExact = domain.dimensions.every(
          ({ kind }, i) => kind !== "real" || Number.isNaN(drawn.x[i] ?? 0),
        );
        if (isExact) expect(again).toEqual(drawn);
        expect([...domain.snap(drawn.x.slice())].map(Number.isNaN)).toEqual([...drawn.x].map(Number.isNaN));
        expect([...again.x].map(Number.isNaN)).toEqual([...drawn.x].map(Number.isNaN));
      }),
      { numRuns: 400 },
    );
  });

  test("makes a configuration of any numbers", () => {
    const wild = fc.array(fc.double({ noDefaultInfinity: false }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(parameters({ continuous: true }), wild, (config, numbers) => {
        const domain = openDomain({ parameters: config });
        const decoded = domain.decode(Float64Array.from(domain.dimensions, (_, i) => numbers[i] ?? 0));
        expect(domain.read(decoded.params)).toEqual(decoded);
        expect(stringifyJson(decoded.params)).not.toMatch(/Infinity/);
      }),
      { numRuns: 300 },
    );
  });

  test("lists a finite space once each, and draws nothing else", () => {
    fc.assert(
      fc.property(parameters({ continuous: true }), seeds, (config, seed) => {
        const domain = openDomain({ parameters: config });
        if (domain.size === null || domain.size > 3000n) return;
        const hashes = new Set<string>();
        for (let k = 0n; k < domain.size; k++) hashes.add(domain.at(k).hash);
        expect(hashes.size).toBe(Number(domain.size));
        for (let i = 0; i < 5; i++) expect(hashes).toContain(domain.sample(drawing(`${seed}${i}`)).hash);
      }),
      { numRuns: 200 },
    );
  });

  test("has a grid's hashes", () => {
    const config = space({ a: values(3, 1), b: { kind: "int_uniform", min: 1, max: 3 }, c: values("x") });
    const grid = openGrid({ parameters: config, gridOrder: "sorted", repeats: 1 }, "");
    const domain = openDomain({ parameters: config });
    expect(domain.size).toBe(grid.size);
    for (let k = 0n; k < 6n; k++) expect(domain.at(k).hash).toBe(toHex(grid.at(k).hash));
  });

  test("counts both ends of what is quantised, and leaves out values of probability 0", () => {
    expect(
      all(open({ q: { kind: "q_uniform", min: 0, max: 1, quantum: { q: 0.5, integer: false } } })),
    ).toEqual(['{"q":0.0}', '{"q":0.5}', '{"q":1.0}']);
    const log: Parameter = {
      kind: "q_log_uniform_values",
      min: 8,
      max: 20,
      quantum: { q: 4, integer: true },
    };
    expect(all(open({ log }))).toEqual(['{"log":8}', '{"log":12}', '{"log":16}', '{"log":20}']);
    const weighted: Parameter = {
      kind: "categorical",
      values: ["a", "b", "c"],
      probabilities: [0.5, 0, 0.5],
    };
    expect(all(open({ weighted }))).toEqual(['{"weighted":"a"}', '{"weighted":"c"}']);
  });

  test("knows which spaces have no end", () => {
    expect(
      open({ n: { kind: "q_normal", mu: 0, sigma: 1, quantum: { q: 1, integer: true } } }).size,
    ).toBeNull();
    expect(open({ n: { kind: "uniform", min: 0, max: 1 }, a: values(1) }).size).toBeNull();
    expect(open({ n: { kind: "normal", mu: 3, sigma: 0 } }).size).toBe(1n);
  });

  test("keeps constants out of the dimensions and in the parameters", () => {
    const domain = open({ a: values(1), b: values(1, 2), c: { kind: "constant", value: "x" } });
    expect(domain.dimensions.map(({ name, kind, size }) => [name, kind, size])).toEqual([
      ["b", "category", 2],
    ]);
    expect(stringifyJson(domain.decode(Float64Array.of(1)).params)).toBe('{"a":1,"b":2,"c":"x"}');
    expect(domain.encode(params({ a: 1, b: 2, c: "y" }))).toBeUndefined();
    expect(domain.encode(params({ b: 2, c: "x" }))).toBeUndefined();
    expect(domain.encode(params({ a: 1, b: 2, c: "x", d: 7 }))).toEqual(Float64Array.of(1));
  });

  test("switches conditional parameters on and off, and drops those that can never be", () => {
    const when = (parameter: string, ...list: Value[]): Parameter["when"] => [
      { parameter: [parameter], test: { kind: "in", values: list } },
    ];
    const domain = open({
      a_momentum: { kind: "uniform", min: 0, max: 1, when: when("optimizer", "sgd") },
      fixed: { kind: "constant", value: 1 },
      never: { kind: "uniform", min: 0, max: 1, when: when("fixed", 2) },
      optimizer: values("adam", "sgd"),
      warm: { kind: "constant", value: true, when: when("optimizer", "sgd") },
    });
    expect(domain.dimensions.map(({ name, conditions }) => [name, conditions.length])).toEqual([
      ["a_momentum", 1],
      ["optimizer", 0],
    ]);
    const text = (x: number[]): string => stringifyJson(domain.decode(Float64Array.from(x)).params);
    expect(text([0.3, 0])).toBe('{"fixed":1,"optimizer":"adam"}');
    expect(text([0.3, 1])).toBe('{"a_momentum":0.3,"fixed":1,"optimizer":"sgd","warm":true}');
    expect(text([Number.NaN, 1])).toBe('{"a_momentum":0.5,"fixed":1,"optimizer":"sgd","warm":true}');
    expect(domain.neighbours(Float64Array.of(0.3, 1), 1)).toEqual([Float64Array.of(Number.NaN, 0)]);
    expect(domain.neighbours(Float64Array.of(Number.NaN, 0), 1)).toEqual([Float64Array.of(0.5, 1)]);
  });

  test("takes a number between two multiples as it is, and refuses one outside", () => {
    const domain = open({ q: { kind: "q_uniform", min: 0, max: 1, quantum: { q: 0.5, integer: false } } });
    expect(domain.encode(params({ q: 0.3 }))).toEqual(Float64Array.of(0.3));
    expect(domain.encode(params({ q: 1.3 }))).toBeUndefined();
    expect(domain.encode(params({ q: "0.5" }))).toBeUndefined();
    const depth = open({ n: { kind: "int_uniform", min: 1, max: 4 } });
    expect(depth.encode(params({ n: 1.5 }))).toBeUndefined();
    expect(depth.encode(params({ n: 0 }))).toBeUndefined();
    expect(depth.encode({ n: new Float(2) })).toEqual(Float64Array.of(0.375));
  });

  test("finds the values next to one: two, one at an end, all others of a category", () => {
    const domain = open({
      c: values("a", "b", "c"),
      n: { kind: "int_uniform", min: 1, max: 4 },
      q: { kind: "q_normal", mu: 0, sigma: 1, quantum: { q: 0.5, integer: false } },
      r: { kind: "uniform", min: 0, max: 1 },
    });
    const near = (dimension: number): unknown[] =>
      domain
        .neighbours(domain.encode(params({ c: "b", n: 1, q: 0.5, r: 0.5 })) ?? new Float64Array(), dimension)
        .map((x) => domain.decode(x).params)
        .map((beside) => Object.values(beside)[dimension]);
    expect([0, 1, 2, 3].map(near)).toEqual([["a", "c"], [2], [new Float(0), new Float(1)], []]);
  });
});
