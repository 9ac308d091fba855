import { describe, expect, test } from "vitest";
import type { Importance, ParameterImportance } from "@/core/importance";
import { toInteractionsCsv, toInteractionsSvg } from "@/ui/charts/draw/interactions-file";
import { prepareImportance, prepareMarginal, sayNoImportance } from "@/ui/charts/prepare/importance";
import { MOST_NAMES, prepareInteractions } from "@/ui/charts/prepare/interactions";

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
const answerOf = (parameters: ParameterImportance[], more: Partial<Importance> = {}): Importance => ({
  ...{ method: "forest", runs: 64, good: null, imputed: 0, needed: 10, leftOut: 0 },
  ...{ parameters, pairs: [], constant: ["epochs"], outOfBagR2: 0.83, warnings: [] },
  ...more,
});
const prepare = (parameters: ParameterImportance[], more = {}, answer: Partial<Importance> = {}) =>
  prepareImportance({
    ...{ answer: answerOf(parameters, answer), metric: "val_loss", goal: "minimize", measure: "share" },
    ...more,
  });

describe("what is said of importance", () => {
  test("the sentence names the share, its interval, and the best place or the better side", () => {
    expect(prepare([parameter({})]).sentence).toBe(
      "lr explains 62 % ± 5 of the variation in val_loss; it is best near 0.01. No other parameter explains 5 % by itself.",
    );
    const two = [
      parameter({ direction: "lower" }),
      parameter({ name: "depth", importance: 0.2, total: 0.22 }),
    ];
    expect(prepare(two).sentence).toBe(
      "lr explains 62 % ± 5 of the variation in val_loss; lower is better. depth explains 20 %.",
    );
    // Half of 20 to 100 % beside 77 % would reach beyond all there is.
    expect(prepare([parameter({ importance: 0.77, low: 0.2, high: 1, direction: "lower" })]).sentence).toBe(
      "lr explains 77 % (20 % to 100 %) of the variation in val_loss; lower is better. No other parameter explains 5 % by itself.",
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

  test("the sentence is right for each method: a total that says more, effects only together, what the best runs have", () => {
    const gp = [parameter({ total: 0.8 }), parameter({ name: "depth", importance: 0.2, total: 0.25 })];
    expect(prepare(gp, {}, { method: "gp" }).sentence).toBe(
      "lr explains 62 % ± 5 of the variation in val_loss; it is best near 0.01. depth explains 20 %. Together with others lr explains 80 %.",
    );
    const only = [
      parameter({ importance: 0.01, total: 0.2 }),
      parameter({ name: "depth", importance: 0, total: 0.7 }),
    ];
    expect(prepare(only, {}, { method: "gp" }).sentence).toBe(
      "No parameter explains 5 % of the variation in val_loss by itself; together with others depth explains 70 %.",
    );
    // A chance is best where it is greatest, whichever way the metric is.
    expect(prepare([parameter({ total: null })], {}, { method: "good", good: 16 }).sentence).toBe(
      "What tells the best 25 % of the runs by val_loss from the others is first of all lr: 62 % ± 5 of the difference; it is best near 0.1. No other parameter makes 5 % of it.",
    );
  });

  test("a total stands behind the bar of the share, and has the bar and its interval where it is the measure", () => {
    const own = parameter({ total: 0.8, totalLow: 0.7, totalHigh: 0.9 });
    expect(prepare([own])).toMatchObject({ totals: true, rows: [{ total: 0.8, totalText: "80 %" }] });
    expect(prepare([own], { measure: "total" }).rows[0]).toMatchObject({
      ...{ value: 0.8, total: undefined, interval: "70 % to 90 %" },
    });
    expect(prepare([parameter({ total: null })]).totals).toBe(false);
  });

  test("the notes say which runs it is from and what stands in for the others", () => {
    const notes = (more: object, answer: Partial<Importance> = {}) =>
      prepare([parameter({})], more, answer).notes.join("; ");
    expect(
      notes({ unfinished: "worst", among: "that pass the filter" }, { imputed: 12, leftOut: 3 }),
    ).toContain(
      "From 64 runs that have ended that pass the filter, 12 of them as bad as the worst, 3 left out",
    );
    expect(notes({ endedEarly: 1_204 })).toContain(
      "1,204 that were stopped, failed or crashed are not in it: choose above what stands for them",
    );
    expect(notes({ endedEarly: 3, unfinished: "last" })).not.toContain("not in it");
    expect(notes({}, { method: "good", outOfBagR2: null, warnings: ["WEAK_FIT"] })).toContain(
      "drawn at random",
    );
    expect(notes({ isAuto: true }, { method: "gp" })).toContain(
      "by a Gaussian process, which foretells more",
    );
    expect(notes({ isAuto: true })).toContain("; by a random forest;");
    expect(notes({}, { method: "gp", warnings: ["SAMPLED_RUNS"] })).toContain("so many were drawn");
  });
});

describe("the map of what two do together", () => {
  const named = (names: string[]) => names.map((name, i) => parameter({ name, importance: 0.3 - i / 100 }));
  const answer = answerOf(named(["lr", "depth", "opt"]), {
    pairs: [
      { a: "depth", b: "lr", importance: 0.2 },
      { a: "lr", b: "opt", importance: 0.05 },
      { a: "depth", b: "opt", importance: 0.001 },
    ],
  });

  test("is half a table: each pair once, in colour by the strongest, next to nothing without; what each does alone in figures", () => {
    const map = prepareInteractions(answer, "loss");
    expect(map?.names).toEqual(["lr", "depth", "opt"]);
    expect(map?.cells.map(({ row, column, ramp, text }) => [row, column, ramp, text])).toEqual([
      [0, 0, undefined, "30"],
      [1, 0, 1, "20"],
      [1, 1, undefined, "29"],
      [2, 0, 0.25, "5"],
      [2, 1, undefined, ""],
      [2, 2, undefined, "28"],
    ]);
    expect(map?.summary).toContain("depth with lr, 20 % of the variation");
    expect(map?.table.rows).toHaveLength(3);
  });

  test("shows the parameters of the strongest pairs, and says of how many", () => {
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const pairs = [{ a: "p10", b: "p11", importance: 0.4 }];
    const map = prepareInteractions(answerOf(named(names), { pairs }), "loss");
    expect(map?.names).toHaveLength(MOST_NAMES);
    expect(map?.names.slice(-2)).toEqual(["p10", "p11"]);
    expect(map?.notes.join()).toContain("of 12 parameters");
  });

  test("is absent where the method says nothing of pairs, and says so where no pair does anything", () => {
    expect(prepareInteractions({ ...answer, method: "good" }, "loss")).toBeUndefined();
    expect(prepareInteractions(answerOf(named(["lr"])), "loss")).toBeUndefined();
    expect(prepareInteractions({ ...answer, pairs: [] }, "loss")?.summary).toContain("No two parameters");
    const weak = { ...answer, pairs: [{ a: "depth", b: "lr", importance: 0.01 }] };
    expect(prepareInteractions(weak, "loss")?.cells[1]).toMatchObject({
      ramp: expect.closeTo(0.2),
      text: "1",
    });
  });

  test("is a picture and a table of its own", async () => {
    const map = prepareInteractions(answer, "loss");
    if (!map) throw new Error("nothing to draw");
    await expect(`${toInteractionsSvg(map).replaceAll("><", ">\n<")}\n`).toMatchFileSnapshot(
      "../golden/interactions.svg",
    );
    expect(toInteractionsCsv(answer.pairs).split("\r\n")[1]).toBe("depth,lr,0.2");
  });
});
