"use client";

import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { formatDuration, plural } from "@/ui/format";
import { Scroll } from "@/ui/kit/scroll";
import { tickLevels, toPercent } from "../axis";
import { type Bar, barAt, type Lane, type Timeline, toTimelineAxis } from "../prepare/timeline";
import { stateLook } from "../states";
import { DataTable, TICK_CLASSES } from "./frame";
import { type Paint, PlotCanvas } from "./plot-canvas";
import { type PointedRuns, Tip } from "./run-dots";
import { Showing } from "./showing";
import { toFill, toTile } from "./texture";
import { toTimelineTable } from "./timeline-file";
import { useTheme } from "./use-theme";

/** A hand that clicks moves less. */
const DRAG_PX = 5;
/** A bar of a millisecond can still be hit. */
const REACH_PX = 4;

/** Agents one below the other, what each worked on along time. */
export function TimelineChart(props: {
  chart: Timeline;
  /** The stretch that is shown. */
  view: readonly [fromMs: number, toMs: number];
  onView: (view: readonly [number, number]) => void;
  /** While runs go on. */
  nowMs: number | undefined;
  bestId: string | undefined;
  /** Why there are more runs than bars. */
  why: string;
  pointed: PointedRuns;
  onOpen: (runId: string, aside: boolean) => void;
}) {
  const { chart, view, onView, nowMs, bestId, why, pointed, onOpen } = props;
  const [from, to] = view;
  const theme = useTheme();
  const axis = useMemo(() => toTimelineAxis(from, to), [from, to]);
  const levels = useMemo(() => tickLevels(axis.scale.ticks), [axis]);
  const lanes = useMemo(() => chart.agents.flatMap((agent) => agent.lanes), [chart]);
  const places = useMemo(() => toPlaces(lanes), [lanes]);
  const table = useMemo(() => toTimelineTable(chart), [chart]);
  const lanePx = Math.max(3, Math.min(20, Math.floor(6_000 / Math.max(1, lanes.length))));

  const [drag, setDrag] = useState<readonly [start: number, end: number]>();
  /** The bar that is pointed at here. */
  const [inside, setInside] = useState<Bar>();
  const runId = useSyncExternalStore(
    pointed.subscribe,
    () => pointed.now().runId,
    () => undefined,
  );
  const marked =
    runId === undefined
      ? undefined
      : ((inside?.id === runId ? places.get(keyOf(inside)) : undefined) ?? places.get(runId));

  const paint: Paint = useCallback(
    (context, { width }) => {
      const x = (ms: number): number => ((ms - from) / (to - from)) * width;
      let top = 0;
      for (const agent of chart.agents) {
        context.fillStyle = theme.token("quiet-wash");
        const [start, end] = [Math.max(0, x(agent.fromMs)), Math.min(width, x(agent.toMs))];
        for (let i = 0; i < agent.lanes.length; i++)
          if (end > start) context.fillRect(start, (top + i) * lanePx + 1, end - start, lanePx - 2);
        top += agent.lanes.length;
      }
      for (const state of chart.states) {
        const look = stateLook(state);
        const fill = toFill(context, look, theme);
        context.fillStyle = fill;
        context.strokeStyle = theme.token(look.token);
        context.lineWidth = 1.5;
        for (const [place, lane] of lanes.entries())
          for (const bar of lane.bars) {
            if (bar.state !== state || bar.endMs < from || bar.startMs > to) continue;
            context.globalAlpha = bar.earlier ? EARLIER_ALPHA : 1;
            const left = Math.max(-4, x(bar.startMs));
            // A hair between two bars, so that they are seen to be two.
            const wide = Math.max(1, Math.min(width + 4, x(bar.endMs)) - left - 0.75);
            if (look.texture === "hollow" && wide > 4 && lanePx > 6)
              context.strokeRect(left + 0.75, place * lanePx + 2.75, wide - 1.5, lanePx - 5.5);
            else context.fillRect(left, place * lanePx + 2, wide, lanePx - 4);
          }
      }
      context.globalAlpha = 1;
      const best = bestId === undefined ? undefined : places.get(bestId);
      if (best && best.bar.endMs >= from && best.bar.startMs <= to) {
        context.strokeStyle = theme.token("best-mark");
        context.lineWidth = 2.5;
        const left = x(best.bar.startMs);
        context.strokeRect(left, best.lane * lanePx + 1, Math.max(3, x(best.bar.endMs) - left), lanePx - 2);
      }
    },
    [chart, lanes, places, from, to, lanePx, theme, bestId],
  );

  const place = (event: PointerEvent) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
    const lane = lanes[Math.floor((event.clientY - bounds.top) / lanePx)];
    return { share, lane, width: bounds.width };
  };
  const hit = ({ share, lane, width }: ReturnType<typeof place>): Bar | undefined =>
    lane && barAt(lane, from + share * (to - from), (REACH_PX / width) * (to - from));
  const onMove = (event: PointerEvent) => {
    const at = place(event);
    if (drag) return setDrag([drag[0], at.share]);
    const bar = hit(at);
    setInside(bar);
    pointed.set({ runId: bar?.id });
  };
  const onUp = (event: PointerEvent) => {
    const at = place(event);
    setDrag(undefined);
    if (drag && Math.abs(at.share - drag[0]) * at.width > DRAG_PX) {
      const [a, b] = [drag[0], at.share].sort((one, other) => one - other) as [number, number];
      return onView([from + a * (to - from), from + b * (to - from)]);
    }
    const bar = hit(at);
    if (!bar) return;
    if (event.pointerType === "touch" && runId !== bar.id) return pointed.set({ runId: bar.id });
    onOpen(bar.id, event.metaKey || event.ctrlKey);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && marked) return onOpen(marked.bar.id, event.metaKey || event.ctrlKey);
    const next = nextBar(lanes, marked, event.key);
    if (!next) return;
    event.preventDefault();
    setInside(next);
    pointed.set({ runId: next.id });
    if (next.endMs < from || next.startMs > to) onView(centered(next, from, to, chart));
  };
  const leave = () => {
    setInside(undefined);
    pointed.set({});
  };

  const shareOf = (ms: number): number => (ms - from) / (to - from);
  const shown = marked && marked.bar.endMs >= from && marked.bar.startMs <= to ? marked : undefined;
  return (
    <figure aria-label={chart.summary}>
      <Scroll label="Timeline of agents" className="max-h-[34rem] border-line border-y">
        <div className="grid grid-cols-[6.5rem_minmax(0,1fr)] sm:grid-cols-[12rem_minmax(0,1fr)]">
          <div className="sticky top-0 z-20 bg-paper" />
          <div className="sticky top-0 z-20 h-6 overflow-hidden bg-paper @container" aria-hidden="true">
            {axis.scale.ticks.map((tick, i) => (
              <span
                key={tick.at}
                style={{ left: toPercent(tick.at) }}
                className={`figures absolute top-1 whitespace-nowrap text-2xs text-ink-faint ${
                  tick.at < 0.03 ? "" : tick.at > 0.95 ? "-translate-x-full" : "-translate-x-1/2"
                } ${TICK_CLASSES[levels[i] ?? 0]}`}
              >
                {tick.label}
              </span>
            ))}
          </div>
          <ul className="min-w-0 pr-3">
            {chart.agents.map((agent) => (
              <li
                key={agent.id}
                style={{ height: agent.lanes.length * lanePx }}
                title={`${agent.label}: busy ${toShare(agent.utilisation)} of its time`}
                className="flex items-start gap-2 overflow-hidden text-xs"
              >
                {agent.lanes.length * lanePx >= 12 && (
                  <>
                    <span className="min-w-0 grow leading-5">
                      <span className="block truncate">{agent.label}</span>
                      {agent.bySlot && agent.lanes.length * lanePx >= 40 && (
                        <span className="block truncate text-2xs text-ink-faint">
                          {plural(agent.lanes.length, "slot")}
                        </span>
                      )}
                    </span>
                    <span className="figures shrink-0 text-ink-faint leading-5 max-sm:hidden">
                      {toShare(agent.utilisation)}
                    </span>
                  </>
                )}
              </li>
            ))}
          </ul>
          <div className="relative" style={{ height: lanes.length * lanePx }}>
            <div className="absolute inset-0 overflow-hidden">
              {axis.scale.ticks.map((tick) => (
                <span
                  key={tick.at}
                  className="absolute inset-y-0 w-px bg-line"
                  style={{ left: toPercent(tick.at) }}
                />
              ))}
              <PlotCanvas paint={paint} />
              {nowMs !== undefined && nowMs >= from && nowMs <= to && (
                <span
                  data-now=""
                  className="absolute inset-y-0 w-0.5 bg-running-mark"
                  style={{ left: toPercent(shareOf(nowMs)) }}
                  title="Now"
                />
              )}
            </div>
            <div
              role="application"
              aria-label="Runs of each agent. Arrow keys go from run to run and from agent to agent, Enter opens one."
              // biome-ignore lint/a11y/noNoninteractiveTabindex: the bars are reached by keyboard here (WCAG 2.1.1)
              tabIndex={0}
              className="absolute inset-0 cursor-crosshair touch-pan-y focus-visible:outline-offset-[-2px]"
              onPointerMove={onMove}
              onPointerDown={(event) => {
                if (event.button !== 0 || event.pointerType === "touch") return;
                event.currentTarget.setPointerCapture(event.pointerId);
                const { share } = place(event);
                setDrag([share, share]);
              }}
              onPointerUp={onUp}
              onPointerCancel={() => setDrag(undefined)}
              onPointerLeave={() => !drag && leave()}
              onKeyDown={onKey}
              onBlur={leave}
            >
              {drag && drag[0] !== drag[1] && (
                <span
                  className="pointer-events-none absolute inset-y-0 border-focus border-x bg-focus/15"
                  style={{
                    left: toPercent(Math.min(...drag)),
                    right: toPercent(1 - Math.max(...drag)),
                  }}
                />
              )}
              {shown && !drag && (
                <>
                  <span
                    data-pointed={runId}
                    className="pointer-events-none absolute rounded-xs border-2 border-ink"
                    style={{
                      top: shown.lane * lanePx - 1,
                      height: lanePx + 2,
                      left: toPercent(Math.max(0, shareOf(shown.bar.startMs))),
                      right: toPercent(1 - Math.min(1, shareOf(shown.bar.endMs))),
                      minWidth: 5,
                    }}
                  />
                  {inside && (
                    <Tip
                      x={Math.min(1, Math.max(0, shareOf((shown.bar.startMs + shown.bar.endMs) / 2)))}
                      y={1 - (shown.lane + 0.5) / lanes.length}
                      title={shown.bar.label}
                      lines={[
                        ["state", shown.bar.state],
                        [
                          shown.bar.open ? "so far" : "took",
                          formatDuration(
                            (shown.bar.open && nowMs ? nowMs : shown.bar.endMs) - shown.bar.startMs,
                          ),
                        ],
                        ["from", new Date(shown.bar.startMs).toISOString().slice(11, 19)],
                        ...(shown.bar.slot === null ? [] : [["slot", String(shown.bar.slot)] as const]),
                        ...(shown.bar.earlier ? [["attempt", toEnding(shown.bar.earlier)] as const] : []),
                      ]}
                    />
                  )}
                </>
              )}
              <span aria-live="polite" className="sr-only">
                {inside &&
                  shown &&
                  `${shown.bar.label}, ${shown.bar.state}${shown.bar.earlier ? `, attempt ${toEnding(shown.bar.earlier)}` : ""}`}
              </span>
            </div>
          </div>
        </div>
      </Scroll>
      <figcaption className="mt-1.5 flex flex-wrap items-center gap-x-4 gap-y-1 text-ink-faint text-xs">
        {chart.states.map((state) => (
          <span key={state} className="inline-flex items-center gap-1.5">
            <Tile state={state} /> {state}
          </span>
        ))}
        {chart.earlier > 0 && (
          <span className="inline-flex items-center gap-1.5">
            <span className="h-2.5 w-4 bg-ink" style={{ opacity: EARLIER_ALPHA }} /> an attempt that was
            followed by another
          </span>
        )}
        <span className="inline-flex items-center gap-1.5">
          <span className="h-2.5 w-4 bg-quiet-wash" /> idle
        </span>
        {bestId !== undefined && places.has(bestId) && (
          <span className="inline-flex items-center gap-1.5">
            <span className="h-2.5 w-4 border-2 border-best-mark" /> best run
          </span>
        )}
        {nowMs !== undefined && (
          <span className="inline-flex items-center gap-1.5">
            <span className="h-3 w-0.5 bg-running-mark" /> now
          </span>
        )}
        <Showing shown={chart.shown} total={chart.total} why={why} />
      </figcaption>
      <DataTable caption={chart.summary} columns={table.columns} rows={table.rows} />
    </figure>
  );
}

function Tile({ state }: { state: string }) {
  const { color, strokes, strokePx, hollow } = toTile(state);
  return (
    <svg width="18" height="12" viewBox="0 0 18 12" aria-hidden="true">
      <rect
        x={0.75}
        y={0.75}
        width={16.5}
        height={10.5}
        fill={hollow ? "none" : color}
        stroke={color}
        strokeWidth={1.5}
      />
      {strokes !== "" &&
        [0, 6, 12].flatMap((x) =>
          [0, 6].map((y) => (
            <path
              key={`${x} ${y}`}
              d={strokes}
              transform={`translate(${x} ${y})`}
              stroke="var(--paper)"
              strokeWidth={strokePx}
              strokeLinecap="round"
              clipPath="inset(0)"
            />
          )),
        )}
    </svg>
  );
}

/** Tried again since: it is a part of the story, not of the result. */
export const EARLIER_ALPHA = 0.4;

/** "1, lease expired": the one that was followed by another, and why it ended. */
const toEnding = ({ number, reason }: NonNullable<Bar["earlier"]>): string =>
  `${number}, ${reason?.replaceAll("_", " ") ?? "tried again"}`;

const keyOf = ({ id, earlier }: Bar): string => (earlier ? `${id}/${earlier.number}` : id);

const toShare = (share: number): string => `${Math.round(share * 100)} %`;

type Placed = { lane: number; index: number; bar: Bar };

function toPlaces(lanes: readonly Lane[]): ReadonlyMap<string, Placed> {
  const places = new Map<string, Placed>();
  for (const [lane, { bars }] of lanes.entries())
    for (const [index, bar] of bars.entries()) places.set(keyOf(bar), { lane, index, bar });
  return places;
}

function nextBar(lanes: readonly Lane[], from: Placed | undefined, key: string): Bar | undefined {
  if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key)) return undefined;
  if (!from) return lanes.find(({ bars }) => bars.length > 0)?.bars[0];
  const own = lanes[from.lane]?.bars ?? [];
  if (key === "Home") return own[0];
  if (key === "End") return own.at(-1);
  if (key === "ArrowLeft") return own[from.index - 1] ?? from.bar;
  if (key === "ArrowRight") return own[from.index + 1] ?? from.bar;
  const beyond = key === "ArrowDown" ? lanes.slice(from.lane + 1) : lanes.slice(0, from.lane).reverse();
  // Slots that nothing ran in are passed over.
  const lane = beyond.find(({ bars }) => bars.length > 0);
  return lane ? barAt(lane, from.bar.startMs, Number.POSITIVE_INFINITY) : from.bar;
}

/** The stretch moved so that a bar stands in its middle. */
function centered(bar: Bar, from: number, to: number, chart: Timeline): [number, number] {
  const span = to - from;
  const start = Math.min(chart.toMs - span, Math.max(chart.fromMs, (bar.startMs + bar.endMs) / 2 - span / 2));
  return [start, start + span];
}
