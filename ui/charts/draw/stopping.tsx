"use client";

import { useCallback, useMemo } from "react";
import { formatNumber } from "@/ui/format";
import { toX, toY } from "../axis";
import { dotRadius } from "../prepare/dots";
import type { Stopping } from "../prepare/stopping";
import { DataTable, Frame } from "./frame";
import { paintDots } from "./paint-dots";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { type PointedRuns, RunDots } from "./run-dots";
import { Sign } from "./sign";
import { STOPPING_LOOKS, toStoppingTable } from "./stopping-file";
import { useTheme } from "./use-theme";

/** A strip for each band: the runs that came there, the threshold across, those that ended there as squares. */
export function StoppingChart(props: {
  chart: Stopping;
  pointed: PointedRuns;
  onOpen: (runId: string, aside: boolean) => void;
}) {
  const { chart, pointed, onOpen } = props;
  const { dots, strips } = chart;
  const theme = useTheme();
  const table = useMemo(() => toStoppingTable(chart), [chart]);
  const paint: Paint = useCallback(
    (context, size) => paintDots(context, size, dots, STOPPING_LOOKS, dotRadius(dots.x.length), theme),
    [dots, theme],
  );
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
              label="Runs at each band."
              dots={dots}
              pointed={pointed}
              joined
              onOpen={onOpen}
              tip={(index) => {
                const rung = chart.rungs[index];
                return rung
                  ? [
                      ["band", String(rung.band)],
                      ["there", formatNumber(rung.value)],
                      ["", rung.stopped ? "stopped here" : "went on"],
                    ]
                  : [];
              }}
            />
          </>
        }
      >
        {strips.map(({ band, from, to, y }) => (
          <g key={band}>
            <rect
              x={toX(from)}
              y={0}
              width={toX(to) - toX(from)}
              height={1_000}
              fill="var(--sunken)"
              fillOpacity={0.7}
            />
            {y >= 0 && y <= 1 && (
              <line
                x1={toX(from)}
                x2={toX(to)}
                y1={toY(y)}
                y2={toY(y)}
                stroke="var(--ink)"
                strokeWidth={2}
                vectorEffect="non-scaling-stroke"
              />
            )}
          </g>
        ))}
      </Frame>
      <figcaption className="mt-1 flex flex-wrap items-center gap-x-5 gap-y-1 text-ink-faint text-xs">
        <span className="inline-flex items-center gap-1.5">
          <span className="h-0.5 w-4 bg-ink" /> threshold now
        </span>
        <Sign look={STOPPING_LOOKS[0]}>went on</Sign>
        <Sign look={STOPPING_LOOKS[1]}>stopped here</Sign>
        {chart.notes.map((note) => (
          <p key={note}>{note}.</p>
        ))}
      </figcaption>
      <DataTable caption={chart.summary} columns={table.columns} rows={table.rows} />
    </figure>
  );
}
