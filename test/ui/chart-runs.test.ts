import { describe, expect, test } from "vitest";
import { isSameLine, toChartLine, toGroupLine, withSpread } from "@/ui/charts/prepare/chart-lines";
import { type ChartRun, FIELD_DIMENSIONS, parameterDimension } from "@/ui/charts/prepare/dimension";
import { toMetricSections } from "@/ui/charts/prepare/metric-sections";
import { groupRuns, pickRuns } from "@/ui/charts/prepare/run-groups";
import { assignSlots } from "@/ui/charts/prepare/slots";

const runOf = (
  id: number,
  flat: Record<string, number | string>,
  more: Partial<ChartRun> = {},
): ChartRun => ({
  id: String(id),
  name: `r${id}`,
  displayName: `run-${id}`,
  state: "finished",
  ordinal: id,
  objective: id,
  feasible: null,
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: null,
  finishedAt: null,
  agent: null,
  flat: new Map(Object.entries(flat)),
  metrics: new Map(),
  ...more,
});

describe("which runs are drawn", () => {
  const runs = [
    runOf(1, {}, { objective: 3 }),
    runOf(2, {}, { objective: 1 }),
    runOf(3, {}, { objective: null }),
    runOf(4, {}, { objective: 2, feasible: false }),
    runOf(5, {}, { objective: null }),
  ];
  test("the best by the goal, then those that broke a constraint, then the newest", () => {
    const ids = (goal: "minimize" | "maximize", most: number, chosen: string[] = []) =>
      pickRuns(runs, { most, goal, chosen: new Set(chosen) }).map(({ id }) => id);
    expect(ids("minimize", 9)).toEqual(["2", "1", "4", "5", "3"]);
    expect(ids("maximize", 2)).toEqual(["1", "2"]);
    expect(ids("minimize", 1, ["3"])).toEqual(["2", "3"]);
  });
});

describe("groups of runs", () => {
  test("a category is a group a value, and runs without it are one too", () => {
    const runs = [
      runOf(1, { opt: "sgd" }),
      runOf(2, { opt: "adam" }),
      runOf(3, { opt: "adam" }),
      runOf(4, {}),
    ];
    const { groups, total } = groupRuns(runs, parameterDimension("opt", runs));
    expect(total).toBe(3);
    expect(groups.map(({ label, runIds }) => [label, runIds.length])).toEqual([
      ["opt = adam", 2],
      ["opt = sgd", 1],
      ["no opt", 1],
    ]);
  });

  test("a number of many values is cut into quarters of the runs", () => {
    const runs = Array.from({ length: 40 }, (_, i) => runOf(i, { lr: 10 ** (-4 + i / 13) }));
    const { groups } = groupRuns(runs, parameterDimension("lr", runs));
    expect(groups.map(({ runIds }) => runIds.length)).toEqual([10, 10, 9, 11]);
    expect(groups[0]?.label).toMatch(/^lr 1e-4 to /);
  });

  test("keeps the largest where there are too many to tell apart", () => {
    const runs = Array.from({ length: 60 }, (_, i) => runOf(i, { host: `h${i % 30}` }));
    const { groups, total } = groupRuns(runs, parameterDimension("host", runs));
    expect([groups.length, total]).toEqual([14, 30]);
  });

  test("a field groups too", () => {
    const state = FIELD_DIMENSIONS.find(({ id }) => id === "f.state");
    const runs = [runOf(1, {}), runOf(2, {}, { state: "failed" })];
    expect(state && groupRuns(runs, state).groups.map(({ label }) => label)).toEqual([
      "State = failed",
      "State = finished",
    ]);
  });
});

describe("metrics in sections", () => {
  test("the objective and its section first, layer2 before layer10", () => {
    const names = ["loss", "train/loss", "val/loss", "val/acc", "norm/layer10", "norm/layer2"];
    expect(toMetricSections(names, { first: "val/loss" })).toEqual([
      { name: "val", metrics: ["val/loss", "val/acc"] },
      { name: "", metrics: ["loss"] },
      { name: "norm", metrics: ["norm/layer2", "norm/layer10"] },
      { name: "train", metrics: ["train/loss"] },
    ]);
    expect(toMetricSections(names, { search: "LOSS val" })).toEqual([{ name: "val", metrics: ["val/loss"] }]);
  });
});

describe("colours", () => {
  test("a run keeps its place while others come and go", () => {
    const first = assignSlots(new Map(), ["a", "b", "c"]);
    const second = assignSlots(first, ["d", "c", "a"]);
    expect(Object.fromEntries(second)).toEqual({ c: 2, a: 0, d: 1 });
    expect(assignSlots(second, ["a", "c", "d"])).toBe(second);
  });
});

describe("lines of an answer", () => {
  const buckets = { last: [1, null], min: [0, null], max: [2, null], nonFiniteTotal: 3 };
  test("a bucket stands at its last step, or in the middle of what it spans", () => {
    const sent = { total: 9, unpaired: 1, points: null };
    expect(toChartLine({ ...sent, buckets: { ...buckets, lastStep: [7, 15] } }, 8)).toMatchObject({
      x: [7, 15],
      points: 9,
      nonFinite: 3,
      unpaired: 1,
    });
    expect(toChartLine({ ...sent, buckets: { ...buckets, start: [0, 8] } }, 8).x).toEqual([4, 12]);
  });

  test("points that are no numbers are gaps, and counted", () => {
    const points = { x: [0, 1, 2], values: [1, "NaN", { a: 1 }] };
    expect(toChartLine({ total: 3, unpaired: 0, points, buckets: null }, 1)).toMatchObject({
      values: [1, null, null],
      nonFinite: 1,
    });
  });

  test("a group's band is its range, its deviation, or that over the root of how many", () => {
    const group = toGroupLine(
      { start: [0, 1], runs: [4, 1], mean: [10, 5], sd: [2, null], min: [7, 5], max: [14, 5] },
      1,
    );
    expect(withSpread(group, "range")).toMatchObject({ min: [7, 5], max: [14, 5] });
    expect(withSpread(group, "sd")).toMatchObject({ min: [8, 5], max: [12, 5] });
    expect(withSpread(group, "se")).toMatchObject({ min: [9, 5], max: [11, 5] });
  });

  test("what was read again and has not grown is the same", () => {
    const line = { x: [0, 1], values: [1, 2], points: 2, nonFinite: 0 };
    expect(isSameLine(line, { ...line, x: [0, 1] })).toBe(true);
    expect(isSameLine(line, { ...line, points: 3 })).toBe(false);
    expect(isSameLine(undefined, line)).toBe(false);
  });
});
