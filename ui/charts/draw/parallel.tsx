"use client";

import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Scroll } from "@/ui/kit/scroll";
import type { Brush } from "../prepare/brush";
import { markPassing, type Parallel } from "../prepare/parallel";
import { type AxisKind, type ParallelAxis, toBrush } from "../prepare/parallel-axis";
import { layOut, nearestLine, type ParallelLayout, toWidth } from "../prepare/parallel-layout";
import { type Draft, ParallelAxisView } from "./parallel-axis";
import { ParallelLegendView } from "./parallel-legend";
import { createPainter, type Painter } from "./parallel-paint";
import { createSpot, ParallelTip, type Spot } from "./parallel-tip";
import { ParallelTitle } from "./parallel-title";
import { useTheme } from "./use-theme";

/** Whom a page tells what the pointer is at, and hears it from; see app/_live/pointed.ts. */
export interface Pointing {
  now(): { readonly runId?: string | undefined };
  set(pointed: { runId?: string }): void;
  subscribe(listener: () => void): () => void;
}

export interface ParallelProps {
  readonly chart: Parallel;
  /** Of each run of the chart, 1 where it passes every filter but the brushes of these axes. */
  readonly rest: Uint8Array;
  readonly brushes: ReadonlyMap<string, Brush>;
  readonly total: number;
  readonly selected: ReadonlySet<string>;
  readonly pointing: Pointing;
  readonly kept: boolean;
  /** Groups of brushes whose runs were taken out. */
  readonly excluded: number;
  /** While a drag goes on; `onBrush` or, when Escape ended it, `onCancel` follows. */
  onDrag(id: string, brush: Brush | undefined): void;
  onCancel(): void;
  /** `replace`: a further step of the same change, for which Back needs no stop of its own. */
  onBrush(id: string, brush: Brush | undefined, how: "push" | "replace"): void;
  onKeep(): void;
  onExclude(): void;
  onRestore(): void;
  onMove(id: string, to: number): void;
  onFlip(id: string): void;
  onKind(id: string, kind: AxisKind): void;
  onHide(id: string): void;
  /** `choose`: with Ctrl, Cmd or Shift. */
  onRun(id: string, choose: boolean): void;
}

/** Runs as lines on canvas; axes, brushes and titles as elements over it, for every keyboard and reader. */
export function ParallelChart(props: ParallelProps) {
  const { chart, rest, brushes, selected, pointing } = props;
  const { axes } = chart;
  const [draft, setDraft] = useState<Draft>();
  const [dropAt, setDropAt] = useState<number>();
  const [spot] = useState(createSpot);
  const figure = useRef<HTMLElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const width = useWidth(plot);
  const layout = useMemo(() => layOut(chart, width, HEIGHT), [chart, width]);
  const changeDraft = (next: Draft | undefined) => {
    setDraft(next);
    if (next) props.onDrag(next.axis.id, toBrush(next.axis, next.spans, next.missing));
  };
  const cancelDraft = () => {
    setDraft(undefined);
    props.onCancel();
  };
  const { passing, count } = useMemo(() => {
    const shown = draft ? withBrush(brushes, draft.axis, draft) : brushes;
    const passing = new Uint8Array(chart.runs.length);
    return { passing, count: markPassing(axes, shown, rest, passing) };
  }, [axes, chart.runs.length, brushes, draft, rest]);
  usePainter({ figure, plot, chart, layout, passing, selected, pointing, width });

  const own = axes.filter((axis) => brushes.has(axis.id));
  const hover = useHover({ layout, passing, spot, pointing, chart, busy: draft !== undefined });
  const removeLast = (event: KeyboardEvent) => {
    const last = [...brushes.keys()].findLast((id) => axes.some((axis) => axis.id === id));
    if (event.key !== "Escape" || event.defaultPrevented || draft || last === undefined) return;
    if (event.target instanceof Element && event.target.closest("dialog")) return;
    event.preventDefault();
    props.onBrush(last, undefined, "push");
  };
  useEscape(removeLast, own.length > 0);

  return (
    <figure ref={figure} className="relative min-w-0" onKeyDown={removeLast}>
      <div className="mb-2 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1.5">
        <p className="figures mr-auto text-ink-soft text-sm">
          {formatCount(count)} of {formatCount(props.total)} runs
          {props.excluded > 0 && <span className="text-ink-faint">, some taken out (see the filter)</span>}
        </p>
        <Button
          disabled={own.length === 0 || props.kept}
          onClick={props.onKeep}
          title="Draw only these runs, over the whole length of the axes"
        >
          Keep
        </Button>
        <Button
          disabled={own.length === 0}
          onClick={props.onExclude}
          title="Take these runs out and show the others"
        >
          Exclude
        </Button>
        <Button
          disabled={own.length === 0 && !props.kept && props.excluded === 0}
          onClick={props.onRestore}
          title="Every run again, without ranges"
        >
          Restore
        </Button>
      </div>
      <Scroll label="Axes and lines" className="relative -mx-1 overflow-y-hidden px-1 pt-1">
        <div style={{ minWidth: toWidth(axes.length, 0) }}>
          <div className="relative h-11">
            {axes.map((axis, i) => (
              <ParallelTitle
                key={axis.id}
                axis={axis}
                index={i}
                count={axes.length}
                xs={layout.xs}
                brush={brushes.get(axis.id)}
                onBrush={(brush) => props.onBrush(axis.id, brush, "push")}
                onMove={(to) => props.onMove(axis.id, to)}
                onFlip={() => props.onFlip(axis.id)}
                onKind={(kind) => props.onKind(axis.id, kind)}
                onHide={() => props.onHide(axis.id)}
                onDrag={setDropAt}
              />
            ))}
          </div>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: a line is the pointer's; the table has the same runs for keys */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
          <div
            ref={plot}
            className="relative cursor-default touch-pan-x touch-pan-y"
            style={{ height: HEIGHT }}
            onPointerMove={hover.move}
            onPointerLeave={hover.leave}
            onClick={(event) => hover.click(event, props.onRun)}
          >
            <div role="img" aria-label={chart.summary} className="absolute inset-0">
              {LAYERS.map((layer) => (
                <canvas key={layer} data-layer={layer} className="absolute inset-0 size-full" />
              ))}
            </div>
            {axes.map((axis, i) => (
              <ParallelAxisView
                key={axis.id}
                axis={axis}
                index={i}
                count={axes.length}
                gap={width > 0 ? (layout.xs[1] ?? 0) - (layout.xs[0] ?? 0) : 0}
                brush={brushes.get(axis.id)}
                draft={draft?.axis.id === axis.id ? draft : undefined}
                marked={dropAt === i}
                onDraft={changeDraft}
                onCancel={cancelDraft}
                onBrush={(brush, how) => props.onBrush(axis.id, brush, how)}
              />
            ))}
          </div>
        </div>
      </Scroll>
      <ParallelTip spot={spot} chart={chart} />
      <figcaption className="mt-2 text-ink-faint text-xs">
        <ParallelLegendView chart={chart} />
        {chart.notes.map((note) => (
          <p key={note} className="mt-1">
            {note}.
          </p>
        ))}
        <p className="mt-1">
          Drag along an axis to set a range, drag its title to move it.{" "}
          <a href="#runs" className="underline decoration-dotted underline-offset-2 hover:text-ink">
            The table below
          </a>{" "}
          has the same runs.
        </p>
      </figcaption>
    </figure>
  );
}

/** Of the plot, in px: reserved, so that data never moves the page. */
const HEIGHT = 344;
const LAYERS = ["back", "fore", "live", "over"] as const;
/** In px; within it a line counts as pointed at. */
const REACH = 9;

function withBrush(
  brushes: ReadonlyMap<string, Brush>,
  axis: ParallelAxis,
  { spans, missing }: Draft,
): ReadonlyMap<string, Brush> {
  const changed = new Map(brushes);
  const brush = toBrush(axis, spans, missing);
  if (brush) changed.set(axis.id, brush);
  else changed.delete(axis.id);
  return changed;
}

/** The element's width in px; 0 until it is known. */
function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

function usePainter(input: {
  figure: RefObject<HTMLElement | null>;
  plot: RefObject<HTMLElement | null>;
  chart: Parallel;
  layout: ParallelLayout;
  passing: Uint8Array;
  selected: ReadonlySet<string>;
  pointing: Pointing;
  width: number;
}) {
  const { figure, plot, chart, layout, passing, selected, pointing, width } = input;
  const painter = useRef<Painter>(undefined);
  const theme = useTheme();
  const ratio = useRatio();
  useEffect(() => {
    const find = (layer: string) =>
      plot.current?.querySelector<HTMLCanvasElement>(`canvas[data-layer=${layer}]`);
    const [back, fore, live, over] = LAYERS.map(find);
    if (!back || !fore || !live || !over) return;
    const own = createPainter({ back, fore, live, over }, (lines) => {
      // For those who wait for the picture: tests, and whoever prints the page.
      figure.current?.setAttribute("data-drawn", String(lines));
    });
    painter.current = own;
    return () => own.close();
  }, [figure, plot]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another screen has other dots
  useEffect(() => {
    if (width > 0) painter.current?.paint({ chart, layout, passing, theme });
  }, [chart, layout, passing, theme, width, ratio]);

  const indexOf = useMemo(() => new Map(chart.runs.map((run, i) => [run.id, i])), [chart.runs]);
  useEffect(() => {
    painter.current?.select([...selected].flatMap((id) => indexOf.get(id) ?? []));
  }, [selected, indexOf]);
  useEffect(() => {
    const point = () => {
      const { runId } = pointing.now();
      painter.current?.point(runId === undefined ? -1 : (indexOf.get(runId) ?? -1));
    };
    point();
    return pointing.subscribe(point);
  }, [pointing, indexOf]);
}

/** Dots of the screen to a px: changes when the window moves to another one, or is zoomed. */
function useRatio(): number {
  const [ratio, setRatio] = useState(1);
  useEffect(() => {
    const read = () => setRatio(window.devicePixelRatio);
    read();
    const query = matchMedia(`(resolution: ${ratio}dppx)`);
    query.addEventListener("change", read);
    return () => query.removeEventListener("change", read);
  }, [ratio]);
  return ratio;
}

/** What the pointer is at over the lines; once a frame, outside React. */
function useHover(input: {
  layout: ParallelLayout;
  passing: Uint8Array;
  spot: Spot;
  pointing: Pointing;
  chart: Parallel;
  busy: boolean;
}) {
  const { layout, passing, spot, pointing, chart, busy } = input;
  const touched = useRef<string>(undefined);
  const find = (event: MouseEvent<HTMLElement>): string | undefined => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const index = nearestLine(layout, passing, x, y, REACH);
    const run = chart.runs[index];
    const frame = event.currentTarget.closest("figure")?.getBoundingClientRect();
    spot.set(
      run && frame ? { index, x: event.clientX - frame.left, y: event.clientY - frame.top } : undefined,
    );
    pointing.set(run ? { runId: run.id } : {});
    return run?.id;
  };
  const forget = () => {
    if (!spot.now()) return;
    spot.set(undefined);
    pointing.set({});
  };
  return {
    move(event: PointerEvent<HTMLElement>) {
      if (busy || event.buttons > 0) forget();
      else find(event);
    },
    leave: forget,
    click(event: MouseEvent<HTMLElement>, open: (id: string, choose: boolean) => void) {
      if (busy || (event.target as Element).closest("button, [role=slider], [data-axis]")) return;
      const before = touched.current;
      const id = find(event);
      touched.current = id;
      // A finger has not hovered before: its first touch shows what the second one opens.
      const isTouch = (event.nativeEvent as { pointerType?: string }).pointerType === "touch";
      if (id !== undefined && (!isTouch || before === id))
        open(id, event.ctrlKey || event.metaKey || event.shiftKey);
    },
  };
}

/** Escape works when nothing has the focus, too: after a drag with the mouse nothing has. */
function useEscape(onKey: (event: KeyboardEvent) => void, on: boolean): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  });
  useEffect(() => {
    if (!on) return;
    const listen = (event: globalThis.KeyboardEvent) => {
      if (event.key === "Escape" && event.target === document.body)
        latest.current(event as unknown as KeyboardEvent);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [on]);
}
