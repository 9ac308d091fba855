import { describe, expect, test } from "vitest";
import { toContourCsv, toContourSvg } from "@/ui/charts/draw/contour-file";
import { toScatterCsv, toScatterSvg } from "@/ui/charts/draw/scatter-file";
import { toSlicesCsv, toSlicesSvg } from "@/ui/charts/draw/slices-file";
import { toColoring } from "@/ui/charts/prepare/coloring";
import { prepareContour } from "@/ui/charts/prepare/contour";
import {
  type ChartRun,
  FIELD_DIMENSIONS,
  metricDimension,
  objectiveDimension,
  parameterDimension,
} from "@/ui/charts/prepare/dimension";
import { nearestDot, neighborDot, toDots } from "@/ui/charts/prepare/dots";
import { toFrontier, toStairs } from "@/ui/charts/prepare/frontier";
import { placeAlong, scatterOf, shorten, toTimeScale } from "@/ui/charts/prepare/place";
import { rankParameters, relevanceOf } from "@/ui/charts/prepare/relevance";
import { prepareScatter } from "@/ui/charts/prepare/scatter";
import { prepareSlices } from "@/ui/charts/prepare/slices";
import { chartRun } from "../support/chart-runs";

const field = (id: string) => {
  const found = FIELD_DIMENSIONS.find((one) => one.id === id);
  if (!found) throw new Error(`no field ${id}`);
  return found;
};
const CREATED = field("f.created");
const NUMBER = field("f.ordinal");

/** Loss falls towards lr = 0.01 and does not care for width; sgd is worse than adam. */
const RUNS: readonly ChartRun[] = Array.from({ length: 40 }, (_, i) => {
  const lr = 10 ** (-4 + (i % 10) / 2.5);
  const opt = i % 3 === 0 ? "sgd" : "adam";
  const width = [32, 64, 128][(i * 7) % 3] ?? 32;
  const loss =
    0.1 + Math.abs(Math.log10(lr) + 2) * 0.2 + (opt === "sgd" ? 0.05 : 0) + scatterOf(String(i)) * 0.01;
  return chartRun(i + 1, { lr, opt, width }, loss);
});
const LOSS = objectiveDimension("val/loss", RUNS);
const [LR, OPT, WIDTH] = ["lr", "opt", "width"].map((name) => parameterDimension(name, RUNS)) as [
  typeof LOSS,
  typeof LOSS,
  typeof LOSS,
];
const goalOf = (id: string) => (id === "objective" ? ("minimize" as const) : undefined);

describe("the frontier", () => {
  test("along a time it is the way of the best so far, from left to right", () => {
    const goals = { x: "minimize", y: "minimize" } as const;
    expect(toFrontier([1, 2, 3, 4], [5, 6, 3, 4], goals)).toEqual([0, 2]);
  });

  test("between two metrics it is what no other beats in both, whatever their goals", () => {
    const goals = { x: "maximize", y: "minimize" } as const;
    expect(toFrontier([1, 2, 3, 3], [1, 2, 4, 5], goals)).toEqual([2, 1, 0]);
  });

  test("leaves out runs without a place, and keeps the first of equal ones", () => {
    const goals = { x: "minimize", y: "maximize" } as const;
    expect(toFrontier([Number.NaN, 1, 1], [9, 2, 2], goals)).toEqual([1]);
  });

  test("is drawn as a staircase to the end of the plot", () => {
    expect(
      toStairs(
        [
          [0, 0.9],
          [0.5, 0.2],
        ],
        1,
      ),
    ).toEqual([
      [0, 0.9],
      [0.5, 0.9],
      [0.5, 0.2],
      [1, 0.2],
    ]);
    expect(toStairs([], 1)).toEqual([]);
  });
});

describe("a scatter", () => {
  const chart = prepareScatter({ runs: RUNS, x: CREATED, y: LOSS, color: OPT, goalOf, total: 50 });

  test("shows every run with both values, its best so far, and says how many there are besides", () => {
    expect(chart?.dots.ids).toHaveLength(40);
    expect(chart?.frontierName).toBe("best so far");
    expect(chart?.total).toBe(50);
    const best = RUNS.toSorted((a, b) => (a.objective ?? 0) - (b.objective ?? 0))[0];
    expect(chart?.frontierIds.at(-1)).toBe(best?.id);
    expect(chart?.summary).toContain(`by ${best?.displayName}.`);
  });

  test("has no frontier along a parameter, a category, or without a goal", () => {
    for (const x of [LR, OPT])
      expect(prepareScatter({ runs: RUNS, x, y: LOSS, goalOf })?.frontier).toEqual([]);
    expect(prepareScatter({ runs: RUNS, x: CREATED, y: LR, goalOf })?.frontier).toEqual([]);
  });

  test("between two metrics draws the best compromises", () => {
    const runs = [
      [1, 3],
      [2, 2],
      [3, 3],
    ].map(([loss = 0, ms = 0], i) => chartRun(i + 1, {}, loss, { metrics: new Map([["last.ms", ms]]) }));
    const pareto = prepareScatter({
      runs,
      x: metricDimension("last", "ms", runs),
      y: objectiveDimension("loss", runs),
      goalOf: () => "minimize",
    });
    expect(pareto?.frontierName).toBe("best compromises");
    expect(pareto?.frontierIds).toEqual(["2", "1"]);
    expect(pareto?.summary).toContain("2 runs are beaten by no other");
  });

  test("a run that breaks a constraint is drawn, and never the best", () => {
    const runs = RUNS.map((run) => ({ ...run, feasible: true }));
    runs.push({ ...chartRun(99, { lr: 0.01, opt: "adam", width: 32 }, 0.01), feasible: false });
    const constrained = prepareScatter({ runs, x: CREATED, y: LOSS, goalOf });
    expect(constrained?.dots.ids).toContain("99");
    expect(constrained?.frontierIds).not.toContain("99");
    expect(constrained?.notes.join()).toContain("1 run breaks a constraint and is never the best");
  });

  test("a diverged run leaves the view and is counted", () => {
    const runs = [...RUNS, chartRun(98, { lr: 1, opt: "sgd", width: 32 }, 1e9)];
    const clipped = prepareScatter({ runs, x: CREATED, y: LOSS, goalOf });
    expect(clipped?.dots.ids).not.toContain("98");
    expect(clipped?.notes).toContain("1 run lies outside the view: far off the others");
  });

  test("runs without a value are counted, and without any there is no chart", () => {
    const runs = [...RUNS, chartRun(97, { lr: 0.1 }, null)];
    expect(prepareScatter({ runs, x: CREATED, y: LOSS, goalOf })?.notes.join()).toContain(
      "1 run has no value of Created or val/loss yet",
    );
    expect(prepareScatter({ runs: [chartRun(1, {}, null)], x: CREATED, y: LOSS, goalOf })).toBeUndefined();
    expect(prepareScatter({ runs: [], x: CREATED, y: LOSS, goalOf })).toBeUndefined();
  });

  test("its CSV has a row for each run that is shown, with every digit", () => {
    const [head, ...rows] = toScatterCsv(chart as never, OPT)
      .trimEnd()
      .split("\r\n");
    expect(head).toBe("run,name,Created,val/loss,opt,best so far");
    expect(rows).toHaveLength(40);
    expect(rows[0]).toBe(`run-1,run1,2026-01-01T12:01:00.000Z,${RUNS[0]?.objective},sgd,true`);
  });

  test("is a committed picture", async () => {
    await expect(toScatterSvg(chart as never)).toMatchFileSnapshot("../golden/scatter.svg");
  });
});

describe("a place along an axis", () => {
  test("categories stand in bands in their order, two that begin alike apart", () => {
    const long = "a-very-long-name-of-forty-characters-or-so-";
    const runs = ["b", "a"].map((end, i) => chartRun(i + 1, { c: long + end }, 1));
    const place = placeAlong(parameterDimension("c", runs), runs);
    expect(place?.categories).toEqual([`${long}a`, `${long}b`]);
    expect(runs.map((run) => place?.at(run))).toEqual([0.75, 0.25]);
    expect(new Set(place?.axis.scale.ticks.map(({ label }) => label)).size).toBe(2);
  });

  test("spread, a run stays within its band and where it was", () => {
    const place = placeAlong(OPT, RUNS, { spread: true });
    for (const run of RUNS) {
      const at = place?.at(run) ?? Number.NaN;
      expect(Math.floor(at * 2)).toBe(place?.categories.indexOf(String(OPT.valueOf(run))));
    }
  });

  test("a logarithmic axis offers itself, and only where every value is above zero", () => {
    expect(placeAlong(LR, RUNS)?.log).toBe(true);
    expect(placeAlong(LR, RUNS, { log: false })?.log).toBe(false);
    const runs = [chartRun(1, { lr: 0 }, 1), chartRun(2, { lr: 1 }, 1)];
    expect(placeAlong(parameterDimension("lr", runs), runs, { log: true })).toMatchObject({
      log: false,
      logPossible: false,
    });
  });

  test("moments have round ticks, from milliseconds to years", () => {
    const noon = Date.UTC(2026, 0, 1, 12);
    const labels = (spanMs: number) => toTimeScale([noon, noon + spanMs], 4).ticks.map(({ label }) => label);
    expect(labels(60_000)).toContain("12:00:30");
    expect(labels(6 * 3_600_000)).toContain("14:00");
    expect(labels(40 * 86_400_000).join()).toContain("Jan");
    expect(labels(0).length).toBeGreaterThan(0);
  });

  test("a long name loses its middle", () => {
    expect(shorten("abcdefghij", 7)).toBe("abc…hij");
  });
});

describe("colour", () => {
  test("categories beyond ten share one look, each of the ten has its own colour or symbol", () => {
    const runs = Array.from({ length: 14 }, (_, i) => chartRun(i + 1, { c: `c${i + 10}` }, 1));
    const { looks, legend, lookOf } = toColoring(parameterDimension("c", runs), runs);
    expect(new Set(looks.map(({ kind, value, symbol }) => `${kind}${value % 7} ${symbol % 7}`)).size).toBe(
      11,
    );
    expect(legend.kind === "category" && legend.entries.at(-1)?.label).toBe("4 more");
    expect(lookOf(runs[13] as ChartRun)).toBe(0);
  });

  test("numbers lie on a ramp from the least to the greatest, in logarithms where they are spread so", () => {
    const { looks, lookOf, legend } = toColoring(LR, RUNS);
    const least = RUNS.toSorted((a, b) => Number(LR.valueOf(a)) - Number(LR.valueOf(b)))[0] as ChartRun;
    expect(looks[lookOf(least)]).toMatchObject({ kind: "ramp", value: 0 });
    expect(legend).toMatchObject({ kind: "ramp", log: true, low: "1e-4" });
  });
});

describe("dots", () => {
  const dots = toDots(
    [
      [0.1, 0.5],
      [0.9, 0.1],
      [0.5, 0.9],
    ].map(([x = 0, y = 0], i) => ({ id: `${i}`, label: `${i}`, x, y, look: 0 })),
  );

  test("the nearest one is found in px, not beyond its reach", () => {
    const size = { width: 1_000, height: 100 };
    expect(nearestDot(dots, { x: 0.11, y: 0.6 }, size, 20)).toBe(0);
    expect(nearestDot(dots, { x: 0.3, y: 0.5 }, size, 20)).toBeUndefined();
  });

  test("arrows go along their axis and stop at its ends", () => {
    expect(neighborDot(dots, undefined, "ArrowRight")).toBe(0);
    expect(neighborDot(dots, 0, "ArrowRight")).toBe(2);
    expect(neighborDot(dots, 1, "ArrowRight")).toBe(1);
    expect(neighborDot(dots, 1, "ArrowUp")).toBe(0);
    expect(neighborDot(dots, 2, "Home")).toBe(0);
    expect(neighborDot(toDots([]), undefined, "End")).toBeUndefined();
  });
});

describe("slices", () => {
  test("a valley counts as much as a slope, and chance as nothing", () => {
    const ranked = rankParameters([WIDTH, OPT, LR], LOSS, RUNS);
    expect(ranked[0]?.id).toBe("p.lr");
    expect(ranked[0]?.share).toBeGreaterThan(0.4);
    expect(ranked.find(({ id }) => id === "p.width")?.share).toBeLessThan(0.1);
    const line = RUNS.map((run, i) => ({ ...run, objective: i }));
    expect(relevanceOf(NUMBER, objectiveDimension("x", line), line).correlation).toBeCloseTo(1);
  });

  test("with too few runs say how many more are needed", () => {
    const runs = RUNS.slice(0, 3);
    const [slice] = prepareSlices({ runs, parameters: [LR], metric: LOSS, goal: "minimize", color: NUMBER });
    expect(slice?.word).toBe("5 more finished runs say how much it matters");
  });

  test("are files with a plot, and a column, for each parameter", async () => {
    const slices = prepareSlices({
      runs: RUNS,
      parameters: [LR, OPT, WIDTH],
      metric: LOSS,
      goal: "minimize",
      color: NUMBER,
    });
    expect(toSlicesCsv(slices).split("\r\n")[0]).toBe("run,name,lr,opt,width,val/loss");
    expect(toSlicesCsv(slices).trimEnd().split("\r\n")).toHaveLength(41);
    await expect(toSlicesSvg(slices, "val/loss by each varied parameter")).toMatchFileSnapshot(
      "../golden/slices.svg",
    );
  });
});

describe("a contour", () => {
  const base = { runs: RUNS, metric: LOSS, goal: "minimize" as const };

  test("is lowest where the runs are best, and blank where none is near", () => {
    const runs = RUNS.filter((run) => Number(LR.valueOf(run)) < 0.0003 || Number(LR.valueOf(run)) > 0.2);
    const chart = prepareContour({ ...base, runs, x: LR, y: WIDTH });
    if ("missing" in chart) throw new Error(chart.missing);
    const covers = (x: number) =>
      chart.levels.some(({ rings }) => rings.some((ring) => ring.some(([at]) => Math.abs(at - x) < 0.04)));
    expect(covers(0.1)).toBe(true);
    expect(covers(0.57)).toBe(false);
    expect(chart.summary).toContain("the best, 0.");
  });

  test("categories are bands with cells of one shade", () => {
    const chart = prepareContour({ ...base, x: OPT, y: WIDTH });
    if ("missing" in chart) throw new Error(chart.missing);
    for (const { rings } of chart.levels) for (const ring of rings) expect(ring).toHaveLength(4);
    expect(chart.dots.ids).toHaveLength(40);
  });

  test("with too few runs says how many are needed", () => {
    const chart = prepareContour({ ...base, runs: RUNS.slice(0, 4), x: LR, y: WIDTH });
    expect(chart).toEqual({
      missing: "Shades need 10 finished runs with lr, width and val/loss; there are 4, so 6 more.",
    });
  });

  test("a metric that is the same everywhere is one shade", () => {
    const runs = RUNS.map((run) => ({ ...run, objective: 1 }));
    const chart = prepareContour({ ...base, runs, x: LR, y: WIDTH });
    if ("missing" in chart) throw new Error(chart.missing);
    expect(chart.levels).toHaveLength(1);
    expect(chart.levels[0]?.rings.length).toBeGreaterThan(0);
  });

  test("of ten thousand runs takes less than 50 ms", () => {
    const runs = Array.from({ length: 10_000 }, (_, i) =>
      chartRun(i, { a: scatterOf(`a${i}`), b: scatterOf(`b${i}`) }, scatterOf(`c${i}`)),
    );
    const [a, b] = [parameterDimension("a", runs), parameterDimension("b", runs)];
    const metric = objectiveDimension("loss", runs);
    // The processor's time: others may work on this machine.
    const times = Array.from({ length: 9 }, () => {
      const start = process.cpuUsage();
      prepareContour({ runs, x: a, y: b, metric, goal: "minimize" });
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1_000;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test("is a committed picture with its numbers", async () => {
    const chart = prepareContour({ ...base, x: LR, y: WIDTH });
    if ("missing" in chart) throw new Error(chart.missing);
    expect(toContourCsv(chart).trimEnd().split("\r\n")).toHaveLength(41);
    await expect(toContourSvg(chart)).toMatchFileSnapshot("../golden/contour.svg");
  });
});
