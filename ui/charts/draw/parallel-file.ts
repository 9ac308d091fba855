import { type Cell, toCsv } from "../export";
import type { LegendItem, Parallel } from "../prepare/parallel";
import { layOut, NO_VALUE, PAD } from "../prepare/parallel-layout";
import { type LegendEntry, line, tag, text, toSvgPage } from "../svg";

const GAP_PX = 130;

/** The runs that pass, as a picture of its own: a path a colour, the best run on top. */
export function toParallelSvg(chart: Parallel, passing: Uint8Array): string {
  const { axes, colors, layers, buckets, best } = chart;
  const width = Math.max(720, PAD.left + PAD.right + GAP_PX * (axes.length - 1));
  return toSvgPage(
    { title: chart.summary, width: width + 48, height: 520, legend: toLegend(chart), notes: chart.notes },
    (box) => {
      const layout = layOut(chart, box.width, box.height - 20);
      const count = axes.length;
      const shift = (px: number) => Math.round(px * 10) / 10;
      const path = (i: number) =>
        `M${axes.map((_, a) => `${shift(layout.xs[a] ?? 0)} ${shift(layout.ys[i * count + a] ?? 0)}`).join("L")}`;
      const stroke = (indices: number[], css: string, dash: string, px: number, opacity: number) =>
        indices.length === 0
          ? ""
          : tag("path", {
              d: indices.map(path).join(""),
              fill: "none",
              stroke: css,
              "stroke-width": px,
              "stroke-opacity": opacity,
              "stroke-linejoin": "round",
              "stroke-dasharray": dash === "none" ? undefined : dash,
            });
      const shown = [...passing.keys()].filter((i) => passing[i] === 1);
      const opacity = shown.length > 1_000 ? 0.35 : shown.length > 100 ? 0.6 : 0.9;
      const lines = layers.map((bucket) =>
        stroke(
          shown.filter((i) => buckets[i] === bucket),
          colors[bucket]?.css ?? "var(--ink)",
          colors[bucket]?.dash ?? "none",
          1.2,
          colors[bucket]?.faint ? opacity * 0.6 : opacity,
        ),
      );
      const gold =
        best >= 0 && passing[best] === 1 ? [stroke([best], "var(--best-mark)", "none", 2.5, 1)] : [];
      const [top, bottom] = [PAD.top, layout.height - PAD.bottom];
      const uprights = axes.flatMap((axis, a) => {
        const x = layout.xs[a] ?? 0;
        return [
          line(x, top, x, bottom, { stroke: "var(--line-strong)" }),
          text(axis.dimension.label, {
            x,
            y: 12,
            "text-anchor": "middle",
            "font-weight": 600,
            fill: "var(--ink)",
          }),
          ...axis.ticks.flatMap((tick) => {
            const y = top + (1 - tick.at) * (bottom - top);
            return [
              line(x - 4, y, x, y, { stroke: "var(--line-strong)" }),
              tick.labelled
                ? text(tick.label, {
                    ...{ x: x - 7, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "var(--ink-soft)" },
                    ...{ stroke: "var(--paper)", "stroke-width": 3, "paint-order": "stroke" },
                  })
                : "",
            ];
          }),
          axis.missing + axis.unplaced > 0
            ? text("no value", {
                ...{ x: x - 7, y: layout.height - NO_VALUE + 4, "text-anchor": "end" },
                ...{ "font-size": 11, "font-style": "italic", fill: "var(--ink-faint)" },
                ...{ stroke: "var(--paper)", "stroke-width": 3, "paint-order": "stroke" },
              })
            : "",
        ];
      });
      return tag(
        "g",
        { transform: `translate(${box.left} ${box.top + 20})` },
        [...lines, ...gold, ...uprights].filter(Boolean).join("\n"),
      );
    },
  );
}

function toLegend({ legend, best }: Parallel): LegendEntry[] {
  const own: LegendEntry[] =
    legend.kind === "list"
      ? legend.items.map(toLine)
      : [
          ...legend.ticks
            .filter((tick) => tick.labelled)
            .map(
              (tick): LegendEntry => ({
                label: `${legend.label} ${tick.label}`,
                color: tick.css,
                mark: "box",
              }),
            ),
          ...legend.states.map(toLine),
          ...legend.without.map((item) => toLine({ ...item, label: `${item.label}, no value` })),
        ];
  return best >= 0 ? [...own, { label: "best run", color: "var(--best-mark)", mark: "line" }] : own;
}

const toLine = ({ label, color }: LegendItem): LegendEntry => ({
  label,
  color: color.css,
  ...(color.dash !== "none" && { dash: color.dash }),
  mark: "line",
});

/** A row a run that passes, with whole texts and every digit. */
export function toParallelCsv({ runs, axes }: Parallel, passing: Uint8Array): string {
  const shown = runs.filter((_, i) => passing[i] === 1);
  return toCsv(
    ["run", "state", ...axes.map((axis) => axis.dimension.label)],
    shown.map((run): Cell[] => [
      run.displayName,
      run.state,
      ...axes.map(({ dimension }) => {
        const value = dimension.valueOf(run);
        return typeof value === "number" && dimension.kind === "time" ? new Date(value).toISOString() : value;
      }),
    ]),
  );
}
