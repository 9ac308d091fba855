"use client";

import { useCallback, useMemo } from "react";
import { dotRadius } from "../prepare/dots";
import type { Scatter } from "../prepare/scatter";
import { ColorLegend } from "./color-legend";
import { DotsPlot, type DotsPlotProps } from "./dots-plot";
import { paintDots } from "./paint-dots";
import type { Paint } from "./plot-canvas";
import { toScatterTable } from "./scatter-file";
import { useTheme } from "./use-theme";

export interface ScatterProps extends DotsPlotProps {
  chart: Scatter;
  /** Tailwind height of the plot. */
  height?: string;
  /** One of many on the page: no legend, no table. */
  small?: boolean;
}

export function ScatterChart(props: ScatterProps) {
  const { chart, small = false, ...rest } = props;
  const { dots, coloring, frontier } = chart;
  const theme = useTheme();
  const table = useMemo(() => (small ? undefined : toScatterTable(chart)), [chart, small]);
  const paint: Paint = useCallback(
    (context, size) => {
      const radius = small ? Math.min(2.6, dotRadius(dots.x.length)) : dotRadius(dots.x.length);
      paintDots(context, size, dots, coloring.looks, radius, theme);
      if (frontier.length === 0) return;
      context.beginPath();
      for (const [x, y] of frontier) context.lineTo(x * size.width, (1 - y) * size.height);
      context.lineWidth = small ? 1.5 : 2.25;
      context.lineJoin = "round";
      context.strokeStyle = theme.token("best-mark");
      context.stroke();
    },
    [dots, coloring, frontier, theme, small],
  );
  const tip = (index: number): (readonly [string, string])[] => {
    const run = chart.runs[index];
    if (!run) return [];
    const { x, y } = chart.places;
    return [y.dimension, x.dimension].map((dimension) => {
      const value = dimension.valueOf(run);
      return [dimension.label, value === undefined ? "none" : dimension.format(value)] as const;
    });
  };
  return (
    <DotsPlot
      {...rest}
      chart={chart}
      paint={paint}
      tip={tip}
      table={table}
      legend={
        <>
          <ColorLegend coloring={coloring} />
          {chart.frontierName && (
            <span className="inline-flex items-center gap-1.5">
              <span className="h-0.5 w-4 rounded bg-best-mark" /> {chart.frontierName}
            </span>
          )}
        </>
      }
    />
  );
}
