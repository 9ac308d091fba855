"use client";

import { useCallback } from "react";
import { formatCount, formatNumber } from "@/ui/format";
import type { HistogramChart, HistogramsChart } from "../prepare/histogram";
import { RampBar } from "./color-legend";
import { DataTable, Frame } from "./frame";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { useTheme } from "./use-theme";

/** The bars of one step. */
export function HistogramBars({ chart }: { chart: HistogramChart }) {
  const { x, y, path, bins, summary } = chart;
  return (
    <figure>
      <Frame x={x} y={y} summary={summary} height="h-40">
        <path d={path} fill="var(--running-mark)" />
      </Frame>
      <DataTable
        caption={summary}
        columns={["From", "To", "Values"]}
        rows={bins.map(({ from, to, count }) => [formatNumber(from), formatNumber(to), formatNumber(count)])}
      />
    </figure>
  );
}

/** A column a step. */
export function HistogramColumns({ chart }: { chart: HistogramsChart }) {
  const { x, y, columns, rows, summary } = chart;
  const theme = useTheme();
  const paint: Paint = useCallback(
    (context, { width, height }) => {
      for (const { from, to, cells } of columns) {
        // To whole pixels, so that columns that meet leave no line between them.
        const [left, right] = [Math.floor(from * width), Math.ceil(to * width)];
        for (const { low, high, ramp } of cells) {
          const [top, bottom] = [Math.floor((1 - high) * height), Math.ceil((1 - low) * height)];
          context.fillStyle = theme.ramp(ramp);
          context.fillRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
        }
      }
    },
    [columns, theme],
  );
  return (
    <figure>
      <Frame x={x} y={y} summary={summary} height="h-40" under={<PlotCanvas paint={paint} />}>
        {null}
      </Frame>
      <p className="flex justify-end text-ink-faint text-xs" aria-hidden="true">
        <RampBar low="few values" high="many" log={false} />
      </p>
      <DataTable
        caption={summary}
        columns={["Step", "5 %", "Median", "95 %", "Values"]}
        rows={rows.map(({ step, low, middle, high, count }) => [
          formatCount(step),
          ...[low, middle, high].map((value) => formatNumber(value)),
          formatNumber(count),
        ])}
      />
    </figure>
  );
}
