"use client";

import { area, line } from "d3";
import { BOX, toX, toY } from "../axis";
import type { Marginal } from "../prepare/importance";
import { Frame } from "./frame";

const linePath = line<readonly [number, number]>(
  ([x]) => toX(x),
  ([, y]) => toY(y),
);
const bandPath = area<readonly [number, number, number]>()
  .x(([x]) => toX(x))
  .y0(([, low]) => toY(low))
  .y1(([, , high]) => toY(high));

const CAPTIONS = {
  forest:
    "The line is what the forest expects with all other parameters drawn from the whole space, its shade holds 90 % of what other runs would say; a dot is a run.",
  gp: "The line is what the Gaussian process expects with all other parameters drawn from the whole space, its shade holds 90 % of what it believes; a dot is a run.",
  good: "The line is how likely a run with this value is among the best ones, its shade holds 90 % of what other runs would say.",
} as const;

/** What the metric does along one parameter, over the runs that say so. */
export function MarginalChart({ chart }: { chart: Marginal }) {
  const dots = chart.dots.map(({ x, y }) => `M${toX(x)} ${toY(y)}h0`).join("");
  return (
    <figure>
      <Frame x={chart.x} y={chart.y} summary={chart.summary} height="h-56">
        <path
          d={dots}
          stroke="var(--quiet-mark)"
          strokeOpacity={0.6}
          strokeWidth={4}
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
        {chart.categories ? (
          chart.band.map(([x, low, high], i) => (
            <g key={x} stroke="var(--best-mark)">
              <path
                d={`M${toX(x)} ${toY(low)}V${toY(high)}`}
                strokeWidth={2}
                vectorEffect="non-scaling-stroke"
              />
              <path
                d={`M${toX(x)} ${toY(chart.line[i]?.[1] ?? 0)}h0`}
                strokeWidth={10}
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
              />
            </g>
          ))
        ) : (
          <>
            <path d={bandPath(chart.band) ?? ""} fill="var(--best-mark)" fillOpacity={0.2} />
            <path
              d={linePath(chart.line) ?? `M0 ${BOX}`}
              fill="none"
              stroke="var(--best-mark)"
              strokeWidth={2.25}
              vectorEffect="non-scaling-stroke"
            />
          </>
        )}
      </Frame>
      <figcaption className="text-ink-faint text-xs">{CAPTIONS[chart.method]}</figcaption>
    </figure>
  );
}
