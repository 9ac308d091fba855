import { describe, expect, test } from "vitest";
import { Float, type Value } from "@/core/value";
import { toParallelCsv, toParallelSvg } from "@/ui/charts/draw/parallel-file";
import { type Brush, passes } from "@/ui/charts/prepare/brush";
import { type ChartRun, objectiveDimension, parameterDimension } from "@/ui/charts/prepare/dimension";
import { complement, continues, markPassing, prepareParallel } from "@/ui/charts/prepare/parallel";
import { type AxisKind, prepareAxis, toBrush, toSpans } from "@/ui/charts/prepare/parallel-axis";
import { layOut, nearestLine, PAD } from "@/ui/charts/prepare/parallel-layout";
import { addAxis, hideAxis, moveAxis, showAxes } from "@/ui/charts/prepare/parallel-order";

const makeRun = (
  i: number,
  params: Readonly<Record<string, Value>>,
  objective: number | null = i,
  state = "finished",
): ChartRun => ({
  id: String(i),
  name: `run${i}`,
  displayName: `run-${i}`,
  state,
  ordinal: i,
  objective,
  feasible: true,
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-01T00:01:00Z",
  agent: null,
  flat: new Map(Object.entries(params)),
  metrics: new Map(),
});
const axisOf = (name: string, runs: readonly ChartRun[], kind?: AxisKind, flipped = false) =>
  prepareAxis(parameterDimension(name, runs), runs, { kind, flipped });
const round = (values: Iterable<number>) => [...values].map((value) => Math.round(value * 1_000) / 1_000);

describe("an axis", () => {
  const rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1].map((lr, i) => makeRun(i, { lr }));

  test("20: offers itself as logarithmic where values are spread over decades, and stands there by decades", () => {
    const axis = axisOf("lr", rates);
    expect(axis.kind).toBe("log");
    expect(round(axis.places)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(axis.kinds).toEqual(["linear", "log", "quantile", "category"]);
    expect(axisOf("lr", rates, "linear").kind).toBe("linear");
  });

  test("of quantiles has runs evenly spaced, equal values together", () => {
    const runs = [1, 2, 2, 50].map((x, i) => makeRun(i, { x }));
    const axis = axisOf("x", runs, "quantile");
    expect(round(axis.places)).toEqual([0, 0.5, 0.5, 1]);
    expect(axis.place(26)).toBeCloseTo(0.75);
  });

  test("flipped, has its high end at the bottom, and a range means the same values", () => {
    const axis = axisOf("lr", rates, "log", true);
    expect(round(axis.places)).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect(axis.unitAt(0.5)).toBe(0.001);
  });

  test("21: keeps categories apart that share their first forty characters, with their whole texts", () => {
    const long = "checkpoints/vision/pretrained/resnet-large-v";
    const runs = [1, 2].map((i) => makeRun(i, { model: `${long}${i}` }));
    const axis = axisOf("model", runs);
    expect(axis.ticks.map(({ label }) => label)).toEqual([`${long}1`, `${long}2`]);
    expect(new Set(axis.places).size).toBe(2);
  });

  test("21: has no place for a run that lacks the parameter, and counts it", () => {
    const runs = [makeRun(1, { x: 1 }), makeRun(2, {}), makeRun(3, { x: 3 })];
    const axis = axisOf("x", runs);
    expect(axis.missing).toBe(1);
    expect(axis.places[1]).toBeNaN();
  });

  test("says which values a logarithmic scale can't show", () => {
    const runs = [0, -1, 0.1, 10].map((x, i) => makeRun(i, { x }));
    const axis = axisOf("x", runs, "log");
    expect([axis.unplaced, axis.missing]).toEqual([2, 0]);
  });

  test("thins labels that would cover each other, and never a tick", () => {
    const runs = Array.from({ length: 100 }, (_, i) => makeRun(i, { name: `text ${i}` }));
    const { ticks } = axisOf("name", runs);
    expect(ticks).toHaveLength(100);
    const labelled = ticks.filter((tick) => tick.labelled).map(({ at }) => at);
    expect(labelled.length).toBeGreaterThan(10);
    for (const [i, at] of labelled.entries())
      if (i > 0) expect(at - (labelled[i - 1] ?? 0)).toBeGreaterThan(0.05);
  });

  test("24: goes a hundredth by a step, ten by a page, and never past its ends", () => {
    const axis = axisOf(
      "x",
      Array.from({ length: 101 }, (_, i) => makeRun(i, { x: new Float(i / 100) })),
    );
    expect(axis.step(0.5, 1)).toBe(0.51);
    expect(axis.step(0.5, -10)).toBe(0.4);
    expect(axis.step(0.995, 10)).toBe(1);
    const whole = axisOf(
      "n",
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n, i) => makeRun(i, { n })),
    );
    expect(whole.step(4, 1)).toBe(5);
    expect(whole.step(4, -1)).toBe(3);
  });

  test("of one value stands in the middle, of none it can be drawn all the same", () => {
    expect(round(axisOf("x", [makeRun(1, { x: 7 }), makeRun(2, { x: 7 })]).places)).toEqual([0.5, 0.5]);
    const none = prepareAxis(objectiveDimension("loss", []), []);
    expect([none.ends, none.ticks]).toEqual([[0, 1], []]);
  });
});

describe("a brush", () => {
  const runs = Array.from({ length: 200 }, (_, i) =>
    makeRun(i, {
      lr: 10 ** (-5 + (i % 40) / 10),
      width: [32, 64, 128][i % 3] ?? 32,
      ...(i % 5 > 0 && { model: ["a", "b", "c"][i % 3] ?? "a" }),
    }),
  );
  const dimensions = ["lr", "width", "model"].map((name) => parameterDimension(name, runs));
  const all = new Uint8Array(runs.length).fill(1);
  const brushed = (brushes: Record<string, Brush>, kinds = new Map<string, AxisKind>()) => {
    const { axes } = prepareParallel({ runs, dimensions, kinds });
    const marked = new Uint8Array(runs.length);
    markPassing(axes, new Map(Object.entries(brushes)), all, marked);
    return runs.filter((_, i) => marked[i]).map(({ id }) => id);
  };
  const byPredicate = (brushes: Record<string, Brush>) =>
    runs
      .filter((run) =>
        dimensions.every((dimension) => {
          const brush = brushes[dimension.id];
          return !brush || passes(brush, dimension, run);
        }),
      )
      .map(({ id }) => id);

  test.each<[string, Record<string, Brush>]>([
    ["of one range", { "p.lr": { ranges: [[1e-4, 1e-2]] } }],
    [
      "18: of two ranges, which unite",
      {
        "p.lr": {
          ranges: [
            [1e-5, 1e-4],
            [1e-3, 1e-2],
          ],
        },
      },
    ],
    [
      "18: of two axes, which intersect",
      { "p.lr": { ranges: [[1e-4, 1]] }, "p.width": { ranges: [[64, 64]] } },
    ],
    ["of categories", { "p.model": { values: ["a", "c"] } }],
    ["of runs without a value", { "p.model": { missing: true } }],
    ["of a category that is gone", { "p.model": { values: ["z"] } }],
  ])("%s lets through what the page's filter does, whatever the scale", (_, brushes) => {
    expect(brushed(brushes)).toEqual(byPredicate(brushes));
    const asCategory = new Map<string, AxisKind>([["p.width", "category"]]);
    expect(brushed(brushes, asCategory)).toEqual(byPredicate(brushes));
  });

  test("and its complement share out the runs", () => {
    const { axes } = prepareParallel({ runs, dimensions });
    for (const [i, brush] of (
      [{ ranges: [[1e-4, 1e-3]] }, { ranges: [[32, 32]], missing: true }, { values: ["b"] }] as const
    ).entries()) {
      const axis = axes[i];
      if (!axis) throw new Error("no axis");
      const inside = brushed({ [axis.id]: brush });
      const outside = brushed({ [axis.id]: complement(axis, brush) });
      expect(inside.length + outside.length).toBe(runs.length);
      expect(inside.filter((id) => outside.includes(id))).toEqual([]);
    }
  });

  test("of a whole axis is none, unless it holds back runs without a value", () => {
    const { axes } = prepareParallel({ runs, dimensions });
    const [lr, , model] = axes;
    if (!lr || !model) throw new Error("no axis");
    expect(toBrush(lr, [lr.ends])).toBeUndefined();
    expect(toBrush(model, [model.ends], true)).toBeUndefined();
    expect(toBrush(model, [model.ends])).toEqual({ values: ["a", "b", "c"] });
  });

  test("that reaches an end of its axis has no limit there: a better run that comes later is inside", () => {
    const axis = axisOf("lr", runs);
    const brush = toBrush(axis, [[1e-3, axis.ends[1]]]);
    expect(brush).toEqual({ ranges: [[1e-3, Number.POSITIVE_INFINITY]] });
    expect(toSpans(axis, brush)).toEqual([[1e-3, axis.ends[1]]]);
  });

  test("of numbers as categories is one range over neighbours, several over gaps", () => {
    const axis = axisOf("width", runs, "category");
    const brush = toBrush(axis, [
      [0, 0],
      [2, 2],
    ]);
    expect(brush).toEqual({
      ranges: [
        [32, 32],
        [128, 128],
      ],
    });
    expect(toSpans(axis, brush)).toEqual([
      [0, 0],
      [2, 2],
    ]);
  });

  test("takes 10,000 runs and three axes in half a millisecond or so", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => makeRun(i, { a: i % 97, b: i % 31, c: i % 7 }));
    const { axes } = prepareParallel({
      runs: many,
      dimensions: ["a", "b", "c"].map((name) => parameterDimension(name, many)),
    });
    const brushes = new Map(["p.a", "p.b", "p.c"].map((id) => [id, { ranges: [[2, 20]] as const }]));
    const [rest, into] = [new Uint8Array(many.length).fill(1), new Uint8Array(many.length)];
    const times = Array.from({ length: 50 }, () => {
      const began = performance.now();
      markPassing(axes, brushes, rest, into);
      return performance.now() - began;
    });
    // Measured 0.2 ms; a busy machine gets room.
    expect(Math.min(...times)).toBeLessThan(2);
  });
});

describe("lines", () => {
  const runs = [
    makeRun(0, { lr: 0.1, model: 'adam, "w"' }, 0.9),
    makeRun(1, { lr: 0.01, model: "sgd" }, 0.3),
    makeRun(2, { lr: 0.001 }, 0.123_456_789_012_345_6),
    makeRun(3, { lr: 0.0001, model: "sgd" }, null, "failed"),
    makeRun(4, { lr: 0.00001, model: "sgd" }, null, "running"),
  ];
  const chartOf = (all: readonly ChartRun[]) => {
    const loss = objectiveDimension("loss", all);
    return prepareParallel({
      runs: all,
      dimensions: [parameterDimension("lr", all), parameterDimension("model", all), loss],
      color: loss,
      goal: "minimize",
      bestId: "2",
    });
  };
  const chart = chartOf(runs);

  const colorOf = ({ buckets, colors }: typeof chart, i: number) => colors[buckets[i] ?? 0];

  test("have their value's colour, those without one their state's; the best are painted last", () => {
    expect(chart.buckets[0]).toBeGreaterThan(chart.buckets[1] ?? 999);
    expect([3, 4].map((i) => colorOf(chart, i)?.css)).toEqual(["var(--bad-mark)", "var(--running-mark)"]);
    expect(chart.layers.map((bucket) => chart.buckets.indexOf(bucket))).toEqual([3, 4, 0, 1, 2]);
    expect([chart.best, [...chart.active]]).toEqual([2, [4]]);
  });

  test("of stopped runs are dashed and fainter than those of finished ones, and the legend says so", () => {
    const stopped = runs.map((run) => (run.id === "1" ? { ...run, state: "killed" } : run));
    const mixed = chartOf(stopped);
    expect([colorOf(mixed, 1)?.css, colorOf(mixed, 0)?.dash]).toEqual([colorOf(chart, 1)?.css, "none"]);
    expect(colorOf(mixed, 1)).toMatchObject({ dash: "9 3 2 3", faint: true });
    const { legend } = mixed;
    if (legend.kind !== "ramp") throw new Error("a list");
    expect(legend.states.map(({ label, count }) => `${label} ${count}`)).toEqual(["killed 1", "finished 2"]);
    expect(legend.without.map(({ label, count }) => `${label} ${count}`)).toEqual(["failed 1", "running 1"]);
    expect(chart.legend.kind === "ramp" && chart.legend.states).toEqual([]);
  });

  test("have their state's colour and dash where there is no metric", () => {
    const { legend } = prepareParallel({ runs, dimensions: [parameterDimension("lr", runs)] });
    if (legend.kind !== "list") throw new Error("a ramp");
    expect(legend.items.map(({ label, count }) => `${label} ${count}`)).toEqual([
      "failed 1",
      "running 1",
      "finished 3",
    ]);
    expect(new Set(legend.items.map(({ color }) => color.dash)).size).toBe(3);
  });

  test("are found by the distance square to them, and not where they are hidden", () => {
    const layout = layOut(chart, 600, 344);
    const [x0 = 0, x1 = 0] = layout.xs;
    const all = new Uint8Array(5).fill(1);
    const y = ((layout.ys[0] ?? 0) + (layout.ys[1] ?? 0)) / 2;
    expect(nearestLine(layout, all, (x0 + x1) / 2, y + 3, 9)).toBe(0);
    expect(nearestLine(layout, Uint8Array.of(0, 0, 0, 0, 0), (x0 + x1) / 2, y, 9)).toBe(-1);
    expect(nearestLine(layout, all, x0 - 40, PAD.top, 9)).toBe(-1);
  });

  test("stay painted when runs are added inside the scales, and not when one moves", () => {
    const more = [...runs, makeRun(5, { lr: 0.002, model: "sgd" }, 0.5)];
    expect(continues(chart, chartOf(more))).toBe(true);
    expect(continues(chart, chartOf([...runs, makeRun(5, { lr: 9, model: "sgd" }, 0.5)]))).toBe(false);
    const ended = runs.map((run) => (run.id === "4" ? makeRun(4, { lr: 0.00001, model: "sgd" }, 0.4) : run));
    expect(continues(chart, chartOf(ended))).toBe(true);
    expect(continues(chart, chartOf(runs.slice(1)))).toBe(false);
  });

  test("32: are exported as they are shown: every digit, whole texts, a row a run that passes", () => {
    expect(toParallelCsv(chart, Uint8Array.of(1, 0, 1, 0, 0))).toBe(
      'run,state,lr,model,loss\r\nrun-0,finished,0.1,"adam, ""w""",0.9\r\nrun-2,finished,0.001,,0.1234567890123456\r\n',
    );
  });

  test("are a committed picture", async () => {
    await expect(`${toParallelSvg(chart, new Uint8Array(5).fill(1))}\n`).toMatchFileSnapshot(
      "../golden/parallel.svg",
    );
  });
});

describe("the axes' order", () => {
  const usual = ["p.a", "p.b", "p.c", "objective"];
  const none = { order: [], hidden: [] };

  test("is the parameters by name and the metric at the right", () => {
    expect(showAxes(usual, none)).toEqual(usual);
  });

  test("keeps what the reader moved, and takes a parameter that begins to vary before the metric", () => {
    const moved = moveAxis(usual, none, "p.c", 0);
    expect(showAxes(usual, moved)).toEqual(["p.c", "p.a", "p.b", "objective"]);
    expect(showAxes(["p.a", "p.b", "p.c", "p.d", "objective"], moved)).toEqual([
      ...["p.c", "p.a", "p.b", "p.d"],
      "objective",
    ]);
  });

  test("moves past hidden axes, and brings one back to its place", () => {
    const hidden = hideAxis(usual, none, "p.b");
    expect(showAxes(usual, hidden)).toEqual(["p.a", "p.c", "objective"]);
    const moved = moveAxis(usual, hidden, "p.a", 1);
    expect(showAxes(usual, moved)).toEqual(["p.c", "p.a", "objective"]);
    expect(showAxes(usual, addAxis(usual, hidden, "p.b"))).toEqual(usual);
  });

  test("takes an added axis before the metric, and forgets it when it is hidden", () => {
    const added = addAxis(usual, none, "f.duration");
    expect(showAxes(usual, added)).toEqual(["p.a", "p.b", "p.c", "f.duration", "objective"]);
    expect(showAxes(usual, hideAxis(usual, added, "f.duration"))).toEqual(usual);
  });
});
