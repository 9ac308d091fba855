import { toCsv } from "../export";
import type { HistogramChart, HistogramsChart } from "../prepare/histogram";
import { tag, toSvg } from "../svg";
import { toCssRamp } from "./paint-dots";

/** One step's bars as a picture of their own. */
export const toHistogramSvg = ({ x, y, bins, summary }: HistogramChart): string =>
  toSvg({
    ...{ title: summary, x, y },
    draw: (plot) =>
      bins
        .map(({ from, to, count }) => {
          const [left, top] = [plot.x(x.scale.at(from)), plot.y(y.scale.at(count))];
          const width = Math.max(0.5, plot.x(x.scale.at(to)) - left);
          return tag("rect", {
            x: left,
            y: top,
            width,
            height: plot.y(0) - top,
            fill: "var(--running-mark)",
          });
        })
        .join("\n"),
  });

export const toHistogramCsv = ({ bins }: HistogramChart): string =>
  toCsv(
    ["from", "to", "count"],
    bins.map(({ from, to, count }) => [from, to, count]),
  );

/** All steps' columns. */
export const toHistogramsSvg = ({ x, y, columns, summary }: HistogramsChart): string =>
  toSvg({
    ...{ title: summary, x, y },
    draw: (plot) =>
      columns
        .flatMap(({ from, to, cells }) =>
          cells.map(({ low, high, ramp }) =>
            tag("rect", {
              ...{ x: plot.x(from), y: plot.y(high) },
              ...{ width: plot.x(to) - plot.x(from), height: Math.max(0.5, plot.y(low) - plot.y(high)) },
              fill: toCssRamp(ramp),
            }),
          ),
        )
        .join("\n"),
  });

export const toHistogramsCsv = ({ rows }: HistogramsChart): string =>
  toCsv(
    ["step", "values", "5 %", "median", "95 %"],
    rows.map(({ step, count, low, middle, high }) => [step, count, low, middle, high]),
  );
