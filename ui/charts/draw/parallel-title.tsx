"use client";

import { type PointerEvent, useRef, useState } from "react";
import { CheckIcon, ChevronIcon } from "@/ui/kit/icons";
import { Menu, type MenuItem } from "@/ui/kit/menu";
import type { Brush } from "../prepare/brush";
import type { AxisKind, ParallelAxis } from "../prepare/parallel-axis";
import { LEAST_GAP, PAD } from "../prepare/parallel-layout";
import { toLeft } from "./parallel-axis";
import { ParallelRange } from "./parallel-range";

/** An axis' name: drag it to move the axis; its menu does everything that a drag does, and more. */
export function ParallelTitle(props: {
  axis: ParallelAxis;
  index: number;
  count: number;
  /** Of all axes, in px: where a dragged title would come to stand. */
  xs: Float32Array;
  brush: Brush | undefined;
  onBrush: (brush: Brush | undefined) => void;
  onMove: (to: number) => void;
  onFlip: () => void;
  onKind: (kind: AxisKind) => void;
  onHide: () => void;
  /** The axis it would come to stand at; undefined when the drag is over. */
  onDrag: (to: number | undefined) => void;
}) {
  const { axis, index, count, xs, brush, onBrush, onMove, onFlip, onKind, onHide, onDrag } = props;
  const [asking, setAsking] = useState(false);
  const from = useRef<{ x: number; to: number | undefined }>(undefined);
  const label = axis.dimension.label;
  const half = toHalf(xs, index, count);

  const begin = (event: PointerEvent) => {
    if (event.button === 0) from.current = { x: event.clientX, to: undefined };
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const now = from.current;
    const by = now ? event.clientX - now.x : 0;
    if (!now || (now.to === undefined && Math.abs(by) < DRAG_FROM)) return;
    // From here on the click that follows belongs to the drag, not to the button under it.
    if (now.to === undefined) event.currentTarget.setPointerCapture(event.pointerId);
    now.to = nearestTo(xs, (xs[index] ?? 0) + by);
    onDrag(now.to);
  };
  const end = () => {
    const to = from.current?.to;
    from.current = undefined;
    if (to === undefined) return;
    onDrag(undefined);
    if (to !== index) onMove(to);
  };

  const items: MenuItem[] = [
    { label: "Move left", onSelect: () => onMove(index - 1), disabled: index === 0 },
    { label: "Move right", onSelect: () => onMove(index + 1), disabled: index === count - 1 },
    { label: "Flip", onSelect: onFlip, ...(axis.flipped && { icon: <CheckIcon /> }) },
    ...(axis.kinds.length > 1 ? ["rule" as const] : []),
    ...(axis.kinds.length > 1
      ? axis.kinds.map(
          (kind): MenuItem => ({
            label: KINDS[kind],
            onSelect: () => onKind(kind),
            ...(kind === axis.kind && { icon: <CheckIcon /> }),
          }),
        )
      : []),
    "rule",
    { label: axis.levels ? "Choose values…" : "Set a range…", onSelect: () => setAsking(true) },
    { label: "Clear the range", onSelect: () => onBrush(undefined), disabled: brush === undefined },
    "rule",
    { label: "Hide this axis", onSelect: onHide },
  ];
  const note = [
    axis.kind === "log" || axis.kind === "quantile" ? axis.kind : "",
    axis.flipped ? "flipped" : "",
  ]
    .filter(Boolean)
    .join(", ");
  return (
    <div
      data-title={axis.id}
      className="absolute top-0 cursor-grab touch-pan-x active:cursor-grabbing"
      style={{ left: `calc(${toLeft(index, count)} - ${half}px)`, width: 2 * half }}
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
    >
      <Menu
        label={`${label}${note ? ` ${note}` : ""}, axis`}
        floating
        align={index < count / 2 ? "left" : "right"}
        items={items}
        className="w-full flex-col gap-0 px-1 text-ink"
      >
        <span className="flex w-full min-w-0 items-center justify-center gap-0.5" title={label}>
          <span className="truncate font-medium text-xs">{label}</span>
          <ChevronIcon />
        </span>{" "}
        <span className="h-3.5 text-2xs text-ink-faint leading-3">{note}</span>
      </Menu>
      <ParallelRange
        axis={axis}
        brush={brush}
        open={asking}
        onClose={() => setAsking(false)}
        onBrush={onBrush}
      />
    </div>
  );
}

/** Of a title's width, in px: up to its neighbours, and within the chart at both ends. */
function toHalf(xs: Float32Array, index: number, count: number): number {
  const room = index === 0 ? PAD.left : index === count - 1 ? PAD.right : Number.POSITIVE_INFINITY;
  return Math.min(room, Math.max(LEAST_GAP, (xs[1] ?? 0) - (xs[0] ?? 0)) / 2 - 4);
}

/** Less than this is a click, in px. */
const DRAG_FROM = 6;

const KINDS: Readonly<Record<AxisKind, string>> = {
  linear: "Linear scale",
  log: "Log scale",
  quantile: "Quantile scale",
  category: "Each value a category",
};

function nearestTo(xs: Float32Array, x: number): number {
  let nearest = 0;
  for (let i = 1; i < xs.length; i++)
    if (Math.abs((xs[i] ?? 0) - x) < Math.abs((xs[nearest] ?? 0) - x)) nearest = i;
  return nearest;
}
