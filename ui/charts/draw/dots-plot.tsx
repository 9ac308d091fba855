"use client";

import type { ReactNode } from "react";
import type { Axis } from "../axis";
import type { Dots } from "../prepare/dots";
import { DataTable, Frame } from "./frame";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { type Area, type PointedRuns, RunDots } from "./run-dots";
import { Showing } from "./showing";

/** What a plot of runs as dots can do, whatever lies below them. */
export interface DotsPlotProps {
  readonly pointed: PointedRuns;
  readonly onOpen: (runId: string, aside: boolean) => void;
  readonly onArea?: (area: Area) => void;
}

/** A canvas in its axes with the dots' own pointer and keys over it; below, unless it is one of many, what it means and its numbers. */
export function DotsPlot(
  props: DotsPlotProps & {
    readonly chart: {
      readonly x: Axis;
      readonly y: Axis;
      readonly dots: Dots;
      readonly summary: string;
      readonly notes: readonly string[];
      readonly total: number;
    };
    /** The same while what it paints is. */
    readonly paint: Paint;
    readonly tip: (index: number) => readonly (readonly [label: string, value: string])[];
    readonly legend: ReactNode;
    /** Undefined on a small plot: neither legend nor table. */
    readonly table:
      | { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
      | undefined;
    /** Tailwind height of the plot. */
    readonly height?: string;
  },
) {
  const { chart, paint, tip, legend, table, pointed, onOpen, onArea, height = "h-72 sm:h-96" } = props;
  return (
    <figure>
      <Frame
        x={chart.x}
        y={chart.y}
        summary={chart.summary}
        height={height}
        showYLabel={table !== undefined}
        overlay={
          <>
            <PlotCanvas paint={paint} />
            <RunDots
              label={`Runs by ${chart.x.label} and ${chart.y.label}.`}
              dots={chart.dots}
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
            {legend}
            <Showing shown={chart.dots.x.length} total={chart.total} />
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
