"use client";

import { type ReactNode, useState } from "react";
import { type Axis, BOX, tickLevels, toPercent, toY } from "../axis";

/**
 * The plot with its axes: an SVG stretched over the plot area, tick labels as text beside it. Drawn on the server
 * at any width; a tick marked minor leaves where the frame is narrow.
 */
export function Frame(props: {
  x: Axis;
  y: Axis;
  summary: string;
  /** Tailwind height of the plot area: reserved, so that data never moves the page. */
  height: string;
  /** False where the chart's heading says it already. */
  showYLabel?: boolean;
  children: ReactNode;
  /** Lies below the marks, above the grid. */
  under?: ReactNode;
  /** Lies over the plot in the same fractions: cross hair, tooltip. */
  overlay?: ReactNode;
}) {
  const { x, y, summary, height, showYLabel = true, children, under, overlay } = props;
  const levels = tickLevels(x.scale.ticks);
  return (
    <div className="@container">
      {showYLabel && (
        <p className="wrap-anywhere mb-1.5 text-ink-faint text-xs" aria-hidden="true">
          {y.label}
        </p>
      )}
      <div className="grid grid-cols-[auto_minmax(0,1fr)]">
        <Ticks axis={y} />
        <div className={`relative ${height}`}>
          {under && (
            <>
              <svg {...STRETCHED} aria-hidden="true">
                <Grid axis={y} />
              </svg>
              {under}
            </>
          )}
          <svg {...STRETCHED} role="img" aria-label={summary}>
            {!under && <Grid axis={y} />}
            {children}
          </svg>
          {overlay}
        </div>
        <div className="col-start-2">
          <div className="relative h-5" aria-hidden="true">
            {x.scale.ticks.map((tick, i) => (
              <span
                key={tick.at}
                style={{ left: toPercent(tick.at) }}
                className={`figures absolute top-1.5 whitespace-nowrap text-2xs text-ink-faint ${
                  tick.at < 0.02 ? "" : tick.at > 0.97 ? "-translate-x-full" : "-translate-x-1/2"
                } ${TICK_CLASSES[levels[i] ?? 0]}`}
              >
                {tick.label}
              </span>
            ))}
          </div>
          <p className="mt-1 text-right text-ink-faint text-xs" aria-hidden="true">
            {x.label}
          </p>
        </div>
      </div>
    </div>
  );
}

/** For a tick's level, what shows its label. */
export const TICK_CLASSES = ["", "hidden @sm:inline", "hidden @2xl:inline", "hidden"] as const;

const STRETCHED = {
  viewBox: `0 0 ${BOX} ${BOX}`,
  preserveAspectRatio: "none",
  className: "absolute inset-0 size-full overflow-visible",
};

/** The widest label, unseen, gives the column its width; the others stand at their heights. */
function Ticks({ axis }: { axis: Axis }) {
  const { ticks } = axis.scale;
  const widest = ticks.reduce((text, tick) => (tick.label.length > text.length ? tick.label : text), "");
  return (
    <div className="relative mr-2" aria-hidden="true">
      <span className="figures invisible text-2xs">{widest}</span>
      {ticks.map((tick) => (
        <span
          key={tick.at}
          style={{ bottom: toPercent(tick.at) }}
          className="figures absolute right-0 translate-y-1/2 text-2xs text-ink-faint"
        >
          {tick.label}
        </span>
      ))}
    </div>
  );
}

function Grid({ axis }: { axis: Axis }) {
  return (
    <g>
      {axis.scale.ticks.map((tick) => (
        <line
          key={tick.at}
          x1={0}
          x2={BOX}
          y1={toY(tick.at)}
          y2={toY(tick.at)}
          stroke="var(--line)"
          strokeWidth={1}
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </g>
  );
}

/** So many rows stand in the page unasked; more of them only while somebody reads them. */
const FEW_ROWS = 100;

/** The same data as a table, one key press away from every chart. */
export function DataTable(props: {
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}) {
  const { caption, columns, rows } = props;
  const [open, setOpen] = useState(false);
  const shown = open || rows.length <= FEW_ROWS ? rows : [];
  return (
    <details className="group mt-1 text-xs" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="inline-flex min-h-6 items-center rounded text-ink-faint underline decoration-dotted underline-offset-2 hover:text-ink">
        <span className="group-open:hidden">Show as table</span>
        <span className="hidden group-open:inline">Hide the table</span>
      </summary>
      <section
        aria-label={caption}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
        className="mt-2 max-h-64 overflow-auto rounded-md border border-line"
      >
        <table className="figures w-full border-collapse text-left">
          <caption className="sr-only">{caption}</caption>
          <thead className="sticky top-0 bg-sunken">
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" className="px-2 py-1.5 font-medium text-ink-soft">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.join("\u0000")} className="border-line border-t">
                {row.map((cell, i) => (
                  <td key={columns[i]} className="px-2 py-1">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
