"use client";

import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { toPercent } from "../axis";
import { type Dots, nearestDot, neighborDot } from "../prepare/dots";

/** What is pointed at on the page, kept outside React: see app/_live/pointed. */
export interface PointedRuns {
  now(): { readonly runId?: string | undefined };
  set(pointed: { readonly runId?: string | undefined }): void;
  subscribe(listener: () => void): () => void;
}

/** A part of the plot, in fractions. */
export interface Area {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** How far from a dot the pointer still means it. */
const REACH_PX = 28;
/** A hand that clicks moves less. */
const DRAG_PX = 5;

/**
 * Lies over a plot of runs: what the pointer or the arrow keys are at is ringed here and everywhere on the page, a click
 * or Enter opens it, and a rectangle drawn with the mouse chooses what lies in it.
 */
export function RunDots(props: {
  /** For readers: what the keys do is said after it. */
  label: string;
  dots: Dots;
  pointed: PointedRuns;
  /** Lines of the tip, for the dot at this index. */
  tip: (index: number) => readonly (readonly [label: string, value: string])[];
  onOpen: (runId: string, aside: boolean) => void;
  onArea?: ((area: Area) => void) | undefined;
  /** A line joins the dots of the run that is pointed at. */
  joined?: boolean;
}) {
  const { label, dots, pointed, tip, onOpen, onArea, joined = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const [here, setHere] = useState<number>();
  const [start, setStart] = useState<readonly [number, number]>();
  const [end, setEnd] = useState<readonly [number, number]>();
  const runId = useSyncExternalStore(
    pointed.subscribe,
    () => pointed.now().runId,
    () => undefined,
  );
  const marked = runId === undefined ? [] : (dots.places.get(runId) ?? []);
  // The pointer's own dot; another one of the same run when a newer drawing has moved it.
  const own =
    here !== undefined && dots.ids[here] === runId ? here : here !== undefined ? marked[0] : undefined;

  const place = (event: PointerEvent) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return {
      x: (event.clientX - bounds.left) / bounds.width,
      y: 1 - (event.clientY - bounds.top) / bounds.height,
      size: { width: bounds.width, height: bounds.height },
    };
  };
  const point = (index: number | undefined) => {
    setHere(index);
    pointed.set({ runId: index === undefined ? undefined : dots.ids[index] });
  };
  const onMove = (event: PointerEvent) => {
    const { x, y, size } = place(event);
    if (start) return setEnd([clamp(x), clamp(y)]);
    point(nearestDot(dots, { x, y }, size, REACH_PX));
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch" || !onArea) return;
    const { x, y } = place(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    setStart([clamp(x), clamp(y)]);
    setEnd(undefined);
  };
  const onUp = (event: PointerEvent) => {
    const { x, y, size } = place(event);
    const area = start && toArea(start, [clamp(x), clamp(y)]);
    setStart(undefined);
    setEnd(undefined);
    const dragged =
      area &&
      ((area.x[1] - area.x[0]) * size.width > DRAG_PX || (area.y[1] - area.y[0]) * size.height > DRAG_PX);
    if (dragged) return onArea?.(area);
    const index = nearestDot(dots, { x, y }, size, REACH_PX);
    const id = index === undefined ? undefined : dots.ids[index];
    if (id === undefined) return point(undefined);
    // A finger's first touch shows what is there, its second opens it.
    if (event.pointerType === "touch" && runId !== id) return point(index);
    onOpen(id, event.metaKey || event.ctrlKey);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" && start) {
      setStart(undefined);
      return setEnd(undefined);
    }
    if (event.key === "Enter" && own !== undefined) {
      event.preventDefault();
      return onOpen(dots.ids[own] ?? "", event.metaKey || event.ctrlKey);
    }
    if (!isMove(event.key)) return;
    event.preventDefault();
    point(neighborDot(dots, own ?? marked[0], event.key));
  };

  const area = start && end && toArea(start, end);
  return (
    <div
      ref={box}
      role="application"
      aria-label={`${label} Arrow keys go from run to run, Enter opens one.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the dots are reached by keyboard here (WCAG 2.1.1)
      tabIndex={0}
      className={`absolute inset-0 touch-pan-y ${onArea ? "cursor-crosshair" : ""} focus-visible:outline-offset-8`}
      onPointerMove={onMove}
      onPointerDown={onDown}
      onPointerUp={onUp}
      onPointerLeave={() => !start && point(undefined)}
      onPointerCancel={() => setStart(undefined)}
      onKeyDown={onKey}
      onBlur={() => point(undefined)}
    >
      {area && (
        <span
          className="pointer-events-none absolute border border-focus bg-focus/15"
          style={{
            left: toPercent(area.x[0]),
            right: toPercent(1 - area.x[1]),
            bottom: toPercent(area.y[0]),
            top: toPercent(1 - area.y[1]),
          }}
        />
      )}
      {joined && marked.length > 1 && <Join dots={dots} marked={marked} />}
      {marked.map((index) => (
        <span
          key={index}
          data-pointed={runId}
          className="-translate-x-1/2 pointer-events-none absolute size-3.5 translate-y-1/2 rounded-full border-2 border-ink shadow-[0_0_0_2px_var(--paper)]"
          style={{ left: toPercent(dots.x[index] ?? 0), bottom: toPercent(dots.y[index] ?? 0) }}
        />
      ))}
      <span aria-live="polite" className="sr-only">
        {own !== undefined &&
          `${dots.labels[own]}: ${tip(own)
            .map((pair) => pair.join(" "))
            .join(", ")}`}
      </span>
      {own !== undefined && !area && (
        <Tip x={dots.x[own] ?? 0} y={dots.y[own] ?? 0} title={dots.labels[own] ?? ""} lines={tip(own)} />
      )}
    </div>
  );
}

/** Beside a dot, on the side where there is room. */
export function Tip(props: {
  x: number;
  y: number;
  title: ReactNode;
  lines: readonly (readonly [label: string, value: string])[];
}) {
  const { x, y, title, lines } = props;
  return (
    <div
      aria-hidden="true"
      className={`pointer-events-none absolute z-30 max-w-72 rounded-md border border-line bg-surface px-2.5 py-1.5 text-xs shadow-(--shadow) ${
        x > 0.55 ? "-translate-x-full -ml-3" : "ml-3"
      } ${y > 0.5 ? "translate-y-full" : ""}`}
      style={{ left: toPercent(x), bottom: toPercent(y) }}
    >
      <p className="truncate font-semibold">{title}</p>
      <dl className="figures mt-0.5 grid grid-cols-[auto_auto] gap-x-3 text-ink-soft">
        {lines.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="truncate">{name}</dt>
            <dd className="wrap-anywhere text-right text-ink">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Join({ dots, marked }: { dots: Dots; marked: readonly number[] }) {
  const points = marked
    .toSorted((a, b) => (dots.x[a] ?? 0) - (dots.x[b] ?? 0))
    .map((i) => `${(dots.x[i] ?? 0) * 100},${(1 - (dots.y[i] ?? 0)) * 100}`);
  return (
    <svg
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      aria-hidden="true"
      className="pointer-events-none absolute inset-0 size-full overflow-visible"
    >
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="var(--ink)"
        strokeWidth={1.75}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

const clamp = (at: number): number => Math.min(1, Math.max(0, at));

const toArea = (a: readonly [number, number], b: readonly [number, number]): Area => ({
  x: a[0] < b[0] ? [a[0], b[0]] : [b[0], a[0]],
  y: a[1] < b[1] ? [a[1], b[1]] : [b[1], a[1]],
});

type MoveKey = Parameters<typeof neighborDot>[2];
const MOVES: readonly string[] = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const isMove = (key: string): key is MoveKey => MOVES.includes(key);
