"use client";

import Link from "next/link";
import { type CSSProperties, memo, useContext } from "react";
import { type PointedStore, usePointed } from "@/app/_live/pointed";
import type { Row } from "@/app/_live/sweep-store";
import { CutName } from "@/ui/kit/cut-name";
import { EyeOffIcon, StarIcon } from "@/ui/kit/icons";
import { RunActionsContext } from "./run-actions";
import { type RunColumn, TagList } from "./run-columns";
import { RunMenu } from "./run-menu";

/** All rows are alike, so that the list knows its height without measuring. */
export const ROW_PX = 34;

/** Where a cell stands: it stays in sight at `left`, or scrolls. */
export interface PlacedColumn {
  readonly column: RunColumn;
  readonly width: number;
  readonly left: number | undefined;
}

export interface Placed {
  /** Of the column with the name. */
  readonly namePx: number;
  readonly pinned: readonly PlacedColumn[];
  /** Those near the view, and the room of those that are not. */
  readonly near: readonly PlacedColumn[];
  readonly beforePx: number;
  readonly afterPx: number;
  readonly tagsInName: boolean;
}

/** On a narrow screen the name leaves room for the metric beside it, and nothing else is pinned. */
export const toNameWidth = (px: number): string => `min(${px}px, 50vw)`;
export const STICKY = "sm:sticky sm:z-10";

const GROUNDS = {
  best: "[--row:var(--best-wash)]",
  selected: "[--row:var(--running-wash)]",
  plain: "[--row:var(--surface)] hover:[--row:var(--sunken)]",
} as const;

/** One run. It is drawn anew when its own values change, not when the pointer is elsewhere. */
export const RunRow = memo(function RunRow(props: {
  row: Row;
  /** Its place in the whole table, from 1. */
  index: number;
  placed: Placed;
  href: string;
  best: boolean;
  selected: boolean;
  /** The one that has the focus, or gets it by Tab. */
  active: boolean;
  pointed: PointedStore;
}) {
  const { row, index, placed, href, best, selected, active, pointed } = props;
  const { toggle, hide } = useContext(RunActionsContext);
  const isPointed = usePointed(pointed, ({ runId }) => runId === row.id);
  const tabIndex = active ? 0 : -1;
  return (
    <tr
      data-run={row.id}
      {...(isPointed && { "data-pointed": "" })}
      aria-rowindex={index}
      aria-selected={selected}
      tabIndex={tabIndex}
      style={{ height: ROW_PX }}
      className={`group bg-(--row) focus-visible:outline-offset-[-2px] data-pointed:shadow-[inset_0_0_0_1px_var(--focus)] ${
        GROUNDS[selected ? "selected" : best ? "best" : "plain"]
      }`}
    >
      <td className="sticky left-0 z-10 border-line border-b bg-(--row) p-0 group-data-pointed:shadow-[inset_3px_0_0_var(--focus)] has-aria-expanded:z-30">
        <div className="flex h-full min-w-0 items-center pr-1 pl-1.5">
          <label className="flex size-7 flex-none items-center justify-center">
            <input
              type="checkbox"
              aria-label={`Choose ${row.displayName}`}
              checked={selected}
              tabIndex={tabIndex}
              onChange={(event) => toggle(row.id, (event.nativeEvent as MouseEvent).shiftKey)}
              className="size-3.5 accent-(--ink) opacity-60 checked:opacity-100 group-hover:opacity-100"
            />
          </label>
          <Link
            href={href}
            prefetch={false}
            tabIndex={tabIndex}
            title={row.displayName}
            className="flex min-w-0 items-center gap-1.5 text-link underline-offset-2 hover:underline"
          >
            <CutName text={row.displayName} />
            {best && (
              <span className="text-best-mark" title="the best so far">
                <StarIcon />
              </span>
            )}
          </Link>
          {placed.tagsInName && row.tags.length > 0 && (
            <span className="ml-1.5 max-w-[45%] flex-none truncate">
              <TagList tags={row.tags.slice(0, 2)} />
            </span>
          )}
          <span className="absolute right-0.5 flex items-center bg-(--row) opacity-0 focus-within:opacity-100 group-hover:opacity-100 has-aria-expanded:opacity-100 pointer-coarse:static pointer-coarse:opacity-100">
            <button
              type="button"
              tabIndex={tabIndex}
              aria-label={`Hide ${row.displayName}`}
              title="Hide this run everywhere on the page"
              onClick={() => hide([row.id])}
              className="inline-flex size-7 items-center justify-center rounded-md text-ink-soft hover:text-ink max-sm:hidden"
            >
              <EyeOffIcon />
            </button>
            <RunMenu row={row} href={href} tabIndex={tabIndex} />
          </span>
        </div>
      </td>
      {placed.pinned.map((one) => (
        <Cell key={one.column.id} row={row} placed={one} />
      ))}
      {placed.beforePx > 0 && <td className="border-line border-b p-0" />}
      {placed.near.map((one) => (
        <Cell key={one.column.id} row={row} placed={one} />
      ))}
      {placed.afterPx > 0 && <td className="border-line border-b p-0" />}
    </tr>
  );
});

function Cell({ row, placed: { column, left } }: { row: Row; placed: PlacedColumn }) {
  const { edit } = useContext(RunActionsContext);
  const { id } = column;
  const style: CSSProperties | undefined = left === undefined ? undefined : { left };
  return (
    <td
      style={style}
      title={column.title?.(row)}
      {...(edit &&
        (id === "tags" || id === "notes") && {
          onDoubleClick: (event) => edit(row, id, event.currentTarget),
        })}
      className={`truncate border-line border-b px-3 ${column.numeric ? "figures text-right" : ""} ${
        left === undefined ? "" : `bg-(--row) ${STICKY}`
      }`}
    >
      {column.cell(row)}
    </td>
  );
}
