import { toCsv } from "../export";
import { LOOKS_OF_STATES, type Look } from "../prepare/coloring";
import { dotRadius } from "../prepare/dots";
import type { Stopping } from "../prepare/stopping";
import { stateIndex } from "../states";
import { line, tag, toSvg } from "../svg";
import { dotsToSvg, toCssColor } from "./paint-dots";

/** Went on, as dots in ink; stopped there, as every chart shows a run that was killed. */
export const STOPPING_LOOKS: readonly [wentOn: Look, stopped: Look] = [
  { kind: "ink", value: 0, symbol: 0 },
  LOOKS_OF_STATES[stateIndex("killed")] as Look,
];

/** The chart as a picture of its own. */
export const toStoppingSvg = (chart: Stopping): string =>
  toSvg({
    title: chart.summary,
    x: chart.x,
    y: chart.y,
    legend: [
      { label: "threshold now", color: "var(--ink)", mark: "line" },
      { label: "went on", color: toCssColor(STOPPING_LOOKS[0]), mark: "dot" },
      {
        label: "stopped here",
        color: toCssColor(STOPPING_LOOKS[1]),
        mark: "dot",
        symbol: STOPPING_LOOKS[1].symbol,
      },
    ],
    notes: chart.notes.map((note) => `${note}.`),
    draw: (plot) =>
      [
        ...chart.strips.map(({ from, to, y }) =>
          [
            tag("rect", {
              x: plot.x(from),
              y: plot.top,
              width: plot.x(to) - plot.x(from),
              height: plot.height,
              fill: "var(--sunken)",
            }),
            y >= 0 && y <= 1
              ? line(plot.x(from), plot.y(y), plot.x(to), plot.y(y), {
                  stroke: "var(--ink)",
                  "stroke-width": 2,
                })
              : "",
          ].join("\n"),
        ),
        dotsToSvg(plot, chart.dots, STOPPING_LOOKS, dotRadius(chart.dots.x.length)),
      ].join("\n"),
  });

/** A row for each run at each band that is shown. */
export const toStoppingCsv = (chart: Stopping): string => {
  const thresholds = new Map(chart.strips.map(({ band, threshold }) => [band, threshold]));
  return toCsv(
    ["run", "band", "value", "threshold", "stopped"],
    chart.rungs.map(({ band, value, stopped }, i) => [
      chart.dots.labels[i],
      band,
      value,
      thresholds.get(band),
      stopped,
    ]),
  );
};

/** The bands; the runs at each are in the CSV. */
export const toStoppingTable = (chart: Stopping): { columns: string[]; rows: string[][] } => ({
  columns: ["Band", "Runs that came", "Threshold now", "Stopped"],
  rows: chart.strips.map(({ band, runs, threshold, stopped }) => [
    String(band),
    String(runs),
    threshold === null ? "none yet" : String(threshold),
    String(stopped),
  ]),
});
