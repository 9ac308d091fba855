import { group } from "d3";
import { formatDuration, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { toTimeScale } from "./place";

/** A run as the timeline sees it; times are ms since the epoch. */
export interface TimedRun {
  readonly id: string;
  readonly label: string;
  readonly state: string;
  readonly startMs: number;
  /** Null while it goes on. */
  readonly endMs: number | null;
  readonly agent: { readonly id: string; readonly host: string } | null;
  /** Of its agent's slots, from 0; null where that has one alone, and where nobody has told. */
  readonly slot?: number | null;
  /** An attempt that was followed by another one: which, and why it ended. */
  readonly earlier?: { readonly number: number; readonly reason: string | null };
}

export interface TimedAgent {
  readonly id: string;
  readonly host: string;
  readonly slots: number;
  readonly fromMs: number;
  /** Null while it is alive. */
  readonly toMs: number | null;
}

export interface TimelineInput {
  /** Those that have started. */
  readonly runs: readonly TimedRun[];
  readonly agents: readonly TimedAgent[];
  /** Where runs under way end for now. */
  readonly nowMs: number;
  /** Runs that exist, those that have not started among them. */
  readonly total: number;
}

export interface Bar {
  readonly id: string;
  readonly label: string;
  readonly state: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly open: boolean;
  readonly slot: number | null;
  /** It was tried again afterwards. */
  readonly earlier?: { readonly number: number; readonly reason: string | null };
}

export interface Lane {
  /** Of one agent's lanes the first is 1; where slots are known, its slot and one. */
  readonly place: number;
  /** By their start; none overlaps another. */
  readonly bars: readonly Bar[];
}

export interface AgentLanes {
  readonly id: string;
  readonly label: string;
  readonly lanes: readonly Lane[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly runs: number;
  readonly busyMs: number;
  /** Of what its slots could have worked, 0 to 1. */
  readonly utilisation: number;
  readonly longestPauseMs: number;
  /** Its lanes are its slots. */
  readonly bySlot: boolean;
}

export interface Timeline {
  readonly agents: readonly AgentLanes[];
  readonly laneCount: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly states: readonly string[];
  /** Bars of attempts that were followed by others. */
  readonly earlier: number;
  readonly summary: string;
  readonly shown: number;
  readonly total: number;
}

/** Who worked on what, and when; undefined before the first run has started. */
export function prepareTimeline(input: TimelineInput): Timeline | undefined {
  const { runs, nowMs } = input;
  if (runs.length === 0) return undefined;
  const byAgent = group(runs, (run) => run.agent?.id ?? "");
  const known = new Map(input.agents.map((agent) => [agent.id, agent]));
  const agents = [...byAgent]
    .map(([id, own]) => toAgent(id, own, known.get(id), nowMs))
    .sort((a, b) => a.fromMs - b.fromMs || a.label.localeCompare(b.label, "en", { numeric: true }));
  const told = tellApart(agents);
  const shown = countRuns(runs);
  const fromMs = Math.min(...agents.map((agent) => agent.fromMs));
  const toMs = Math.max(fromMs + 1_000, ...agents.map((agent) => agent.toMs));
  return {
    agents: told,
    laneCount: agents.reduce((sum, { lanes }) => sum + lanes.length, 0),
    fromMs,
    toMs,
    states: [...new Set(runs.map(({ state }) => state))].sort(),
    earlier: runs.filter((run) => run.earlier).length,
    summary: toSummary(told, shown, toMs - fromMs),
    shown,
    total: input.total,
  };
}

export const toTimelineAxis = (fromMs: number, toMs: number): Axis => ({
  label: "time, UTC",
  scale: toTimeScale([fromMs, toMs], 7),
});

function toAgent(
  id: string,
  runs: readonly TimedRun[],
  agent: TimedAgent | undefined,
  nowMs: number,
): AgentLanes {
  const bySlot = runs.some(({ slot = null }) => slot !== null);
  const lanes = toLanes(runs, nowMs, bySlot ? Math.min(agent?.slots ?? 1, MOST_EMPTY_LANES) : 0);
  const bars = lanes.flatMap((lane) => lane.bars);
  const first = bars.reduce((least, bar) => Math.min(least, bar.startMs), Number.POSITIVE_INFINITY);
  const last = bars.reduce((most, bar) => Math.max(most, bar.endMs), Number.NEGATIVE_INFINITY);
  const fromMs = Math.min(first, agent?.fromMs ?? first);
  const toMs = Math.max(last, agent ? (agent.toMs ?? nowMs) : last);
  const busyMs = bars.reduce((sum, bar) => sum + bar.endMs - bar.startMs, 0);
  const slots = Math.max(lanes.length, agent?.slots ?? 1);
  return {
    id,
    label: agent?.host ?? runs[0]?.agent?.host ?? "by nobody known",
    lanes,
    fromMs,
    toMs,
    runs: countRuns(runs),
    bySlot,
    busyMs,
    utilisation: toMs > fromMs ? Math.min(1, busyMs / (slots * (toMs - fromMs))) : 1,
    longestPauseMs: lanes.reduce((most, lane) => Math.max(most, longestPause(lane.bars)), 0),
  };
}

/** An agent of more slots than these shows those that it used. */
const MOST_EMPTY_LANES = 64;

const countRuns = (runs: readonly TimedRun[]): number => new Set(runs.map(({ id }) => id)).size;

/**
 * Each run into the lane of its slot, else into the first lane that is free when it starts: as many lanes as ever ran at once, or
 * as the agent has slots. A clock that went back may put two runs into one slot at once: the second one takes a free lane then.
 */
function toLanes(runs: readonly TimedRun[], nowMs: number, slots: number): Lane[] {
  const lanes: { place: number; bars: Bar[]; endMs: number }[] = [];
  const laneOf = (place: number) => {
    for (let next = lanes.length + 1; next <= place; next++)
      lanes.push({ place: next, bars: [], endMs: Number.NEGATIVE_INFINITY });
    return lanes[place - 1];
  };
  laneOf(slots);
  for (const run of runs.toSorted((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1))) {
    const endMs = Math.max(run.startMs, run.endMs ?? nowMs);
    const slot = run.slot ?? null;
    const own = slot === null ? undefined : laneOf(slot + 1);
    const lane =
      own && own.endMs <= run.startMs
        ? own
        : (lanes.find((one) => one.endMs <= run.startMs) ?? laneOf(lanes.length + 1));
    if (!lane) continue;
    lane.endMs = endMs;
    lane.bars.push({
      id: run.id,
      label: run.label,
      state: run.state,
      startMs: run.startMs,
      endMs,
      open: run.endMs === null,
      slot,
      ...(run.earlier && { earlier: run.earlier }),
    });
  }
  return lanes;
}

const longestPause = (bars: readonly Bar[]): number =>
  bars.reduce((most, bar, i) => {
    const before = bars[i - 1];
    return before ? Math.max(most, bar.startMs - before.endMs) : most;
  }, 0);

/** Agents on one machine get numbers. */
function tellApart(agents: readonly AgentLanes[]): AgentLanes[] {
  const counts = new Map<string, number>();
  const twice = new Set<string>();
  for (const { label } of agents) {
    if (counts.has(label)) twice.add(label);
    counts.set(label, 0);
  }
  return agents.map((agent) => {
    if (!twice.has(agent.label)) return agent;
    const number = (counts.get(agent.label) ?? 0) + 1;
    counts.set(agent.label, number);
    return { ...agent, label: `${agent.label} (${number})` };
  });
}

function toSummary(agents: readonly AgentLanes[], runs: number, spanMs: number): string {
  const busy = agents.reduce((sum, agent) => sum + agent.busyMs, 0);
  const able = agents.reduce(
    (sum, agent) => sum + (agent.utilisation > 0 ? agent.busyMs / agent.utilisation : 0),
    0,
  );
  const share = able > 0 ? `, busy ${Math.round((100 * busy) / able)} % of their time` : "";
  const pause = agents.reduce((most, agent) => (agent.longestPauseMs > most.longestPauseMs ? agent : most));
  const longest =
    pause.longestPauseMs >= 1_000
      ? ` The longest pause was ${formatDuration(pause.longestPauseMs)}, on ${pause.label}.`
      : "";
  return `${plural(agents.length, "agent")} worked on ${plural(runs, "run")} in ${formatDuration(spanMs)}${share}.${longest}`;
}

/** The bar of a lane at a moment, or the nearest one within `reachMs`. */
export function barAt(lane: Lane, atMs: number, reachMs: number): Bar | undefined {
  let [low, high] = [0, lane.bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lane.bars[middle]?.startMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [lane.bars[low - 1], lane.bars[low]];
  const gap = (bar: Bar | undefined): number =>
    bar === undefined ? Number.POSITIVE_INFINITY : Math.max(0, bar.startMs - atMs, atMs - bar.endMs);
  const nearer = gap(before) <= gap(after) ? before : after;
  return gap(nearer) <= reachMs ? nearer : undefined;
}

/** A part of the whole, about a place in it: `factor` 0.5 shows half as long a stretch. Never outside the whole. */
export function zoomWindow(
  view: readonly [number, number],
  whole: readonly [number, number],
  factor: number,
  aboutMs = (view[0] + view[1]) / 2,
): [number, number] {
  const span = Math.min(whole[1] - whole[0], Math.max(1_000, (view[1] - view[0]) * factor));
  const share = (aboutMs - view[0]) / Math.max(1, view[1] - view[0]);
  return keepWithin([aboutMs - share * span, aboutMs + (1 - share) * span], whole);
}

/** Moved by a share of its own length. */
export function panWindow(
  [from, to]: readonly [number, number],
  whole: readonly [number, number],
  share: number,
): [number, number] {
  const by = (to - from) * share;
  return keepWithin([from + by, to + by], whole);
}

function keepWithin([from, to]: [number, number], whole: readonly [number, number]): [number, number] {
  const span = Math.min(to - from, whole[1] - whole[0]);
  const start = Math.min(whole[1] - span, Math.max(whole[0], from));
  return [start, start + span];
}
