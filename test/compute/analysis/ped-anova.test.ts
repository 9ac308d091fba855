import { describe, expect, test } from "vitest";
import { importanceOf } from "@/compute/analysis/importance";
import type { ImportanceInput } from "@/compute/analysis/read-runs";
import type { Importance } from "@/core/importance";
import { additive, configOf, openDraws, runsOf, shareOf, X8 } from "../../support/known-shares";

const good = (input: ImportanceInput, quantile?: number) =>
  importanceOf({ ...input, method: "good", ...(quantile !== undefined && { quantile }) });

describe("what tells the best runs from all", () => {
  // Where x0 is low all is well, elsewhere x1 decides how bad it is.
  const gated = (x: readonly number[]) => ((x[0] ?? 0) < 0.25 ? -1 : 20 * (x[1] ?? 0) + 5);

  test.each([60, 100, 1_000])("is one parameter where the good region depends on one: %d runs", (count) => {
    const found = good(runsOf(count, X8, gated), 0.2);
    expect(found.parameters[0]).toMatchObject({ name: "x0", direction: "lower" });
    expect(shareOf(found, "x0")).toBeGreaterThan(0.85);
    expect(found.warnings).toEqual([]);
    // Of the variance it explains a third at most: that is another question.
    expect(shareOf(importanceOf(runsOf(count, X8, gated)), "x0")).toBeLessThan(0.8);
  });

  test("is the same seen from the other side: the best of a metric that is maximised", () => {
    const runs = runsOf(200, X8, gated);
    const turned = { ...runs, goal: "maximize" as const, values: runs.values.map((y) => -(y ?? 0)) };
    const without = ({ parameters }: Importance) =>
      parameters.map(({ correlation, rankCorrelation, ...rest }) => rest);
    expect(without(good(turned))).toEqual(without(good(runs)));
  });

  test("depends on the order of the values alone", () => {
    const runs = runsOf(200, X8, additive.f);
    const strange = { ...runs, values: runs.values.map((y) => Math.exp(40 * (y ?? 0))) };
    const shares = (input: ImportanceInput) => X8.map((name) => shareOf(good(input), name));
    expect(shares(strange)).toEqual(shares(runs));
  });

  test("has a curve of chances: a quarter of all runs on the mean", () => {
    const { parameters, good: best } = good(runsOf(1_000, X8, additive.f));
    expect(best).toBe(250);
    for (const { marginal } of parameters) {
      const mean = marginal.reduce((sum, point) => sum + point.mean, 0) / marginal.length;
      expect(Math.abs(mean - 0.25)).toBeLessThan(0.03);
      for (const { low, mean, high } of marginal)
        expect(0 <= low && low <= mean && mean <= high && high <= 1).toBe(true);
    }
    expect(parameters[0]?.marginal[0]?.mean).toBeGreaterThan(0.7);
    expect(parameters[0]?.marginal.at(-1)?.mean).toBeLessThan(0.05);
  });

  test("is nothing where the metric is noise, and is called chance nine times of ten", () => {
    let weak = 0;
    for (let seed = 0; seed < 10; seed++)
      if (good(runsOf(100, X8, (_, draw) => draw(), `noise ${seed}`)).warnings.includes("WEAK_FIT")) weak++;
    expect(weak).toBeGreaterThanOrEqual(8);
  });

  test("takes all runs that are as good as the last of the best", () => {
    const found = good(runsOf(100, ["a", "b"], (x) => Math.floor(3 * (x[0] ?? 0))));
    expect(found.good).toBeGreaterThan(25);
    expect(shareOf(found, "a")).toBeGreaterThan(0.9);
  });

  test("the interval holds what another sample of runs finds, nine times of ten", () => {
    let inside = 0;
    for (let seed = 0; seed < 12; seed++) {
      const own = good(runsOf(200, X8.slice(0, 4), additive.f, `a ${seed}`)).parameters.find(
        ({ name }) => name === "x0",
      );
      const other = shareOf(good(runsOf(200, X8.slice(0, 4), additive.f, `b ${seed}`)), "x0");
      const middle = own?.importance ?? 0;
      const half = Math.max(middle - (own?.low ?? 0), (own?.high ?? 0) - middle) * Math.SQRT2;
      if (Math.abs(other - middle) <= half) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(9);
  });
});

describe("parameters of every kind", () => {
  const draw = openDraws("kinds");
  const config = configOf(
    [
      "  lr: {distribution: log_uniform_values, min: 0.0001, max: 1.0}\n",
      "  layers: {min: 1, max: 8}\n",
      "  batch: {distribution: q_uniform, min: 16, max: 64, q: 16}\n",
      "  optimizer: {values: [adam, sgd, lion]}\n",
      "  depth: {min: 0.0, max: 1.0, when: {optimizer: sgd}}\n",
    ].join(""),
  );
  const runsBy = (f: (params: Record<string, number | string>) => number): ImportanceInput => {
    const params = Array.from({ length: 400 }, () => {
      const optimizer = ["adam", "sgd", "lion"][Math.floor(3 * draw())] ?? "adam";
      return {
        ...{
          lr: 10 ** (-4 + 4 * draw()),
          layers: 1 + Math.floor(8 * draw()),
          batch: 16 * (1 + Math.floor(4 * draw())),
        },
        ...{ optimizer, ...(optimizer === "sgd" && { depth: draw() }) },
      };
    });
    return {
      ...{ config, goal: "minimize", without: 0 },
      params: params.map((one) => JSON.stringify(one)),
      values: params.map(f),
    };
  };

  test.each([
    ["lr", (params: Record<string, number | string>) => Math.abs(Math.log10(Number(params.lr)) + 3)],
    ["layers", (params: Record<string, number | string>) => Number(params.layers) + 1e-3 * Number(params.lr)],
    ["batch", (params: Record<string, number | string>) => -Number(params.batch) + Number(params.lr)],
    [
      "optimizer",
      (params: Record<string, number | string>) =>
        (params.optimizer === "lion" ? 0 : 1) + 0.1 * Number(params.lr),
    ],
  ])("%s is found", (name, f) => {
    const found = good(runsBy(f));
    expect(found.parameters[0]?.name).toBe(name);
    expect(shareOf(found, name)).toBeGreaterThan(0.85);
  });

  test("the curve stands at a parameter's own values", () => {
    const found = good(runsBy(({ batch }) => Number(batch)));
    const curveOf = (name: string) =>
      found.parameters.find((one) => one.name === name)?.marginal.map(({ value }) => value);
    expect(curveOf("batch")).toEqual([16, 32, 48, 64]);
    expect(curveOf("layers")).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(curveOf("optimizer")).toEqual(["adam", "sgd", "lion"]);
  });

  test("a conditional one counts where it has a value; that it has one is its gate's merit", () => {
    const gate = good(runsBy(({ optimizer, lr }) => (optimizer === "sgd" ? 0 : 1) + 0.01 * Number(lr)));
    expect(gate.parameters[0]?.name).toBe("optimizer");
    expect(shareOf(gate, "depth")).toBeLessThan(0.05);
    const inside = good(runsBy(({ depth }) => (depth === undefined ? 1 : Number(depth) < 0.5 ? 0 : 2)));
    expect(shareOf(inside, "depth")).toBeGreaterThan(0.2);
    expect(inside.parameters.find(({ name }) => name === "depth")?.active).toBeCloseTo(1 / 3, 1);
  });
});
