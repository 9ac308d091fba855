"use client";

import { useCallback, useMemo } from "react";
import type { Contour } from "../prepare/contour";
import { dotRadius } from "../prepare/dots";
import { RampBar } from "./color-legend";
import { toContourTable } from "./contour-file";
import { DotsPlot, type DotsPlotProps } from "./dots-plot";
import type { Paint } from "./plot-canvas";
import { useTheme } from "./use-theme";

export function ContourChart({ chart, ...rest }: DotsPlotProps & { chart: Contour }) {
  const { levels, dots, legend } = chart;
  const theme = useTheme();
  const table = useMemo(() => toContourTable(chart), [chart]);
  const paint: Paint = useCallback(
    (context, { width, height }) => {
      for (const { rings, ramp } of levels) {
        context.beginPath();
        for (const ring of rings) {
          for (const [i, [x, y]] of ring.entries())
            if (i === 0) context.moveTo(x * width, (1 - y) * height);
            else context.lineTo(x * width, (1 - y) * height);
          context.closePath();
        }
        context.fillStyle = theme.ramp(ramp);
        context.fill("evenodd");
      }
      const radius = dotRadius(dots.x.length) * 0.8;
      context.beginPath();
      for (let i = 0; i < dots.x.length; i++) {
        const [x, y] = [(dots.x[i] ?? 0) * width, (1 - (dots.y[i] ?? 0)) * height];
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      context.fillStyle = theme.token("paper");
      context.fill();
      context.lineWidth = 1;
      context.strokeStyle = theme.token("ink");
      context.stroke();
    },
    [levels, dots, theme],
  );
  const tip = (index: number): (readonly [string, string])[] =>
    (table.rows[index] ?? []).slice(1).map((cell, i) => [table.columns[i + 1] ?? "", cell] as const);
  return (
    <DotsPlot
      {...rest}
      chart={chart}
      paint={paint}
      tip={tip}
      table={table}
      legend={
        <span className="inline-flex flex-wrap items-center gap-x-3 text-ink-soft">
          <span className="text-ink-faint">{legend.label}</span>
          <RampBar low={legend.low} high={legend.high} log={legend.log} />
        </span>
      }
    />
  );
}
