"use client";

import { useCallback, useMemo } from "react";
import type { Contour } from "../prepare/contour";
import { dotRadius } from "../prepare/dots";
import { RampBar } from "./color-legend";
import { toContourTable } from "./contour-file";
import { DataTable, Frame } from "./frame";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { type Area, type PointedRuns, RunDots } from "./run-dots";
import { Showing } from "./showing";
import { useTheme } from "./use-theme";

export function ContourChart(props: {
  chart: Contour;
  pointed: PointedRuns;
  onOpen: (runId: string, aside: boolean) => void;
  onArea?: (area: Area) => void;
}) {
  const { chart, pointed, onOpen, onArea } = props;
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
    <figure>
      <Frame
        x={chart.x}
        y={chart.y}
        summary={chart.summary}
        height="h-72 sm:h-96"
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
      <figcaption className="mt-1 flex flex-wrap items-center gap-x-5 gap-y-1 text-ink-faint text-xs">
        <span className="inline-flex flex-wrap items-center gap-x-3 text-ink-soft">
          <span className="text-ink-faint">{legend.label}</span>
          <RampBar low={legend.low} high={legend.high} log={legend.log} />
        </span>
        <Showing shown={dots.x.length} total={chart.total} />
        {chart.notes.map((note) => (
          <p key={note}>{note}.</p>
        ))}
      </figcaption>
      <DataTable caption={chart.summary} columns={table.columns} rows={table.rows} />
    </figure>
  );
}
