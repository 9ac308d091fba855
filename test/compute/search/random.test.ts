import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDomain } from "@/compute/search/domain";
import { openRandom } from "@/compute/search/random";
import type { Parameter, Parameters } from "@/core/parameter";
import { stringifyJson } from "@/core/value";
import { describePoints, toHex } from "../../contract/points";
import { parameters } from "../../support/parameters";

describePoints("random");

const space = (entries: Record<string, Parameter>): Parameters => new Map(Object.entries(entries));
const lr: Parameter = { kind: "log_uniform_values", min: 1e-5, max: 1 };
const depth: Parameter = { kind: "int_uniform", min: 1, max: 12 };
const optimizer: Parameter = { kind: "categorical", values: ["adam", "sgd"] };

describe("a random search", () => {
  test("draws the same values on every machine and in every version of Node", () => {
    const noise: Parameter = { kind: "normal", mu: 0, sigma: 1 };
    const mix: Parameter = { kind: "beta", a: 0.5, b: 2 };
    const points = openRandom({ parameters: space({ depth, lr, mix, noise, optimizer }), repeats: 1 }, "42");
    expect([0n, 1n, 10n ** 15n].map((k) => stringifyJson(points.at(k).params))).toMatchInlineSnapshot(`
      [
        "{"depth":4,"lr":0.008980994223995026,"mix":0.01038153693789168,"noise":0.5810256894594233,"optimizer":"adam"}",
        "{"depth":6,"lr":0.0000315755765072997,"mix":0.21746447596363802,"noise":-1.4321302790217103,"optimizer":"sgd"}",
        "{"depth":7,"lr":0.21858347965964658,"mix":0.2598025029297324,"noise":0.08817531245506773,"optimizer":"adam"}",
      ]
    `);
    expect(toHex(points.at(0n).hash)).toMatchInlineSnapshot(
      `"ff4d19ed46dd4f3429dcd9727543bafc0affa5f4a1a9d186e5f67367a3736a18"`,
    );
  });

  test("keeps the values of other parameters when one is added or removed", () => {
    const few = openRandom({ parameters: space({ lr, optimizer }), repeats: 1 }, "s");
    const more = openRandom({ parameters: space({ depth, lr, optimizer }), repeats: 1 }, "s");
    for (let k = 0n; k < 20n; k++) {
      const { depth: added, ...rest } = more.at(k).params;
      expect(added).toBeTypeOf("number");
      expect(rest).toEqual({ ...few.at(k).params });
    }
  });

  test("gives other values for another seed", () => {
    const draw = (seed: string): unknown =>
      openRandom({ parameters: space({ lr }), repeats: 1 }, seed).at(0n).params;
    expect(draw("1")).not.toEqual(draw("2"));
  });

  test("leaves out what cannot exist, and tells equal draws apart by their number", () => {
    const momentum: Parameter = {
      kind: "uniform",
      min: 0,
      max: 1,
      when: [{ parameter: ["optimizer"], test: { kind: "in", values: ["sgd"] } }],
    };
    const points = openRandom({ parameters: space({ momentum, optimizer }), repeats: 1 }, "1");
    const hashes = new Set<string>();
    for (let k = 0n; k < 50n; k++) {
      const { params, hash } = points.at(k);
      expect("momentum" in params).toBe(params.optimizer === "sgd");
      hashes.add(toHex(hash));
    }
    expect(hashes.size).toBe(50);
  });

  test("never needs what its configuration does not have, whatever the conditions", () => {
    fc.assert(
      fc.property(parameters({ continuous: true }), fc.bigInt({ min: 0n, max: 2n ** 63n }), (config, k) => {
        const points = openRandom({ parameters: config, repeats: 1 }, "1");
        const text = stringifyJson(points.at(points.size === null ? k : k % points.size).params);
        expect(text).not.toContain("NaN");
      }),
      { numRuns: 200 },
    );
  });

  test("goes through a finite space once, whatever the chances of its values, and says how many there are", () => {
    fc.assert(
      fc.property(parameters({ continuous: true }), fc.string({ maxLength: 4 }), (config, seed) => {
        const domain = openDomain({ parameters: config });
        const points = openRandom({ parameters: config, repeats: 1 }, seed);
        expect(points.count).toBe(domain.size);
        if (domain.size === null || domain.size > 2000n) return;
        expect(points.size).toBe(domain.size);
        const hashes = new Set<string>();
        for (let k = 0n; k < domain.size; k++) hashes.add(toHex(points.at(k).hash));
        expect(hashes.size).toBe(Number(domain.size));
      }),
      { numRuns: 150 },
    );
  });

  test("draws what is likely first: 0.9 of the first half hold the value of probability 0.9", () => {
    const weighted: Parameter = {
      kind: "categorical",
      values: ["often", "seldom"],
      probabilities: [0.9, 0.1],
    };
    const wide: Parameter = { kind: "int_uniform", min: 1, max: 2000 };
    const points = openRandom({ parameters: space({ weighted, wide }), repeats: 1 }, "3");
    let often = 0;
    for (let k = 0n; k < 500n; k++) often += Number(points.at(k).params.weighted === "often");
    expect(often).toBeGreaterThan(420);
    expect(often).toBeLessThan(470);
  });

  test("of a large space with unlike chances numbers all draws, then all configurations, so that none is missing", () => {
    const weighted: Parameter = { kind: "categorical", values: ["a", "b"], probabilities: [0.99, 0.01] };
    const wide: Parameter = { kind: "int_uniform", min: 1, max: 3000 };
    const points = openRandom({ parameters: space({ weighted, wide }), repeats: 2 }, "3");
    expect([points.size, points.count]).toEqual([24_000n, 12_000n]);
    const hashes = new Set<string>();
    for (let k = 0n; k < 24_000n; k += 2n) hashes.add(toHex(points.at(k).hash));
    expect(hashes.size).toBe(6000);
  });
});
