"use client";

import { type DragEvent, type KeyboardEvent, type PointerEvent, useState } from "react";
import { ArrowDownIcon, ArrowUpIcon, DotsIcon } from "@/ui/kit/icons";
import { Menu, type MenuItem } from "@/ui/kit/menu";
import type { RunColumn } from "./run-columns";
import { STICKY } from "./run-row";

export interface HeaderVerbs {
  /** Goes round: its best first, the other way, and, among several, not at all. */
  sort(id: string, among: boolean): void;
  sortBy(id: string, descending: boolean, among: boolean): void;
  unsort(id: string): void;
  /** Before the column at that place among those that are not pinned. */
  move(id: string, before: string): void;
  shift(id: string, places: -1 | 1): void;
  resize(id: string, px: number): void;
  pin(id: string, pinned: boolean): void;
  hide(id: string): void;
  groupBy(id: string): void;
}

export interface SortMark {
  readonly descending: boolean;
  /** From 1, where the table is sorted by several; otherwise undefined. */
  readonly place: number | undefined;
}

const STEP_PX = 16;
/** What a column carries while it is dragged to another place. */
const DRAGGED = "application/x-besom-column";

/**
 * The head of a column. A click sorts by it, with Shift in addition to what it is sorted by; its menu has everything that
 * dragging does, and Alt with the arrow keys moves it, with Shift makes it wider or narrower.
 */
export function ColumnHeader(props: {
  column: Pick<RunColumn, "id" | "label" | "numeric" | "kind">;
  width: number;
  left: number | undefined;
  pinned: boolean;
  sort: SortMark | undefined;
  grouped: boolean;
  verbs: HeaderVerbs;
}) {
  const { column, width, left, pinned, sort, grouped, verbs } = props;
  const { id, label, numeric, kind } = column;
  const [over, setOver] = useState(false);
  const onKeyDown = (event: KeyboardEvent) => {
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : undefined;
    if (!event.altKey || way === undefined) return;
    event.preventDefault();
    if (event.shiftKey) verbs.resize(id, width + way * STEP_PX);
    else verbs.shift(id, way);
  };
  const drag = {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer.setData(DRAGGED, id);
      event.dataTransfer.effectAllowed = "move";
    },
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      setOver(false);
      const dragged = event.dataTransfer.getData(DRAGGED);
      if (dragged !== "" && dragged !== id) verbs.move(dragged, id);
    },
  };
  const items: MenuItem[] = [
    { label: "Sort rising", onSelect: () => verbs.sortBy(id, false, false) },
    { label: "Sort falling", onSelect: () => verbs.sortBy(id, true, false) },
    ...(sort
      ? sort.place === undefined
        ? []
        : [{ label: "Sort by it no longer", onSelect: () => verbs.unsort(id) }]
      : [
          { label: "Then rising by this", onSelect: () => verbs.sortBy(id, false, true) },
          { label: "Then falling by this", onSelect: () => verbs.sortBy(id, true, true) },
        ]),
    "rule",
    {
      label: grouped ? "Group no longer" : "Group by it",
      onSelect: () => verbs.groupBy(grouped ? "" : id),
    },
    { label: pinned ? "Pin no longer" : "Pin to the left", onSelect: () => verbs.pin(id, !pinned) },
    { label: "Move left", onSelect: () => verbs.shift(id, -1) },
    { label: "Move right", onSelect: () => verbs.shift(id, 1) },
    { label: "Wider", onSelect: () => verbs.resize(id, width + 3 * STEP_PX) },
    { label: "Narrower", onSelect: () => verbs.resize(id, width - 3 * STEP_PX) },
    { label: "Hide column", onSelect: () => verbs.hide(id) },
  ];
  return (
    <th
      scope="col"
      data-column={id}
      aria-sort={sort ? (sort.descending ? "descending" : "ascending") : "none"}
      style={{ width, ...(left !== undefined && { left }) }}
      {...drag}
      className={`group/head border-line border-b bg-sunken p-0 font-medium text-ink-soft text-xs ${
        left === undefined ? "relative" : `max-sm:relative ${STICKY}`
      } ${over ? "shadow-[inset_2px_0_0_var(--focus)]" : ""} has-aria-expanded:z-30`}
    >
      <div className={`flex h-9 items-center ${numeric ? "flex-row-reverse" : ""}`}>
        <SortButton
          label={label}
          sort={sort}
          strong={kind === "parameter"}
          numeric={numeric}
          onKeyDown={onKeyDown}
          onSort={(among) => verbs.sort(id, among)}
        />
        <span
          className={`absolute ${numeric ? "left-0" : "right-1.5"} bg-sunken opacity-0 focus-within:opacity-100 group-hover/head:opacity-100 has-aria-expanded:opacity-100 pointer-coarse:hidden`}
        >
          <Menu label={`Column ${label}`} floating items={items} className="min-w-6 px-0.5">
            <DotsIcon />
          </Menu>
        </span>
      </div>
      <Handle width={width} onResize={(px) => verbs.resize(id, px)} />
    </th>
  );
}

export function SortButton(props: {
  label: string;
  sort: SortMark | undefined;
  strong?: boolean;
  numeric?: boolean;
  onKeyDown?: (event: KeyboardEvent) => void;
  onSort: (among: boolean) => void;
}) {
  const { label, sort, strong = false, numeric = false, onKeyDown, onSort } = props;
  return (
    <button
      type="button"
      onClick={(event) => onSort(event.shiftKey)}
      onKeyDown={onKeyDown}
      title={label}
      className={`flex h-9 min-w-0 flex-1 items-center gap-1 px-3 hover:text-ink focus-visible:outline-offset-[-2px] ${
        numeric ? "flex-row-reverse text-right" : ""
      }`}
    >
      <span className={`truncate ${strong ? "text-ink" : ""}`}>{label}</span>
      {sort && (sort.descending ? <ArrowDownIcon /> : <ArrowUpIcon />)}
      {sort?.place !== undefined && (
        <span className="figures text-2xs">
          <span className="sr-only">, sorted by it as number </span>
          {sort.place}
        </span>
      )}
    </button>
  );
}

/** The right edge, to be dragged. The keyboard has Alt with Shift and the arrows, and the menu. */
export function Handle({ width, onResize }: { width: number; onResize: (px: number) => void }) {
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    event.preventDefault();
    const { currentTarget: handle, pointerId, clientX: from } = event;
    handle.setPointerCapture(pointerId);
    const onMove = (move: globalThis.PointerEvent) => onResize(width + move.clientX - from);
    handle.addEventListener("pointermove", onMove);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", onMove), {
      once: true,
    });
  };
  return (
    <span
      aria-hidden="true"
      data-handle=""
      // What is dragged here is the edge, not the column.
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={onPointerDown}
      className="absolute inset-y-1.5 right-0 z-10 w-1.5 cursor-col-resize touch-none border-line-strong border-r opacity-0 group-hover/head:opacity-100"
    />
  );
}
