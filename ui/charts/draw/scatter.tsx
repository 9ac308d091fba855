"use client";

import { useCallback, useMemo } from "react";
import { dotRadius } from "../prepare/dots";
import type { Scatter } from "../prepare/scatter";
import { ColorLegend } from "./color-legend";
import { DataTable, Frame } from "./frame";
import { paintDots } from "./paint-dots";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { type Area, type PointedRuns, RunDots } from "./run-dots";
import { toScatterTable } from "./scatter-file";
import { Showing } from "./showing";
import { useTheme } from "./use-theme";

export interface ScatterProps {
  chart: Scatter;
  pointed: PointedRuns;
  onOpen: (runId: string, aside: boolean) => void;
  onArea?: (area: Area) => void;
  /** Tailwind height of the plot. */
  height?: string;
  /** One of many on the page: no legend, no table. */
  small?: boolean;
}

export function ScatterChart(props: ScatterProps) {
  const { chart, pointed, onOpen, onArea, height = "h-72 sm:h-96", small = false } = props;
  const { dots, coloring, frontier } = chart;
  const theme = useTheme();
  const table = useMemo(() => !small && toScatterTable(chart), [chart, small]);
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
    <figure>
      <Frame
        x={chart.x}
        y={chart.y}
        summary={chart.summary}
        height={height}
        showYLabel={!small}
        overlay={
          <>
            <PlotCanvas paint={paint} />
            <RunDots
              label={`Runs by ${chart.x.label} and ${chart.y.label}.`}
              dots={dots}
              pointed={pointed}
              tip={tip}
              onOpen={onOpen}
              onArea={onArea}
            />
          </>
        }
      >
        {null}
      </Frame>
      {table && (
        <>
          <figcaption className="mt-1 flex flex-wrap items-center gap-x-5 gap-y-1 text-ink-faint text-xs">
            <ColorLegend coloring={coloring} />
            {chart.frontierName && (
              <span className="inline-flex items-center gap-1.5">
                <span className="h-0.5 w-4 rounded bg-best-mark" /> {chart.frontierName}
              </span>
            )}
            <Showing shown={dots.x.length} total={chart.total} />
            {chart.notes.map((note) => (
              <p key={note}>{note}.</p>
            ))}
          </figcaption>
          <DataTable caption={chart.summary} {...table} />
        </>
      )}
    </figure>
  );
}
