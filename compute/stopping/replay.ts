import { crossedRungs, type Rung, type Schedule } from "@/core/history/bands";
import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { EarlyTerminate, Patience, Wilcoxon } from "@/core/sweep-config";
import { type FieldRule, judgeField } from "./judge";
import { judgePatience, type Mark, markAfter } from "./patience";
import type { FieldRun } from "./ranks";
import { scheduleFor } from "./schedule";
import { judgeWilcoxon, meanOf } from "./wilcoxon";

/** One run's finite values of the sweep's metric, with the steps and times (ms) they were logged at; at least one. */
export interface RecordedRun {
  readonly runId: number;
  readonly steps: Float64Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** What would have become of it. */
export interface ReplayedRun {
  readonly runId: number;
  /** Values it would have logged until it was stopped, of all that it logged. */
  readonly kept: number;
  readonly total: number;
  /** What would have stopped it. */
  readonly verdict: Verdict | null;
}

/**
 * Plays recorded runs again under a rule: all values in the order of their times, one at a time, each run as long as the
 * rule lets it. What a stopped run logged afterwards is not seen by the others. Runs begin when they began: that
 * a place gets free earlier is left out.
 */
export function replayStopping(
  rule: EarlyTerminate,
  goal: Goal,
  runs: readonly RecordedRun[],
): ReplayedRun[] {
  const states = new Map(runs.map((run) => [run.runId, openRun(run)]));
  const judge = openJudge(rule, goal, states);
  for (const runId of inOrder(runs)) {
    const state = states.get(runId) as RunState;
    if (state.verdict !== null) continue;
    const at = state.kept++;
    const value = state.run.values[at] as number;
    if (at === 0 || isBetter(goal, value, state.objective)) state.objective = value;
    for (const [stoppedId, verdict] of judge(state, at)) {
      const stopped = states.get(stoppedId) as RunState;
      if (verdict.stop && stopped.verdict === null && stopped.kept < stopped.run.values.length)
        stopped.verdict = verdict;
    }
  }
  return Array.from(states.values(), ({ run, kept, verdict }) => ({
    runId: run.runId,
    kept,
    total: run.values.length,
    verdict,
  }));
}

interface RunState {
  readonly run: RecordedRun;
  kept: number;
  objective: number;
  verdict: Verdict | null;
  readonly rungs: Rung[];
  mark: Mark | null;
}

const openRun = (run: RecordedRun): RunState => ({
  run,
  kept: 0,
  objective: Number.NaN,
  verdict: null,
  rungs: [],
  mark: null,
});

/** The run of each value, by time; of values of one time, by run. */
function inOrder(runs: readonly RecordedRun[]): number[] {
  const all = runs.flatMap(({ runId, times }) => Array.from(times, (time, at) => ({ runId, time, at })));
  // Clocks jump: within a run the order is that of its steps.
  const latest = new Map<number, number>();
  for (const event of all) {
    event.time = Math.max(event.time, latest.get(event.runId) ?? Number.NEGATIVE_INFINITY);
    latest.set(event.runId, event.time);
  }
  return all.sort((a, b) => a.time - b.time || a.runId - b.runId || a.at - b.at).map(({ runId }) => runId);
}

type Judge = (state: RunState, at: number) => Iterable<readonly [number, Verdict]>;

function openJudge(rule: EarlyTerminate, goal: Goal, runs: ReadonlyMap<number, RunState>): Judge {
  if (rule.type === "patience") return (state, at) => byPatience(rule, goal, state, at);
  const schedule = scheduleFor(rule);
  const reached = new Map<number, Arrival[]>();
  return (state, at) => {
    const rung = rungAt(schedule, goal, state, at);
    if (rung === undefined) return [];
    state.rungs.push(rung);
    const there = reached.get(rung.band) ?? [];
    there.push({ state, rung });
    reached.set(rung.band, there);
    return rule.type === "wilcoxon"
      ? byPairs(rule, goal, rung.band, state, there)
      : byField(rule, goal, rung.band, state, { there, gone: goneBefore(rung.band, runs) });
  };
}

interface Arrival {
  readonly state: RunState;
  readonly rung: Rung;
}

function rungAt(schedule: Schedule, goal: Goal, { run, objective }: RunState, at: number): Rung | undefined {
  const before = schedule.by === "count" ? at : at === 0 ? 0 : (run.steps[at - 1] as number);
  const one = { steps: run.steps.subarray(at, at + 1), values: run.values.subarray(at, at + 1) };
  return crossedRungs(schedule, goal, { position: before, best: objective }, one)[0];
}

function byField(
  rule: FieldRule,
  goal: Goal,
  band: number,
  newcomer: RunState,
  { there, gone }: { readonly there: readonly Arrival[]; readonly gone: number },
): Map<number, Verdict> {
  const field = there.map(({ state, rung }): FieldRun => {
    const { run, rungs, objective, verdict, kept } = state;
    const isUnderWay = verdict === null && kept < run.values.length;
    return { ...rung, runId: run.runId, objective, judged: isUnderWay && rungs.at(-1) === rung };
  });
  return judgeField(rule, goal, band, { field, gone }, new Set([newcomer.run.runId]));
}

/** Of the runs that were stopped, those that had not come to the band. */
function goneBefore(band: number, runs: ReadonlyMap<number, RunState>): number {
  let gone = 0;
  for (const { verdict, rungs } of runs.values())
    if (verdict !== null && (rungs.at(-1)?.band ?? 0) < band) gone++;
  return gone;
}

function byPairs(
  rule: Wilcoxon,
  goal: Goal,
  band: number,
  newcomer: RunState,
  there: readonly Arrival[],
): [number, Verdict][] {
  const others = there.filter(({ state }) => state !== newcomer).map(({ state }) => valuesUpTo(state, band));
  let best: number[] = [];
  for (const values of others)
    if (best.length === 0 || isBetter(goal, meanOf(values), meanOf(best))) best = values;
  const pairs = { own: valuesUpTo(newcomer, band), best, others: others.length };
  return [[newcomer.run.runId, judgeWilcoxon(rule, goal, band, pairs)]];
}

const valuesUpTo = ({ rungs }: RunState, band: number): number[] =>
  rungs.filter((rung) => rung.band <= band).map(({ value }) => value);

function byPatience(rule: Patience, goal: Goal, state: RunState, at: number): [number, Verdict][] {
  const one = { steps: state.run.steps.subarray(at, at + 1), values: state.run.values.subarray(at, at + 1) };
  const { count, mark, last } = markAfter(rule, goal, { count: at, mark: state.mark }, one);
  state.mark = mark;
  return mark === null || last === null
    ? []
    : [[state.run.runId, judgePatience(rule, { count, mark, last })]];
}
