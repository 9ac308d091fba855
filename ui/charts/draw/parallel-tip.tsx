"use client";

import { useSyncExternalStore } from "react";
import type { Parallel } from "../prepare/parallel";

/** The line under the pointer, and where in the figure the pointer is. */
export interface Spotted {
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

export interface Spot {
  now(): Spotted | undefined;
  set(spotted: Spotted | undefined): void;
  subscribe(listener: () => void): () => void;
}

/** Outside React: only the tooltip is drawn anew when the pointer moves. */
export function createSpot(): Spot {
  let spotted: Spotted | undefined;
  const listeners = new Set<() => void>();
  return {
    now: () => spotted,
    set(next) {
      if (next === spotted) return;
      spotted = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Beyond this the tooltip would cover the chart. */
const MOST_ROWS = 14;

export function ParallelTip({ spot, chart }: { spot: Spot; chart: Parallel }) {
  const at = useSyncExternalStore(spot.subscribe, spot.now, () => undefined);
  const run = at && chart.runs[at.index];
  if (!at || !run) return null;
  const rows = chart.axes.slice(0, MOST_ROWS).map(({ id, dimension }) => {
    const value = dimension.valueOf(run);
    return { id, label: dimension.label, text: value === undefined ? "no value" : dimension.format(value) };
  });
  const more = chart.axes.length - rows.length;
  return (
    <div
      aria-hidden="true"
      data-tip
      className="pointer-events-none absolute z-30 max-w-72 rounded-md border border-line bg-surface px-2.5 py-1.5 text-xs shadow-(--shadow)"
      style={{
        left: `clamp(0px, ${at.x + 14}px, calc(100% - 18rem))`,
        top: at.y + 16,
      }}
    >
      <p className="truncate font-semibold">
        {run.displayName}
        {run.state !== "finished" && <span className="font-normal text-ink-soft"> {run.state}</span>}
        {at.index === chart.best && <span className="font-normal text-best"> best run</span>}
      </p>
      <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3">
        {rows.map((row) => (
          <div key={row.id} className="contents">
            <dt className="max-w-36 truncate text-ink-faint">{row.label}</dt>
            <dd className="figures truncate text-right">{row.text}</dd>
          </div>
        ))}
      </dl>
      {more > 0 && <p className="text-ink-faint">and {more} more</p>}
    </div>
  );
}
