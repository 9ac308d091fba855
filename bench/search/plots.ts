import { type Chart, drawChart, type Series } from "./chart";
import type { Row } from "./results";
import {
  byModelAt,
  byTask,
  byValueAt,
  chartName,
  fewest,
  meanOfMeans,
  measureFromBest,
  type Part,
  partsOf,
  titleOf,
} from "./selection";
import { type ByTask, bootstrap, geometricMean } from "./statistics";
import { SUITES, type Suite } from "./suites";

/** The plots by the name of their file. */
export function makeCharts(found: readonly Row[]): Map<string, string> {
  const rows = measureFromBest(found);
  const charts = new Map<string, string>();
  for (const suite of SUITES)
    for (const agents of suite.agents) {
      const parts = partsOf(rows, suite, agents).filter(({ engine }) => engine.color !== undefined);
      const chart = toChart(suite, agents, parts);
      if (chart.series.length > 0) charts.set(chartName(suite, agents), drawChart(chart));
    }
  return charts;
}

function toChart(suite: Suite, agents: number, parts: readonly Part[]): Chart {
  const curves = parts.map((part) => toSeries(part, byValueAt));
  const ours = parts.find(({ engine, rows }) => engine.name === "bayes" && rows.some(hasModelCurve));
  if (ours)
    curves.push({ ...toSeries(ours, byModelAt), label: "Besom, by model", color: BY_MODEL, strong: false });
  // A curve over fewer tasks than the others' is none: what gave one of them up has its place in the tables.
  const drawn = curves.filter(({ values }) => !Number.isNaN(values.at(-1) ?? Number.NaN));
  return {
    title: titleOf(suite, agents),
    yTitle: Y_TITLES[suite.regret],
    xTitle: "runs ended",
    series: drawn,
  };
}

/** Before it everybody only draws, and regrets of single draws would take half of the height. */
const FIRST_SHOWN = 4;

/** The place in the palette of the second curve of ours. */
const BY_MODEL = 8;
const hasModelCurve = ({ play }: Row): boolean => (play?.byModel.length ?? 0) > 0;

const Y_TITLES = {
  distance: "regret, geometric mean",
  share: "regret (0 best, 1 median configuration)",
  loss: "loss above the best found (1: random after 10 runs)",
} as const;

function toSeries(
  { engine, whole: rows, tasks, suite }: Part,
  at: (run: number) => (row: Row) => number | undefined,
): Series {
  const level =
    suite.regret === "distance"
      ? (groups: ByTask<number>) => geometricMean(groups.map(geometricMean))
      : meanOfMeans;
  const points = Array.from({ length: suite.evaluations }, (_, i) => {
    const groups = byTask(rows, at(i + 1));
    if (i + 1 < FIRST_SHOWN || groups.length < tasks.length)
      return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
    const value = level(groups);
    return {
      value,
      ...(fewest(groups) < 3 ? { low: value, high: value } : bootstrap(groups, level, { rounds: 100 })),
    };
  });
  return {
    label: engine.label.replaceAll("*", ""),
    color: engine.color ?? 0,
    strong: engine.label.startsWith("**"),
    values: points.map(({ value }) => value),
    low: points.map(({ low }) => low),
    high: points.map(({ high }) => high),
  };
}
