import { type Cell, toCsv } from "../export";
import type { Dimension } from "../prepare/dimension";
import { dotRadius } from "../prepare/dots";
import type { Scatter } from "../prepare/scatter";
import { polyline, toSvg } from "../svg";
import { toLegendEntries } from "./color-legend";
import { dotsToSvg } from "./paint-dots";

/** The chart as a picture of its own. */
export const toScatterSvg = (chart: Scatter, title = chart.summary): string =>
  toSvg({
    title,
    x: chart.x,
    y: chart.y,
    legend: [
      ...toLegendEntries(chart.coloring),
      ...(chart.frontierName
        ? [{ label: chart.frontierName, color: "var(--best-mark)", mark: "line" } as const]
        : []),
    ],
    notes: chart.notes.map((note) => `${note}.`),
    draw: (plot) => drawScatter(chart, plot),
  });

export const drawScatter = (chart: Scatter, plot: Parameters<typeof dotsToSvg>[0]): string =>
  [
    dotsToSvg(plot, chart.dots, chart.coloring.looks, dotRadius(chart.dots.x.length)),
    polyline(
      chart.frontier.map(([x, y]) => [plot.x(x), plot.y(y)] as const),
      { stroke: "var(--best-mark)", "stroke-width": 2.25 },
    ),
  ].join("\n");

/** A row for each run that is shown. */
export function toScatterCsv(chart: Scatter, color: Dimension | undefined): string {
  const { x, y } = chart.places;
  const front = new Set(chart.frontierIds);
  const own = [x.dimension, y.dimension, ...(color ? [color] : [])];
  return toCsv(
    ["run", "name", ...own.map(({ label }) => label), ...(chart.frontierName ? [chart.frontierName] : [])],
    chart.runs.map((run) => [
      run.displayName,
      run.name,
      ...own.map((dimension) => toCell(dimension, dimension.valueOf(run))),
      ...(chart.frontierName ? [front.has(run.id)] : []),
    ]),
  );
}

/** A moment by ISO 8601, a number with every digit. */
export const toCell = (dimension: Dimension, value: number | string | undefined): Cell =>
  dimension.kind === "time" && typeof value === "number" ? new Date(value).toISOString() : value;

export function toScatterTable(chart: Scatter): { columns: string[]; rows: string[][] } {
  const { x, y } = chart.places;
  const front = new Set(chart.frontierIds);
  return {
    columns: [
      "Run",
      x.dimension.label,
      y.dimension.label,
      ...(chart.frontierName ? [chart.frontierName] : []),
    ],
    rows: chart.runs.map((run) => [
      run.displayName,
      ...[x.dimension, y.dimension].map((dimension) =>
        String(toCell(dimension, dimension.valueOf(run)) ?? ""),
      ),
      ...(chart.frontierName ? [front.has(run.id) ? "yes" : ""] : []),
    ]),
  };
}
