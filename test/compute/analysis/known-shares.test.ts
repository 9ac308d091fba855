import { describe, expect, test } from "vitest";
import { importanceOf } from "@/compute/analysis/importance";
import { MOST_AUTO_RUNS } from "@/core/importance";
import {
  additive,
  friedman,
  ishigami,
  type KnownFunction,
  runsOf,
  shareOf,
  sobolG,
  threeTogether,
  together,
  X8,
} from "../../support/known-shares";

const isBrief = process.env.BESOM_CI === "brief";
const NAMES: Readonly<Record<string, KnownFunction>> = { additive, ishigami, sobolG, friedman };

type Claim = readonly [name: string, runs: number, tolerance: number];

function expectShares({ f, first, total }: KnownFunction, claim: Claim, method: "forest" | "gp"): void {
  const [, runs, tolerance] = claim;
  const found = importanceOf({ ...runsOf(runs, X8, f), method });
  for (const [i, name] of X8.entries()) {
    expect(Math.abs(shareOf(found, name) - (first[i] ?? 0)), `${name} alone`).toBeLessThan(tolerance);
    if (method === "forest") continue;
    const own = found.parameters.find((one) => one.name === name)?.total ?? Number.NaN;
    expect(Math.abs(own - (total[i] ?? 0)), `${name} with others`).toBeLessThan(1.5 * tolerance);
  }
}

describe("shares by a forest are those in closed form, to", () => {
  // A forest of few runs sees the strongest first: that is the distance of Ishigami's second from 100.
  const claims: readonly Claim[] = [
    ["additive", 100, 0.12],
    ["ishigami", 100, 0.5],
    ["sobolG", 100, 0.2],
    ["friedman", 100, 0.2],
    ["additive", 1_000, 0.04],
    ["ishigami", 1_000, 0.12],
    ["sobolG", 1_000, 0.09],
    ["friedman", 1_000, 0.1],
    ["additive", 10_000, 0.03],
    ["ishigami", 10_000, 0.06],
    ["sobolG", 10_000, 0.06],
    ["friedman", 10_000, 0.06],
  ];
  for (const claim of claims)
    test.skipIf(isBrief && claim[1] === 10_000)(`${claim[2]}: ${claim[0]} from ${claim[1]} runs`, () => {
      expectShares(NAMES[claim[0]] as KnownFunction, claim, "forest");
    });
});

describe("where no method is chosen", () => {
  const ask = (runs: number, f: KnownFunction["f"], method: "auto" | "forest" | "gp") =>
    importanceOf({ ...runsOf(runs, X8, f), method });
  // Trees are made of steps, and a Gaussian process is smooth.
  const steps: KnownFunction["f"] = ([x = 0, y = 0]) => (x > 0.37 ? 1 : 0) + (y > 0.61 && x > 0.37 ? 1 : 0);

  test.each([
    ["a smooth function", friedman.f, "gp"],
    ["one of steps", steps, "forest"],
  ] as const)("of %s the method answers that foretells unseen runs better", (_, f, better) => {
    const [auto, forest, process] = (["auto", "forest", "gp"] as const).map((method) => ask(100, f, method));
    expect((forest?.outOfBagR2 ?? 0) > (process?.outOfBagR2 ?? 0)).toBe(better === "forest");
    expect(auto).toEqual(better === "forest" ? forest : process);
  });

  test("of many runs a forest answers", () => {
    const runs = MOST_AUTO_RUNS + 1;
    expect(ask(runs, friedman.f, "auto")).toEqual(ask(runs, friedman.f, "forest"));
  });
});

describe("shares by a Gaussian process are those in closed form, to", () => {
  const claims: readonly Claim[] = [
    ["additive", 100, 0.01],
    ["ishigami", 100, 0.14],
    ["sobolG", 100, 0.08],
    ["friedman", 100, 0.03],
    ["additive", 1_000, 0.005],
    ["ishigami", 1_000, 0.02],
    ["sobolG", 1_000, 0.02],
    ["friedman", 1_000, 0.02],
  ];
  for (const claim of claims)
    test.skipIf(isBrief && claim[1] === 1_000)(`${claim[2]}: ${claim[0]} from ${claim[1]} runs`, () => {
      expectShares(NAMES[claim[0]] as KnownFunction, claim, "gp");
    });
});

describe("what two parameters do only together", () => {
  const input = runsOf(100, X8, together.f);

  test("a Gaussian process sees from 100 runs, as totals and as the one pair", () => {
    const found = importanceOf({ ...input, method: "gp" });
    expect(
      found.parameters
        .slice(0, 2)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["x0", "x1"]);
    for (const { name, importance, total } of found.parameters) {
      expect(importance).toBeLessThan(0.03);
      if (name === "x0" || name === "x1") expect(total).toBeGreaterThan(0.95);
      else expect(total).toBeLessThan(0.03);
    }
    expect(found.pairs[0]).toMatchObject({ a: "x0", b: "x1" });
    expect(found.pairs[0]?.importance).toBeGreaterThan(0.95);
    expect(found.outOfBagR2).toBeGreaterThan(0.95);
  });

  test("a forest sees by half from as many, and says so by what it foretells", () => {
    const found = importanceOf({ ...input, method: "forest" });
    expect(found.outOfBagR2).toBeLessThan(0.6);
    const pair = found.pairs.find(({ a, b }) => a === "x0" && b === "x1");
    expect(pair?.importance).toBeLessThan(0.8);
  });

  test("three do only together: of 100 runs the forest makes nothing and says so, the Gaussian process names the three", () => {
    const three = runsOf(100, X8, threeTogether.f);
    expect(importanceOf({ ...three, method: "forest" }).warnings).toEqual(["WEAK_FIT"]);
    const found = importanceOf({ ...three, method: "gp" });
    expect(found.warnings).toEqual([]);
    for (const { name, importance, total } of found.parameters) {
      expect(importance).toBeLessThan(0.03);
      if (name < "x3") expect(total).toBeGreaterThan(0.9);
      else expect(total).toBeLessThan(0.05);
    }
  });
});

describe("a Gaussian process", () => {
  const noisy = (x: readonly number[], draw: () => number) => additive.f(x) + 3 * (draw() - 0.5);

  test("tells noise apart: shares are of what can be explained, and nine of ten intervals hold them", () => {
    let [inside, asked] = [0, 0];
    for (let seed = 0; seed < (isBrief ? 2 : 4); seed++) {
      const found = importanceOf({ ...runsOf(100, X8, noisy, `noisy ${seed}`), method: "gp" });
      // A third of the variance is noise.
      expect(found.outOfBagR2).toBeGreaterThan(0.5);
      expect(found.outOfBagR2).toBeLessThan(0.85);
      for (const [i, name] of X8.entries()) {
        const own = found.parameters.find((one) => one.name === name);
        asked++;
        const share = additive.first[i] ?? 0;
        if (own && own.low - 0.01 <= share && share <= own.high + 0.01) inside++;
      }
    }
    expect(inside / asked).toBeGreaterThan(0.8);
  });

  test("calls noise noise", () => {
    const found = importanceOf({ ...runsOf(60, X8, (_, draw) => draw()), method: "gp" });
    expect(found.outOfBagR2).toBeLessThan(0.2);
    expect(found.warnings).toEqual(["WEAK_FIT"]);
  });

  test("takes 1,000 of more runs and says so", () => {
    const found = importanceOf({ ...runsOf(1_100, ["x0", "x1"], (x) => x[0] ?? 0), method: "gp" });
    expect(found).toMatchObject({ runs: 1_000, leftOut: 0, warnings: ["SAMPLED_RUNS"] });
    expect(shareOf(found, "x0")).toBeGreaterThan(0.99);
  });

  test("does not take the same parameters run twice for foresight", () => {
    const runs = runsOf(40, X8, (_, draw) => draw());
    // The second time another noise.
    const { values } = runsOf(40, X8, (_, draw) => draw(), "again");
    const twice = { params: [...runs.params, ...runs.params], values: [...runs.values, ...values] };
    expect(importanceOf({ ...runs, ...twice, method: "gp" }).outOfBagR2).toBeLessThan(0.2);
  });
});
