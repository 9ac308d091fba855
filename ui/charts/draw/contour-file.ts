import { toCsv } from "../export";
import type { Contour } from "../prepare/contour";
import type { Dimension } from "../prepare/dimension";
import { dotRadius } from "../prepare/dots";
import { tag, toSvg } from "../svg";
import { symbolPath, toSymbol } from "../symbols";
import { toCssRamp } from "./paint-dots";
import { toCell } from "./scatter-file";

/** The chart as a picture of its own. */
export const toContourSvg = (chart: Contour): string =>
  toSvg({
    title: chart.summary,
    x: chart.x,
    y: chart.y,
    legend: [
      { label: `${chart.legend.label} ${chart.legend.low}`, color: toCssRamp(0), mark: "box" },
      { label: chart.legend.high, color: toCssRamp(1), mark: "box" },
      { label: "a run", color: "var(--ink)", mark: "dot" },
    ],
    notes: chart.notes.map((note) => `${note}.`),
    draw: (plot) =>
      [
        ...chart.levels.map(({ rings, ramp }) =>
          tag("path", {
            fill: toCssRamp(ramp),
            "fill-rule": "evenodd",
            d: rings
              .map((ring) => `M${ring.map(([x, y]) => `${plot.x(x)} ${plot.y(y)}`).join("L")}z`)
              .join(""),
          }),
        ),
        tag("path", {
          fill: "var(--paper)",
          stroke: "var(--ink)",
          d: Array.from(chart.dots.x, (x, i) =>
            symbolPath(
              toSymbol(0),
              plot.x(x),
              plot.y(chart.dots.y[i] ?? 0),
              dotRadius(chart.dots.x.length) * 0.8,
            ),
          ).join(""),
        }),
      ].join("\n"),
  });

const dimensionsOf = (chart: Contour): Dimension[] => [
  chart.places.x.dimension,
  chart.places.y.dimension,
  chart.metric,
];

/** A row for each run that is shown. */
export const toContourCsv = (chart: Contour): string =>
  toCsv(
    ["run", "name", ...dimensionsOf(chart).map(({ label }) => label)],
    chart.runs.map((run) => [
      run.displayName,
      run.name,
      ...dimensionsOf(chart).map((dimension) => toCell(dimension, dimension.valueOf(run))),
    ]),
  );

export function toContourTable(chart: Contour): { columns: string[]; rows: string[][] } {
  const own = dimensionsOf(chart);
  return {
    columns: ["Run", ...own.map(({ label }) => label)],
    rows: chart.runs.map((run) => [
      run.displayName,
      ...own.map((dimension) => {
        const value = dimension.valueOf(run);
        return value === undefined ? "" : dimension.format(value);
      }),
    ]),
  };
}
