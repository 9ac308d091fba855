import { toCsv } from "../export";
import type { BestSoFar } from "../prepare/best-so-far";
import { LOOKS_OF_STATES, type Look } from "../prepare/coloring";
import { dots, type LegendEntry, line, polyline, toSvg } from "../svg";
import { dotsToSvg, toCssColor } from "./paint-dots";

/** The chart as a picture of its own. */
export const toBestSoFarSvg = (chart: BestSoFar): string =>
  toSvg({
    title: chart.summary,
    x: chart.x,
    y: chart.y,
    legend: [
      { label: "best so far", color: "var(--best-mark)", mark: "line" },
      ...chart.states.map(({ look, label }): LegendEntry => {
        const own = LOOKS_OF_STATES[look] as Look;
        return { label, color: toCssColor(own), mark: "dot", symbol: own.symbol };
      }),
      ...(chart.target === undefined
        ? []
        : [{ label: "target", color: "var(--ink-faint)", mark: "line", dash: "4 4" } as const]),
    ],
    notes: chart.notes.map((note) => `${note}.`),
    draw: (plot) => {
      const place = ({ x, y }: { x: number; y: number }) => [plot.x(x), plot.y(y)] as const;
      return [
        chart.target === undefined
          ? ""
          : line(plot.left, plot.y(chart.target), plot.left + plot.width, plot.y(chart.target), {
              stroke: "var(--ink-faint)",
              "stroke-dasharray": "4 4",
            }),
        dotsToSvg(plot, chart.cloud, LOOKS_OF_STATES, chart.radiusPx),
        polyline(
          chart.curve.map(([x, y]) => place({ x, y })),
          { stroke: "var(--best-mark)", "stroke-width": 2.25 },
        ),
        dots(chart.improvements.map(place), 8, { stroke: "var(--best-mark)" }),
      ].join("\n");
    },
  });

/** A row for each run that is shown, in the order they ended. */
export function toBestSoFarCsv(chart: BestSoFar, metric: string, startMs: number): string {
  const improving = new Set(chart.improvements.map(({ id }) => id));
  const marks = [...new Map([...chart.improvements, ...chart.dots].map((mark) => [mark.id, mark])).values()];
  return toCsv(
    ["run", metric, "best so far", "runs ended", "seconds since the start", "ended at"],
    marks
      .toSorted((a, b) => a.atMs - b.atMs)
      .map((mark) => [
        mark.label,
        mark.value,
        improving.has(mark.id),
        mark.order,
        (mark.atMs - startMs) / 1_000,
        new Date(mark.atMs).toISOString(),
      ]),
  );
}
