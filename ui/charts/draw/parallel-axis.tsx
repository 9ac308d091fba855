"use client";

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { formatCount, plural } from "@/ui/format";
import { CrossIcon } from "@/ui/kit/icons";
import { toPercent } from "../axis";
import type { Brush } from "../prepare/brush";
import { type ParallelAxis, type Span, toBrush, toSpans, unite } from "../prepare/parallel-axis";
import { LEAST_GAP, PAD, toFraction } from "../prepare/parallel-layout";

/** A brush while a drag goes on. */
export interface Draft {
  readonly axis: ParallelAxis;
  readonly spans: readonly Span[];
  readonly missing: boolean;
}

interface Props {
  readonly axis: ParallelAxis;
  readonly index: number;
  readonly count: number;
  /** To the next axis, in px; 0 until it is known. */
  readonly gap: number;
  readonly brush: Brush | undefined;
  readonly draft: Draft | undefined;
  /** A title that is being dragged would come to stand here. */
  readonly marked: boolean;
  onDraft(draft: Draft | undefined): void;
  /** Escape ended the drag: as if it had not been. */
  onCancel(): void;
  onBrush(brush: Brush | undefined, how: "push" | "replace"): void;
}

type Side = "low" | "high";

/** The line, its ticks, its brushes with two handles each, and the place of runs without a value. */
export function ParallelAxisView(props: Props) {
  const { axis, index, count, gap, brush, draft, marked, onBrush } = props;
  const box = useRef<HTMLDivElement>(null);
  const { begin, move, end } = useGesture(box, props);
  const [at, setAt] = useState<number>();
  const spans = draft?.spans ?? toSpans(axis, brush);
  const missing = draft?.missing ?? brush?.missing ?? false;
  const lastKey = useRef({ handle: "", time: 0 });
  const room = Math.max(40, (index === 0 ? PAD.left : Math.max(gap, LEAST_GAP) - 30) - 12);
  const label = axis.dimension.label;

  /** A step by key; further steps of the same handle are one change to Back. */
  const step = (k: number, side: Side, to: (unit: number) => number) => {
    const shown = spans.length > 0 ? spans : [axis.ends];
    const [low, high] = shown[k] ?? axis.ends;
    const changed: Span = side === "low" ? [Math.min(to(low), high), high] : [low, Math.max(to(high), low)];
    const { handle, time } = lastKey.current;
    const same = handle === `${side}${k}` && performance.now() - time < ONE_CHANGE_MS;
    lastKey.current = { handle: `${side}${k}`, time: performance.now() };
    const next = shown.map((span, i) => (i === k ? changed : span));
    onBrush(toBrush(axis, next, missing), same ? "replace" : "push");
  };
  const remove = (k: number) =>
    onBrush(
      toBrush(
        axis,
        spans.filter((_, i) => i !== k),
        missing && spans.length > 1,
      ),
      "push",
    );

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is a form's
    <div
      role="group"
      aria-label={label}
      data-axis={axis.id}
      className="absolute inset-y-0 w-0"
      style={{ left: toLeft(index, count) }}
    >
      {marked && <div className="absolute inset-y-0 -left-0.5 w-1 rounded bg-focus" />}
      <div ref={box} className="absolute w-0" style={{ top: PAD.top, bottom: PAD.bottom }}>
        <div className="-left-px absolute inset-y-0 w-px bg-line-strong" />
        <Ticks axis={axis} room={room} />
        <div
          className="-left-3.5 absolute inset-y-0 w-7 cursor-crosshair touch-pan-x"
          data-hit
          onPointerDown={(event) => begin(event, "new")}
          onPointerMove={(event) => {
            move(event);
            setAt(axis.levels ? axis.unitAt(toPlace(box.current, event.clientY)) : undefined);
          }}
          onPointerUp={end}
          onPointerLeave={() => setAt(undefined)}
          onPointerCancel={end}
        />
        {spans.map((span, k) => (
          <Stretch
            // biome-ignore lint/suspicious/noArrayIndexKey: a brush is its place among those of the axis
            key={k}
            axis={axis}
            span={span}
            onPointerDown={(event) => begin(event, "move", k)}
            onPointerMove={move}
            onPointerUp={end}
          />
        ))}
        {(spans.length > 0 ? spans : [axis.ends]).map((span, k) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a brush is its place among those of the axis
          <div key={k}>
            {(["low", "high"] as const).map((side) => (
              <Handle
                key={side}
                axis={axis}
                span={span}
                side={side}
                name={`${label}, ${spans.length > 1 ? `range ${k + 1}, ` : ""}${side === "low" ? "from" : "to"}`}
                place={`${side}-${k}`}
                idle={spans.length === 0}
                speaking={draft !== undefined}
                onPointerDown={(event) => begin(event, side, k)}
                onPointerMove={move}
                onPointerUp={end}
                onStep={(to) => step(k, side, to)}
                onRemove={spans.length > 0 ? () => remove(k) : undefined}
              />
            ))}
            {spans.length > 0 && !draft && (
              <button
                type="button"
                aria-label={`Remove the range ${axis.text(span[0])} to ${axis.text(span[1])} of ${label}`}
                title="Remove this range (Escape)"
                onClick={() => remove(k)}
                className="absolute left-3.5 z-20 inline-flex size-6 items-center justify-center rounded-full bg-paper text-ink-soft hover:bg-sunken hover:text-ink"
                style={{ bottom: toPercent(edges(axis, span)[1]) }}
              >
                <CrossIcon />
              </button>
            )}
          </div>
        ))}
        {at !== undefined && !draft && (
          <Bubble at={axis.place(at)} right={index === count - 1 && count > 1}>
            {axis.text(at)}
          </Bubble>
        )}
      </div>
      <NoValue
        axis={axis}
        pressed={missing}
        onToggle={() => onBrush(toBrush(axis, spans, !missing), "push")}
      />
    </div>
  );
}

/** Keys that follow each other faster than this are one change. */
const ONE_CHANGE_MS = 1_500;

export const toLeft = (index: number, count: number): string =>
  `calc(${PAD.left}px + (100% - ${PAD.left + PAD.right}px) * ${toFraction(index, count)})`;

function toPlace(box: HTMLElement | null, clientY: number): number {
  const rect = box?.getBoundingClientRect();
  return rect ? Math.min(1, Math.max(0, (rect.bottom - clientY) / rect.height)) : 0;
}

/** Lower and upper edge of a stretch on the axis; a category's reaches half way to its neighbours. */
function edges(axis: ParallelAxis, [low, high]: Span): [bottom: number, top: number] {
  const air = axis.levels ? 0.5 / Math.max(1, axis.levels.length) : 0;
  const [a, b] = [axis.place(low), axis.place(high)];
  return [Math.max(0, Math.min(a, b) - air), Math.min(1, Math.max(a, b) + air)];
}

interface Gesture {
  readonly kind: "new" | "move" | Side;
  readonly startY: number;
  readonly startPlace: number;
  /** What is dragged, as it was. */
  readonly from: Span;
  readonly others: readonly Span[];
  moved: boolean;
  spans: readonly Span[];
}

/** Less than this is a click, in px. */
const DRAG_FROM = 4;

/** Dragging makes a brush, moves one, or moves an end of one; a click on a category's tick chooses it or not. */
function useGesture(box: { readonly current: HTMLDivElement | null }, props: Props) {
  const { axis, brush, draft, onDraft, onCancel, onBrush } = props;
  const gesture = useRef<Gesture>(undefined);
  const missing = brush?.missing ?? false;
  useEffect(() => {
    if (!draft) return;
    const cancel = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      gesture.current = undefined;
      onCancel();
    };
    document.addEventListener("keydown", cancel, { capture: true });
    return () => document.removeEventListener("keydown", cancel, { capture: true });
  }, [draft, onCancel]);

  const drag = (now: Gesture, place: number): Span => {
    const unit = axis.unitAt(place);
    const [low, high] = now.from;
    if (now.kind === "new") return sorted(axis.unitAt(now.startPlace), unit);
    if (now.kind === "low") return sorted(unit, high);
    if (now.kind === "high") return sorted(low, unit);
    const [bottom, top] = [axis.place(low), axis.place(high)].sort((a, b) => a - b) as [number, number];
    const by = Math.min(1 - top, Math.max(-bottom, place - now.startPlace));
    return sorted(axis.unitAt(axis.place(low) + by), axis.unitAt(axis.place(high) + by));
  };
  return {
    begin(event: PointerEvent<HTMLElement>, kind: Gesture["kind"], k = -1) {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      const spans = toSpans(axis, brush);
      gesture.current = {
        kind,
        startY: event.clientY,
        startPlace: toPlace(box.current, event.clientY),
        from: spans[k] ?? axis.ends,
        others: spans.filter((_, i) => i !== k),
        moved: false,
        spans,
      };
      if (event.currentTarget.role === "slider") event.currentTarget.focus({ preventScroll: true });
    },
    move(event: PointerEvent<HTMLElement>) {
      const now = gesture.current;
      if (!now || (!now.moved && Math.abs(event.clientY - now.startY) < DRAG_FROM)) return;
      now.moved = true;
      now.spans = [...now.others, drag(now, toPlace(box.current, event.clientY))];
      onDraft({ axis, spans: now.spans, missing });
    },
    end(event: PointerEvent<HTMLElement>) {
      const now = gesture.current;
      gesture.current = undefined;
      if (!now) return;
      onDraft(undefined);
      if (now.moved) {
        onBrush(toBrush(axis, now.spans, missing), "push");
        focusLater(box, unite(now.spans).length - 1);
      } else if (now.kind !== "low" && now.kind !== "high" && axis.levels) {
        const level = axis.unitAt(toPlace(box.current, event.clientY));
        onBrush(toBrush(axis, toggle(toSpans(axis, brush), level), missing), "push");
        focusLater(box, 0);
      }
    },
  };
}

/** So that Escape and the arrows mean the brush that was just made. */
function focusLater(box: { readonly current: HTMLDivElement | null }, k: number): void {
  requestAnimationFrame(() =>
    box.current?.querySelector<HTMLElement>(`[data-handle="high-${k}"]`)?.focus({ preventScroll: true }),
  );
}

const sorted = (a: number, b: number): Span => (a <= b ? [a, b] : [b, a]);

function toggle(spans: readonly Span[], level: number): Span[] {
  const own = spans.find(([low, high]) => level >= low && level <= high);
  if (!own) return [...spans, [level, level]];
  const rest: Span[] = [
    [own[0], level - 1],
    [level + 1, own[1]],
  ];
  return [...spans.filter((span) => span !== own), ...rest.filter(([low, high]) => low <= high)];
}

function Stretch(props: {
  axis: ParallelAxis;
  span: Span;
  onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  onPointerMove: (event: PointerEvent<HTMLElement>) => void;
  onPointerUp: (event: PointerEvent<HTMLElement>) => void;
}) {
  const { axis, span, ...handlers } = props;
  const [bottom, top] = edges(axis, span);
  return (
    <div
      data-brush
      className="-left-2.5 absolute min-h-0.5 w-5 cursor-grab touch-pan-x border border-focus bg-focus/20 active:cursor-grabbing"
      style={{ bottom: toPercent(bottom), top: toPercent(1 - top) }}
      {...handlers}
      onPointerCancel={handlers.onPointerUp}
    />
  );
}

/** One end of a range: beyond the stretch it belongs to, so that the two never cover each other. */
function Handle(props: {
  axis: ParallelAxis;
  span: Span;
  side: Side;
  name: string;
  place: string;
  /** Nothing is brushed: it stands at the end of the axis. */
  idle: boolean;
  /** Its value is shown without the focus, too. */
  speaking: boolean;
  onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  onPointerMove: (event: PointerEvent<HTMLElement>) => void;
  onPointerUp: (event: PointerEvent<HTMLElement>) => void;
  onStep: (to: (unit: number) => number) => void;
  onRemove: (() => void) | undefined;
}) {
  const { axis, span, side, name, place, idle, speaking, onStep, onRemove, ...handlers } = props;
  const [low, high] = span;
  const unit = side === "low" ? low : high;
  const [least, most] = side === "low" ? [axis.ends[0], high] : [low, axis.ends[1]];
  const [bottom, top] = edges(axis, span);
  const upper = (side === "high") !== axis.flipped;
  const onKey = (event: KeyboardEvent) => {
    const to = KEYS[event.key]?.(axis, least, most);
    if (event.key === "Escape" && onRemove) onRemove();
    else if (to) onStep(to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      data-handle={place}
      aria-label={name}
      aria-orientation="vertical"
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={unit}
      aria-valuetext={axis.text(unit)}
      onKeyDown={onKey}
      {...handlers}
      onPointerCancel={handlers.onPointerUp}
      className="group -left-3.5 absolute z-10 h-6 w-7 cursor-ns-resize touch-pan-x"
      style={upper ? { bottom: toPercent(top) } : { top: toPercent(1 - bottom) }}
    >
      <span
        className={`absolute left-1.5 h-1.5 w-4 rounded-full group-hover:bg-focus group-focus:bg-focus ${
          upper ? "bottom-0" : "top-0"
        } ${idle ? "bg-line-strong" : "bg-focus"}`}
      />
      <span
        aria-hidden="true"
        className={`figures pointer-events-none absolute left-7 max-w-40 truncate rounded bg-ink px-1.5 text-2xs text-paper ${
          upper ? "bottom-0 ml-5" : "top-0"
        } ${speaking ? "" : "hidden group-focus-visible:block"}`}
      >
        {axis.text(unit)}
      </span>
    </div>
  );
}

type Step = (axis: ParallelAxis, least: number, most: number) => (unit: number) => number;
const by =
  (count: number): Step =>
  (axis) =>
  (unit) =>
    axis.step(unit, count);
const KEYS: Readonly<Record<string, Step>> = {
  ArrowUp: by(1),
  ArrowRight: by(1),
  ArrowDown: by(-1),
  ArrowLeft: by(-1),
  PageUp: by(10),
  PageDown: by(-10),
  Home: (_, least) => () => least,
  End: (_, _least, most) => () => most,
};

/** All ticks as one drawing; labels as text, whole on hover. */
function Ticks({ axis, room }: { axis: ParallelAxis; room: number }) {
  return (
    <>
      <svg
        viewBox="0 0 4 1000"
        preserveAspectRatio="none"
        aria-hidden="true"
        className="-left-1.5 absolute inset-y-0 h-full w-1.5 overflow-visible"
      >
        <path
          d={axis.ticks.map(({ at }) => `M0 ${Math.round((1 - at) * 1_000)}h4`).join("")}
          stroke="var(--line-strong)"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      {axis.ticks.map((tick, i) =>
        tick.labelled ? (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: two categories may read alike; a tick is its place
            key={i}
            data-tick
            title={tick.label}
            className="figures absolute right-2.5 translate-y-1/2 truncate rounded bg-paper/80 px-0.5 text-right text-2xs text-ink-soft leading-3.5"
            style={{ bottom: toPercent(tick.at), maxWidth: room }}
          >
            {tick.label}
          </span>
        ) : null,
      )}
    </>
  );
}

function NoValue(props: { axis: ParallelAxis; pressed: boolean; onToggle: () => void }) {
  const { axis, pressed, onToggle } = props;
  if (axis.missing + axis.unplaced === 0) return null;
  const title = `${plural(axis.missing, "run")} ${axis.missing === 1 ? "has" : "have"} no value of ${axis.dimension.label}`;
  return (
    <button
      type="button"
      data-no-value
      disabled={axis.missing === 0}
      aria-pressed={pressed}
      title={`${title}: choose them`}
      aria-label={`no value ${formatCount(axis.missing)}, runs without ${axis.dimension.label}`}
      onClick={onToggle}
      className={`-left-1.5 absolute bottom-0 h-6 whitespace-nowrap rounded px-2 text-2xs italic ${
        pressed ? "bg-focus/20 text-ink ring-1 ring-focus" : "text-ink-soft hover:text-ink"
      }`}
    >
      <span className="-translate-y-1/2 absolute top-1/2 left-0 size-3 rounded-full border border-line-strong bg-paper" />
      <span className="ml-2 rounded bg-paper/80 px-0.5">
        no value <span className="figures not-italic">{formatCount(axis.missing)}</span>
      </span>
    </button>
  );
}

const Bubble = ({ at, right, children }: { at: number; right: boolean; children: string }) => (
  <span
    aria-hidden="true"
    data-bubble
    className={`pointer-events-none absolute z-20 max-w-80 translate-y-1/2 break-all rounded bg-ink px-1.5 py-0.5 text-2xs text-paper ${right ? "right-3" : "left-3"} w-max`}
    style={{ bottom: toPercent(at) }}
  >
    {children}
  </span>
);
