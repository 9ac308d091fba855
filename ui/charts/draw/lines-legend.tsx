"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { toSeriesCategory } from "../palette";
import { type PointedStore, usePointed } from "./pointed";

export interface LegendLine {
  readonly key: string;
  readonly label: string;
  readonly slot: number;
  /** Where the run is looked at. */
  readonly href?: string;
  readonly note?: string;
}

/** Which line is whose, once for all charts of the page; the one that is pointed at comes to the front everywhere. */
export function LinesLegend({ lines, pointed }: { lines: readonly LegendLine[]; pointed: PointedStore }) {
  return (
    <ul aria-label="Lines" className="flex max-h-24 flex-wrap gap-x-3 overflow-y-auto text-xs">
      {lines.map((line) => (
        <Entry key={line.key} line={line} pointed={pointed} />
      ))}
    </ul>
  );
}

function Entry({ line, pointed }: { line: LegendLine; pointed: PointedStore }) {
  const { key, label, slot, href, note } = line;
  const on = usePointed(pointed, ({ runId }) => runId === key);
  const point = () => pointed.set({ runId: key });
  const leave = () => pointed.set({});
  const shared = {
    onPointerEnter: point,
    onPointerLeave: leave,
    onFocus: point,
    onBlur: leave,
    title: label,
    className: `inline-flex min-h-6 max-w-56 items-center gap-1.5 rounded px-1 ${on ? "bg-sunken text-ink" : "text-ink-soft"}`,
  };
  const content: ReactNode = (
    <>
      <LineSign slot={slot} />
      <span className="truncate">{label}</span>
      {note && <span className="figures shrink-0 text-ink-faint">{note}</span>}
    </>
  );
  return (
    <li>
      {href === undefined ? (
        <span {...shared}>{content}</span>
      ) : (
        <Link {...shared} href={href} prefetch={false}>
          {content}
        </Link>
      )}
    </li>
  );
}

/** A piece of the line as it is drawn. */
export function LineSign({ slot }: { slot: number }) {
  const { color, dash } = toSeriesCategory(slot);
  return (
    <svg width="22" height="8" aria-hidden="true" className="shrink-0" style={{ color }}>
      <line
        x1="1"
        x2="21"
        y1="4"
        y2="4"
        stroke="currentColor"
        strokeWidth="2.25"
        {...(dash !== "none" && { strokeDasharray: dash })}
      />
    </svg>
  );
}
