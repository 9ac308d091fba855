"use client";

import { line } from "d3";
import { type PointerEvent, useCallback, useState } from "react";
import { formatCount, formatDuration, formatNumber } from "@/ui/format";
import { BOX, toPercent, toX, toY } from "../axis";
import { type BestSoFar, type Mark, nearestMark } from "../prepare/best-so-far";
import { LOOKS_OF_STATES } from "../prepare/coloring";
import { DataTable, Frame } from "./frame";
import { paintDots } from "./paint-dots";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { Sign } from "./sign";
import { useTheme } from "./use-theme";

const curvePath = line<readonly [number, number]>(
  ([x]) => toX(x),
  ([, y]) => toY(y),
);

/** A zero-length stroke with round ends is a dot that keeps its shape however the box is stretched. */
const dotsPath = (marks: readonly Mark[]): string =>
  marks.map((mark) => `M${toX(mark.x)} ${toY(mark.y)}h0`).join("");

export function BestSoFarChart({ chart, startMs }: { chart: BestSoFar; startMs: number }) {
  const [hovered, setHovered] = useState<Mark>();
  const theme = useTheme();
  const { cloud, radiusPx } = chart;
  const paint: Paint = useCallback(
    (context, size) => paintDots(context, size, cloud, LOOKS_OF_STATES, radiusPx, theme),
    [cloud, radiusPx, theme],
  );
  const hover = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = 1 - (event.clientY - box.top) / box.height;
    setHovered(nearestMark(chart.dots.length > 0 ? chart.dots : chart.improvements, x, y));
  };
  const curve = curvePath(chart.curve) ?? "";
  return (
    <figure>
      <Frame
        x={chart.x}
        y={chart.y}
        summary={chart.summary}
        height="h-56 sm:h-64"
        under={<PlotCanvas paint={paint} />}
        overlay={
          <div
            className="absolute inset-0"
            onPointerMove={hover}
            onPointerLeave={() => setHovered(undefined)}
            aria-hidden="true"
          >
            {hovered && <Tip mark={hovered} startMs={startMs} />}
          </div>
        }
      >
        {chart.target !== undefined && (
          <line
            x1={0}
            x2={BOX}
            y1={toY(chart.target)}
            y2={toY(chart.target)}
            stroke="var(--ink-faint)"
            strokeDasharray="4 4"
            vectorEffect="non-scaling-stroke"
          />
        )}
        <path
          d={curve}
          fill="none"
          stroke="var(--best-mark)"
          strokeWidth={2.25}
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
        <path
          d={dotsPath(chart.improvements)}
          stroke="var(--surface)"
          strokeWidth={11}
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
        <path
          d={dotsPath(chart.improvements)}
          stroke="var(--best-mark)"
          strokeWidth={8}
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
      </Frame>
      <figcaption className="flex min-h-6 flex-wrap items-center gap-x-4 text-ink-faint text-xs">
        <Legend chart={chart} />
        {chart.notes.map((note) => (
          <p key={note}>{note}.</p>
        ))}
      </figcaption>
      <DataTable
        caption={chart.summary}
        columns={["Run", chart.y.label, "Runs ended", "After"]}
        rows={chart.improvements.map((mark) => [
          mark.label,
          String(mark.value),
          String(mark.order ?? ""),
          formatDuration(mark.atMs - startMs),
        ])}
      />
    </figure>
  );
}

function Legend({ chart }: { chart: BestSoFar }) {
  return (
    <p className="flex flex-wrap gap-x-4">
      <span className="inline-flex items-center gap-1.5">
        <span className="h-0.5 w-4 rounded bg-best-mark" /> best so far
      </span>
      {chart.states.map(({ look, label, count }) => (
        <Sign key={look} look={LOOKS_OF_STATES[look]}>
          {label} <span className="figures">{formatCount(count)}</span>
        </Sign>
      ))}
      {chart.target !== undefined && (
        <span className="inline-flex items-center gap-1.5">
          <span className="w-4 border-ink-faint border-t border-dashed" /> target
        </span>
      )}
    </p>
  );
}

function Tip({ mark, startMs }: { mark: Mark; startMs: number }) {
  return (
    <>
      <span
        className="-translate-x-1/2 absolute size-3 translate-y-1/2 rounded-full border-2 border-ink"
        style={{ left: toPercent(mark.x), bottom: toPercent(mark.y) }}
      />
      <span
        className={`pointer-events-none absolute z-10 mb-3 whitespace-nowrap rounded-md border border-line bg-surface px-2 py-1 text-xs shadow-(--shadow) ${
          mark.x > 0.6 ? "-translate-x-full" : ""
        } ${mark.y > 0.7 ? "translate-y-full" : ""}`}
        style={{ left: toPercent(mark.x), bottom: toPercent(mark.y) }}
      >
        <b className="figures font-semibold">{formatNumber(mark.value, 6)}</b>{" "}
        <span className="text-ink-soft">
          {mark.label}
          {mark.order !== undefined && `, run ${formatCount(mark.order)} to end`}, after{" "}
          {formatDuration(mark.atMs - startMs)}
        </span>
      </span>
    </>
  );
}
