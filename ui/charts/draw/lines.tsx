"use client";

import { area, line } from "d3";
import { type PointerEvent, useState } from "react";
import { formatNumber } from "@/ui/format";
import { toPercent, toX, toY } from "../axis";
import { type Line, type LinePoint, type Lines, nearestPoint } from "../prepare/lines";
import { DataTable, Frame } from "./frame";

const linePath = line<LinePoint>(
  (point) => toX(point.x),
  (point) => toY(point.y),
);
const bandPath = area<readonly [number, number, number]>()
  .x(([x]) => toX(x))
  .y0(([, low]) => toY(low))
  .y1(([, , high]) => toY(high));

export function LinesChart({ chart }: { chart: Lines }) {
  const [at, setAt] = useState<number>();
  const hover = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt((event.clientX - box.left) / box.width);
  };
  const [first] = chart.lines;
  const point = at === undefined || !first ? undefined : nearestPoint(first, at);
  return (
    <figure>
      <Frame
        x={chart.x}
        y={chart.y}
        summary={chart.summary}
        height="h-40"
        showYLabel={false}
        overlay={
          <div
            className="absolute inset-0"
            onPointerMove={hover}
            onPointerLeave={() => setAt(undefined)}
            aria-hidden="true"
          >
            {point && <Tip point={point} at={chart.toXText(point.step)} />}
          </div>
        }
      >
        {chart.lines.map((one) => (
          <LineMarks key={one.key} line={one} />
        ))}
      </Frame>
      <figcaption className="text-ink-faint text-xs">
        {chart.notes.map((note) => (
          <p key={note}>{note}.</p>
        ))}
      </figcaption>
      <DataTable
        caption={chart.summary}
        columns={[chart.xColumn.name, ...chart.lines.map((one) => one.label)]}
        rows={(first?.parts.flat() ?? []).map((one) => [chart.xColumn.toCell(one.step), String(one.value)])}
      />
    </figure>
  );
}

function LineMarks({ line: { category, parts, bands } }: { line: Line }) {
  return (
    <g style={{ color: category.color }}>
      {bands.map((band, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a stretch is its place
        <path key={i} d={bandPath(band) ?? ""} fill="currentColor" fillOpacity={0.22} />
      ))}
      {parts.map((part, i) => (
        <path
          // biome-ignore lint/suspicious/noArrayIndexKey: a stretch is its place
          key={i}
          d={part.length === 1 ? `${linePath(part)}h0` : (linePath(part) ?? "")}
          fill="none"
          stroke="currentColor"
          strokeWidth={part.length === 1 ? 5 : 1.75}
          strokeLinecap="round"
          strokeLinejoin="round"
          {...(category.dash !== "none" && part.length > 1 && { strokeDasharray: category.dash })}
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </g>
  );
}

function Tip({ point, at }: { point: LinePoint; at: string }) {
  return (
    <>
      <span className="absolute inset-y-0 w-px bg-line-strong" style={{ left: toPercent(point.x) }} />
      <span
        className="-translate-x-1/2 absolute size-2.5 translate-y-1/2 rounded-full border-2 border-ink bg-surface"
        style={{ left: toPercent(point.x), bottom: toPercent(point.y) }}
      />
      <span
        className={`pointer-events-none absolute top-0 z-10 mx-2 whitespace-nowrap rounded-md border border-line bg-surface px-2 py-1 text-xs shadow-(--shadow) ${
          point.x > 0.6 ? "-translate-x-full -ml-2" : ""
        }`}
        style={{ left: toPercent(point.x) }}
      >
        <b className="figures font-semibold">{formatNumber(point.value, 6)}</b>{" "}
        <span className="figures text-ink-soft">{at}</span>
      </span>
    </>
  );
}
