import type { RunState } from "@/core/run";
import type { SweepState } from "@/core/sweep";
import { formatCount, formatRoughly } from "@/ui/format";

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  readonly crashed: number;
  readonly killed: number;
  readonly preempting: number;
  readonly preempted: number;
}

export interface ProgressInput {
  readonly state: SweepState;
  readonly counts: Counts;
  /** Runs the sweep will have: run_cap or the number of grid points, whichever is smaller; undefined without an end. */
  readonly goal?: number;
  readonly aliveAgents: number;
  /** Ends of the latest finished runs, any order; ms since the epoch. */
  readonly recentEndsMs: readonly number[];
  readonly nowMs: number;
  /** Runs by ordinal, when all of them are at hand. */
  readonly cells?: readonly { readonly state: RunState; readonly label: string; readonly best: boolean }[];
}

export type Tone = "good" | "running" | "bad" | "crash" | "quiet" | "empty";

export interface Segment {
  readonly tone: Tone;
  readonly count: number;
  readonly label: string;
  /** Share of the whole strip. */
  readonly share: number;
}

export interface Cell {
  readonly tone: Tone;
  readonly best: boolean;
  readonly title: string;
}

export interface Progress {
  readonly done: number;
  /** "82 / 120", or "82" for a sweep without an end. */
  readonly text: string;
  /** Absent for a sweep without an end. */
  readonly percent?: number;
  /** No end is set, and it goes on: what is done is a share of nothing. */
  readonly open: boolean;
  /** "about 4 min left", "no agent is connected", ... ; absent when there is nothing true to say. */
  readonly outlook?: string;
  readonly segments: readonly Segment[];
  /** One cell a run, where there are few enough to tell them apart. */
  readonly cells?: readonly Cell[];
  readonly summary: string;
}

/** A run each 4 px on a phone; beyond that, shares tell more than slivers. */
const MOST_CELLS = 180;

export function prepareProgress(input: ProgressInput): Progress {
  const { counts, goal } = input;
  const done = counts.finished + counts.failed + counts.crashed + counts.killed;
  const whole = Math.max(goal ?? counts.total, counts.total);
  const percent = goal === undefined || whole === 0 ? undefined : Math.floor((100 * done) / whole);
  const text =
    goal === undefined ? formatCount(done) : `${formatCount(done)}${NARROW}/${NARROW}${formatCount(whole)}`;
  const segments = toSegments(counts, whole);
  const outlook = toOutlook(input, done, whole);
  const parts = segments.filter((s) => s.tone !== "empty").map((s) => `${formatCount(s.count)} ${s.label}`);
  const cells = toCells(input, whole);
  return {
    done,
    text,
    ...(percent !== undefined && { percent }),
    open: goal === undefined && input.state !== "finished" && input.state !== "canceled",
    ...(outlook && { outlook }),
    segments,
    ...(cells && { cells }),
    summary: [
      goal === undefined
        ? `${formatCount(done)} runs done`
        : `${formatCount(done)} of ${formatCount(whole)} runs done`,
      ...(parts.length > 0 ? [parts.join(", ")] : []),
      ...(outlook ? [outlook] : []),
    ].join("; "),
  };
}

const NARROW = "\u2009";

function toSegments(counts: Counts, whole: number): Segment[] {
  const waiting = counts.pending + counts.preempted;
  const rows: [Tone, number, string][] = [
    ["good", counts.finished, "finished"],
    ["bad", counts.failed, "failed"],
    ["crash", counts.crashed, "crashed"],
    ["quiet", counts.killed, "killed"],
    ["running", counts.running + counts.preempting, "running"],
    ["empty", waiting, "waiting"],
    ["empty", Math.max(0, whole - counts.total), "to come"],
  ];
  return rows
    .filter(([, count]) => count > 0)
    .map(([tone, count, label]) => ({ tone, count, label, share: whole === 0 ? 0 : count / whole }));
}

function toCells(input: ProgressInput, whole: number): Cell[] | undefined {
  const { cells } = input;
  if (!cells || whole === 0 || whole > MOST_CELLS || cells.length < input.counts.total) return undefined;
  const drawn: Cell[] = cells.map(({ state, label, best }) => ({
    tone: TONES[state],
    best,
    title: `${label}: ${state}${best ? ", the best so far" : ""}`,
  }));
  for (let i = drawn.length; i < whole; i++) drawn.push({ tone: "empty", best: false, title: "to come" });
  return drawn;
}

export const TONES: Readonly<Record<RunState, Tone>> = {
  pending: "empty",
  running: "running",
  preempting: "running",
  preempted: "empty",
  finished: "good",
  failed: "bad",
  crashed: "crash",
  killed: "quiet",
};

/** Fewer ends than this say nothing about the speed. */
const FEWEST_ENDS = 3;

function toOutlook(input: ProgressInput, done: number, whole: number): string | undefined {
  if (input.state === "finished" || input.state === "canceled") return undefined;
  if (input.state === "paused")
    return input.counts.running + input.counts.preempting > 0 ? "runs in progress will end" : undefined;
  if (input.aliveAgents === 0) return input.counts.total === 0 ? undefined : "no agent is connected";
  if (input.goal === undefined) return undefined;
  const leftMs = timeLeftMs(input.recentEndsMs, input.nowMs, whole - done);
  return leftMs === undefined ? undefined : `${formatRoughly(leftMs)} left`;
}

/**
 * The recent pace carried on: the last ends, and the silence since the last of them when it is longer than usual
 * (agents that left slow the estimate within seconds, not after the next end).
 */
export function timeLeftMs(endsMs: readonly number[], nowMs: number, left: number): number | undefined {
  if (left <= 0) return 0;
  const ends = endsMs.toSorted((a, b) => b - a).slice(0, 30);
  const newest = ends[0];
  const oldest = ends.at(-1);
  if (newest === undefined || oldest === undefined || ends.length < FEWEST_ENDS) return undefined;
  const pace = Math.max((newest - oldest) / (ends.length - 1), 1);
  const silence = Math.max(0, nowMs - newest);
  const slowed = silence > 2 * pace ? (newest - oldest + silence) / ends.length : pace;
  return slowed * left;
}
