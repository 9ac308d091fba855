import { describe, expect, test } from "vitest";
import { type ImportanceInput, importanceOf } from "@/compute/analysis/importance";
import type { Importance } from "@/core/importance";
import { parseSweepConfig, serializeConfig } from "@/core/sweep-config";

function configOf(parameters: string): string {
  const { config } = parseSweepConfig(
    `method: random\nmetric: {name: y, goal: minimize}\nparameters:\n${parameters}`,
  );
  if (!config) throw new Error("the file can't be read");
  return serializeConfig(config);
}

const unit = (names: readonly string[]): string =>
  configOf(names.map((name) => `  ${name}: {min: 0.0, max: 1.0}\n`).join(""));

function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Runs of a function on the unit cube. */
function runsOf(
  count: number,
  names: readonly string[],
  f: (x: number[]) => number,
  seed = 3,
): ImportanceInput {
  const draw = uniform(seed);
  const params: string[] = [];
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const x = names.map(draw);
    params.push(JSON.stringify(Object.fromEntries(names.map((name, at) => [name, x[at]]))));
    values.push(f(x));
  }
  return { config: unit(names), goal: "minimize", params, values, without: 0 };
}

const X8 = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"];
const shareOf = ({ parameters }: Importance, name: string) =>
  parameters.find((one) => one.name === name)?.importance ?? NaN;

describe("functions whose shares are known in closed form", () => {
  // Var of a x over the unit interval is a^2 / 12: 16, 4 and 1 of 21.
  const additive = (x: number[]) => 4 * (x[0] ?? 0) + 2 * (x[1] ?? 0) + (x[2] ?? 0);
  // Sobol and Levitan 1999, a = 7, b = 0.1: S1 0.314, S2 0.442, S13 0.244; x2 matters only together with x0.
  const ishigami = (x: number[]) => {
    const [a = 0, b = 0, c = 0] = x.map((u) => (2 * u - 1) * Math.PI);
    return Math.sin(a) + 7 * Math.sin(b) ** 2 + 0.1 * c ** 4 * Math.sin(a);
  };
  // Sobol's G with a = 0, 1, 4.5, 9: V_i = 1 / (3 (1 + a_i)^2), V = prod(1 + V_i) - 1.
  const sobolG = (x: number[]) =>
    [0, 1, 4.5, 9].reduce((product, a, i) => product * ((Math.abs(4 * (x[i] ?? 0) - 2) + a) / (1 + a)), 1);

  test.each([
    ["a sum", additive, 100, [16 / 21, 4 / 21, 1 / 21], 0.12],
    ["a sum", additive, 1_000, [16 / 21, 4 / 21, 1 / 21], 0.04],
    ["Ishigami's", ishigami, 1_000, [0.314, 0.442, 0], 0.12],
    ["Ishigami's", ishigami, 4_000, [0.314, 0.442, 0], 0.06],
    ["Sobol's G", sobolG, 4_000, [0.716, 0.179, 0.0237, 0.0072], 0.07],
  ])("%s: within the tolerance, from enough runs", (_, f, count, shares, tolerance) => {
    const found = importanceOf(runsOf(count, X8, f));
    for (const [i, share] of shares.entries())
      expect(Math.abs(shareOf(found, `x${i}`) - share), `x${i}`).toBeLessThan(tolerance);
    for (const name of ["x5", "x6", "x7"]) expect(shareOf(found, name)).toBeLessThan(0.02);
  });

  test("what two do only together is found as a pair, the strongest of all", () => {
    const found = importanceOf(runsOf(2_000, X8, ishigami));
    expect(found.pairs[0]).toMatchObject({ a: "x0", b: "x2" });
    expect(found.pairs[0]?.importance).toBeGreaterThan(0.15);
    expect(found.pairs[1]?.importance).toBeLessThan(0.06);
  });

  test("the interval of each share holds what another sample of runs finds, nine times of ten", () => {
    let inside = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const [first, second] = [seed, seed + 100].map((one) =>
        importanceOf(runsOf(200, X8.slice(0, 4), additive, one)),
      );
      const own = first?.parameters.find(({ name }) => name === "x0");
      const other = second && shareOf(second, "x0");
      // The difference of two samples is wider than one by the root of two.
      const middle = own?.importance ?? 0;
      const half = Math.max(middle - (own?.low ?? 0), (own?.high ?? 0) - middle) * Math.SQRT2;
      if (other !== undefined && Math.abs(other - middle) <= half) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(7);
  });
});

describe("what it does not depend on", () => {
  const f = (x: number[]) => 3 * (x[0] ?? 0) + (x[1] ?? 0) ** 2;
  const input = runsOf(300, ["a", "b", "c"], f);

  test("the unit of the metric, and where it lies", () => {
    const found = importanceOf(input);
    const scaled = importanceOf({ ...input, values: input.values.map((y) => 1e300 * (y ?? 0) - 1e299) });
    for (const { name, importance } of found.parameters)
      expect(shareOf(scaled, name)).toBeCloseTo(importance, 2);
  });

  test("the order of the parameters' names", () => {
    const renamed = input.params.map((text) => text.replace('"a"', '"z"'));
    const found = importanceOf({ ...input, config: unit(["b", "c", "z"]), params: renamed });
    expect(Math.abs(shareOf(found, "z") - shareOf(importanceOf(input), "a"))).toBeLessThan(0.05);
  });

  test("chance: the same runs give the same answer to the last digit", () => {
    expect(importanceOf(input)).toEqual(importanceOf(input));
  });
});

describe("parameters of every kind", () => {
  const config = configOf(
    [
      "  lr: {distribution: log_uniform_values, min: 0.0001, max: 1.0}\n",
      "  layers: {min: 1, max: 8}\n",
      "  optimizer: {values: [adam, sgd, lion]}\n",
      "  nested: {parameters: {momentum: {min: 0.0, max: 1.0}}}\n",
      "  seed: {value: 1}\n",
    ].join(""),
  );
  const draw = uniform(11);
  const runs = Array.from({ length: 400 }, () => {
    const lr = 10 ** (-4 + 4 * draw());
    const optimizer = ["adam", "sgd", "lion"][Math.floor(3 * draw())] ?? "adam";
    const params = {
      lr,
      layers: 1 + Math.floor(8 * draw()),
      optimizer,
      nested: { momentum: draw() },
      seed: 1,
    };
    return { params, y: (Math.log10(lr) + 2) ** 2 + (optimizer === "sgd" ? 2 : 0) };
  });
  const input: ImportanceInput = {
    config,
    goal: "minimize",
    params: runs.map(({ params }) => JSON.stringify(params)),
    values: runs.map(({ y }) => y),
    without: 2,
  };

  test("are told apart, constants are named, and what has no value is counted", () => {
    const found = importanceOf(input);
    expect(
      found.parameters
        .map(({ name }) => name)
        .slice(0, 2)
        .sort(),
    ).toEqual(["lr", "optimizer"]);
    expect(found.constant).toEqual(["seed"]);
    expect(found.leftOut).toBe(2);
    expect(found.outOfBagR2).toBeGreaterThan(0.9);
    expect(found.warnings).toEqual([]);
    const optimizer = found.parameters.find(({ name }) => name === "optimizer");
    expect(optimizer).toMatchObject({ correlationOf: "sgd", rankCorrelation: null, direction: "mixed" });
    expect(optimizer?.correlation).toBeGreaterThan(0.3);
    expect(optimizer?.marginal.map(({ value }) => value)).toEqual(["adam", "sgd", "lion"]);
  });

  test("the curve of one has its lowest place where the function has it, in the parameter's own unit", () => {
    const lr = importanceOf(input).parameters.find(({ name }) => name === "lr");
    const best = lr?.marginal.reduce((least, point) => (point.mean < least.mean ? point : least));
    expect(Math.abs(Math.log10(Number(best?.value)) + 2)).toBeLessThan(0.3);
    expect(lr?.direction).toBe("mixed");
  });

  test("a run whose values the present space does not have is left out", () => {
    const strange = JSON.stringify({
      lr: 0.1,
      layers: 2,
      optimizer: "rmsprop",
      nested: { momentum: 0.5 },
      seed: 1,
    });
    const found = importanceOf({
      ...input,
      params: [...input.params, strange],
      values: [...input.values, 9],
    });
    expect(found.leftOut).toBe(3);
    expect(found.runs).toBe(400);
  });

  test("a conditional parameter counts where it has a value", () => {
    const own = configOf("  kind: {values: [a, b]}\n  depth: {min: 0.0, max: 1.0, when: {kind: a}}\n");
    const drawn = Array.from({ length: 300 }, () => {
      const [kind, depth] = [draw() < 0.5 ? "a" : "b", draw()];
      return kind === "a" ? { params: { kind, depth }, y: depth } : { params: { kind }, y: 0.5 };
    });
    const found = importanceOf({
      ...{ config: own, goal: "maximize", without: 0 },
      params: drawn.map(({ params }) => JSON.stringify(params)),
      values: drawn.map(({ y }) => y),
    });
    const depth = found.parameters.find(({ name }) => name === "depth");
    expect(depth?.importance).toBeGreaterThan(0.7);
    expect(depth?.active).toBeCloseTo(0.5, 1);
    expect(depth?.direction).toBe("higher");
  });
});

describe("runs that ended without a finite value", () => {
  const whole = runsOf(60, ["a", "b"], (x) => x[0] ?? 0);
  // Every third run crashed, those with a great b.
  const crashes = whole.params.map((text) => (JSON.parse(text) as { b: number }).b > 0.7);
  const values = whole.values.map((value, i) => (crashes[i] ? (i % 2 === 0 ? null : Number.NaN) : value));
  const crashed = crashes.filter(Boolean).length;

  test("are left out and counted", () => {
    const found = importanceOf({ ...whole, values, without: 1, unfinished: "leave_out" });
    expect(found).toMatchObject({ runs: 60 - crashed, leftOut: crashed + 1, imputed: 0 });
    expect(shareOf(found, "b")).toBeLessThan(0.1);
  });

  test.each(["minimize", "maximize"] as const)("are as bad as the worst one of all, %s", (goal) => {
    const found = importanceOf({ ...whole, values, goal, unfinished: "worst" });
    expect(found).toMatchObject({ runs: 60, leftOut: 0, imputed: crashed });
    const b = found.parameters.find(({ name }) => name === "b");
    expect(b?.importance).toBeGreaterThan(0.1);
    expect(b?.direction).toBe("lower");
  });
});

describe("when nothing can be said", () => {
  const f = (x: number[]) => x[0] ?? 0;
  test.each([
    ["nine runs", runsOf(9, ["a", "b"], f), "TOO_FEW_RUNS"],
    [
      "runs that are all alike",
      { ...runsOf(20, ["a"], f), params: Array(20).fill('{"a": 0.5}') },
      "NOTHING_VARIES",
    ],
    ["a metric that never changes", runsOf(20, ["a", "b"], () => 4), "METRIC_CONSTANT"],
  ])("%s", (_, input, warning) => {
    const found = importanceOf(input);
    expect(found.warnings).toEqual([warning]);
    expect(found.parameters).toEqual([]);
    expect(found.needed).toBe(10);
  });

  test("noise is called noise: the fit is weak", () => {
    const draw = uniform(5);
    expect(importanceOf(runsOf(200, X8, () => draw())).warnings).toContain("WEAK_FIT");
  });
});
