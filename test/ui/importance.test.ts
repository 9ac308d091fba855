import { describe, expect, test } from "vitest";
import type { ParameterImportance } from "@/core/importance";
import { prepareImportance, prepareMarginal, sayNoImportance } from "@/ui/charts/prepare/importance";

const parameter = (more: Partial<ParameterImportance>): ParameterImportance => ({
  ...{ name: "lr", importance: 0.62, low: 0.57, high: 0.67, impurity: 0.5, permutation: 0.9 },
  ...{ total: 0.7, totalLow: null, totalHigh: null },
  ...{ correlation: -0.4, correlationOf: null, rankCorrelation: -0.5, direction: "mixed", active: 1 },
  marginal: [
    { value: 0.001, mean: 0.5, low: 0.4, high: 0.6 },
    { value: 0.01, mean: 0.2, low: 0.1, high: 0.3 },
    { value: 0.1, mean: 0.9, low: 0.8, high: 1 },
  ],
  ...more,
});
const answerOf = (parameters: ParameterImportance[]) => ({
  ...{ parameters, constant: ["epochs"], outOfBagR2: 0.83, warnings: [] },
});
const prepare = (parameters: ParameterImportance[], more = {}) =>
  prepareImportance({
    ...{ answer: answerOf(parameters), metric: "val_loss", goal: "minimize", measure: "share" },
    ...{ runs: 64, leftOut: 0 },
    ...more,
  });

describe("what is said of importance", () => {
  test("the sentence names the share, its interval, and the best place or the better side", () => {
    expect(prepare([parameter({})]).sentence).toBe(
      "lr explains 62 % ± 5 of the variation in val_loss; it is best near 0.01. No other parameter explains 5 % by itself.",
    );
    const two = [parameter({ direction: "lower" }), parameter({ name: "depth", importance: 0.2 })];
    expect(prepare(two).sentence).toBe(
      "lr explains 62 % ± 5 of the variation in val_loss; lower is better. depth explains 20 %.",
    );
    const category = parameter({ marginal: [{ value: "adam", mean: 1, low: 0, high: 2 }] });
    expect(prepare([category]).sentence).toContain("it is best with adam");
  });

  test("rows fall by the chosen measure, and stand still in a given order while somebody points at them", () => {
    const two = [parameter({}), parameter({ name: "depth", importance: 0.2, impurity: 0.8 })];
    const names = (more: object) => prepare(two, more).rows.map(({ name }) => name);
    expect(names({})).toEqual(["lr", "depth"]);
    expect(names({ measure: "impurity" })).toEqual(["depth", "lr"]);
    expect(names({ measure: "impurity", order: ["lr", "depth"] })).toEqual(["lr", "depth"]);
  });

  test("an interval stands beside shares alone, and a sign before each correlation", () => {
    const [row] = prepare([parameter({})]).rows;
    expect(row).toMatchObject({ text: "62 %", interval: "57 % to 67 %", correlationText: "−0.40" });
    expect(prepare([parameter({})], { measure: "impurity" }).rows[0]).toMatchObject({
      interval: "",
      low: undefined,
    });
    const category = parameter({ correlation: 0.31, correlationOf: "sgd" });
    expect(prepare([category]).rows[0]?.correlationText).toBe("+0.31 for sgd");
  });

  test("where nothing can be said, it is said what would help", () => {
    const counts = { runs: 4, needed: 10, metric: "loss" };
    expect(sayNoImportance(["TOO_FEW_RUNS"], counts)).toBe(
      "6 more runs with a value of loss must finish before anything can be said: 4 of 10 so far.",
    );
    expect(sayNoImportance(["METRIC_CONSTANT"], counts)).toContain("same value of loss");
    expect(sayNoImportance([], counts)).toBeUndefined();
  });

  test("a parameter's curve lies over its runs, on a log axis where it has one", () => {
    const runs = [
      { id: "1", value: 0.001, metric: 0.5 },
      { id: "2", value: undefined, metric: 0.4 },
    ];
    const chart = prepareMarginal({ parameter: parameter({}), metric: "val_loss", log: true, runs });
    expect(chart?.x.scale.kind).toBe("log");
    expect(chart?.dots.map(({ id }) => id)).toEqual(["1"]);
    expect(chart?.line.map(([x]) => Math.round(x * 10) / 10)).toEqual([0, 0.5, 1]);
    expect(
      prepareMarginal({ parameter: parameter({ marginal: [] }), metric: "m", log: false, runs }),
    ).toBeUndefined();
  });
});
