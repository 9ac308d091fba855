import { crossedRungs, type Rung, type Schedule } from "@/core/history/bands";
import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { EarlyTerminate, Hyperband, Patience, Wilcoxon } from "@/core/sweep-config";
import { judgePatience, type Mark, markAfter } from "./patience";
import { type FieldRule, measureOf } from "./place";
import { scheduleFor } from "./schedule";
import { SortedValues } from "./sorted-values";
import { Standing } from "./standing";
import { judgeWilcoxon, meanOf } from "./wilcoxon";
import { WorstFirst } from "./worst-first";

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
  const judge = openJudge(rule, goal);
  for (const runId of inOrder(runs)) {
    const state = states.get(runId) as RunState;
    if (state.verdict !== null) continue;
    const at = state.kept++;
    const value = state.run.values[at] as number;
    if (at === 0 || isBetter(goal, value, state.objective)) state.objective = value;
    for (const [judged, verdict] of judge(state, at))
      if (verdict.stop && isUnderWay(judged)) judged.verdict = verdict;
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

type Judge = (state: RunState, at: number) => Iterable<readonly [RunState, Verdict]>;

function openJudge(rule: EarlyTerminate, goal: Goal): Judge {
  if (rule.type === "patience") return (state, at) => byPatience(rule, goal, state, at);
  const schedule = scheduleFor(rule);
  const look = rule.type === "wilcoxon" ? byPairs(rule, goal) : byField(rule, goal);
  return (state, at) => {
    const rung = rungAt(schedule, goal, state, at);
    if (rung === undefined) return [];
    state.rungs.push(rung);
    return look(state, rung);
  };
}

function rungAt(schedule: Schedule, goal: Goal, { run, objective }: RunState, at: number): Rung | undefined {
  const before = schedule.by === "count" ? at : at === 0 ? 0 : (run.steps[at - 1] as number);
  const one = { steps: run.steps.subarray(at, at + 1), values: run.values.subarray(at, at + 1) };
  return crossedRungs(schedule, goal, { position: before, best: objective }, one)[0];
}

/** A run that has come to a rung. */
type Look = (newcomer: RunState, rung: Rung) => (readonly [RunState, Verdict])[];

function byField(rule: FieldRule, goal: Goal): Look {
  const bands = new Map<number, Standing>();
  const measure = measureOf(rule);
  const standingAt = (band: number): Standing => {
    const standing = bands.get(band) ?? new Standing(rule, goal, band);
    bands.set(band, standing);
    return standing;
  };
  if (rule.type === "hyperband") return byHyperband(rule, goal, standingAt);
  const stopped = new SortedValues();
  return (newcomer, rung) => {
    const standing = standingAt(rung.band);
    standing.add(rung[measure]);
    if (!isUnderWay(newcomer)) return [];
    // The last rung of a run that was stopped is the one at which it was: it comes no further here.
    const before = newcomer.rungs.findLast(({ band }) => 2 * band <= rung.band)?.[measure] ?? null;
    const verdict = standing.judge(rung[measure], stopped.below(rung.band), rung[measure], before);
    if (verdict.stop) stopped.add(rung.band);
    return [[newcomer, verdict]];
  };
}

/** Looks again at all that stand at the band, the worst first: most often that is one, who may go on. */
function byHyperband(rule: Hyperband, goal: Goal, standingAt: (band: number) => Standing): Look {
  const waiting = new Map<number, WorstFirst<RunState>>();
  return (newcomer, rung) => {
    const { band } = rung;
    const standing = standingAt(band);
    standing.add(rung.value);
    const judgedBy = (state: RunState) =>
      rule.strict ? (state.rungs.at(-1) as Rung).value : state.objective;
    const there = waiting.get(band) ?? new WorstFirst<RunState>(goal);
    waiting.set(band, there);
    there.push(judgedBy(newcomer), newcomer);
    const threshold = standing.threshold();
    const stopped: [RunState, Verdict][] = [];
    for (let { worst } = there; worst !== undefined; { worst } = there) {
      if (threshold === null || !isBetter(goal, threshold, worst.key)) break;
      const { key, item: state } = worst;
      there.pop();
      const own = state.rungs.at(-1) as Rung;
      if (!isUnderWay(state) || own.band !== band) continue;
      const value = judgedBy(state);
      // It has become better since it came.
      if (value !== key) there.push(value, state);
      else stopped.push([state, standing.judge(own.value, 0, value)]);
    }
    return stopped;
  };
}

const isUnderWay = ({ verdict, kept, run }: RunState): boolean =>
  verdict === null && kept < run.values.length;

function byPairs(rule: Wilcoxon, goal: Goal): Look {
  const reached = new Map<number, { count: number; best: number[]; mean: number }>();
  return (newcomer, { band }) => {
    const { count, best, mean } = reached.get(band) ?? { count: 0, best: [], mean: Number.NaN };
    const own = valuesUpTo(newcomer, band);
    const ownMean = meanOf(own);
    // What a run logged up to here changes no more: of all that came the best one is remembered.
    const leads = count === 0 || isBetter(goal, ownMean, mean);
    reached.set(band, { count: count + 1, best: leads ? own : best, mean: leads ? ownMean : mean });
    return [[newcomer, judgeWilcoxon(rule, goal, band, { own, best, others: count })]];
  };
}

const valuesUpTo = ({ rungs }: RunState, band: number): number[] =>
  rungs.filter((rung) => rung.band <= band).map(({ value }) => value);

function byPatience(rule: Patience, goal: Goal, state: RunState, at: number): [RunState, Verdict][] {
  const one = { steps: state.run.steps.subarray(at, at + 1), values: state.run.values.subarray(at, at + 1) };
  const { count, mark, last } = markAfter(rule, goal, { count: at, mark: state.mark }, one);
  state.mark = mark;
  return mark === null || last === null ? [] : [[state, judgePatience(rule, { count, mark, last })]];
}
