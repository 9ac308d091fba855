import { judgePatience, type Mark, markAfter } from "@/compute/stopping/patience";
import { crossedRungs, type Rung } from "@/core/history/bands";
import { concatPoints, type Points, toPoints } from "@/core/history/column";
import type { Goal } from "@/core/sweep";
import type { Patience } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import { writeAveragedRungs } from "@/db/queries/rung-means";
import {
  deleteOtherRungs,
  markStopped,
  type RungRow,
  readCounts,
  readHighestBand,
  readLastRungs,
  writeRungs,
} from "@/db/queries/rungs";
import { isDeciding, type Progress, type Stopping } from "./append-progress";
import { type Followed, follow } from "./follow-objective";

/** The rungs that runs reach with a group of batches, and what their rule has to look at afterwards (judge.ts). */

interface Watched extends Followed {
  readonly stopping: Stopping;
  /** Before the group. */
  readonly before: Before;
}

/** Finite values so far, the step of the last one, the best of them; under patience, where the run last improved. */
interface Before {
  readonly count: number;
  readonly lastStep: number | null;
  readonly best: number | null;
  readonly mark: Mark | null;
}

const NOTHING: Before = { count: 0, lastStep: null, best: null, mark: null };

/** What was there before the group is written; nothing is asked where no sweep has early stopping. */
export async function lookBefore(tx: Tx, moved: readonly Progress[]): Promise<Watched[]> {
  const watched = follow(moved).flatMap((one) => {
    const { stopping } = one.progress;
    return stopping === null ? [] : [{ ...one, stopping }];
  });
  if (watched.length === 0) return [];
  const toKey = ({ progress: { row }, metricId }: Followed) => ({
    runId: row.runId,
    attempt: row.attempt,
    metricId,
  });
  const patient = watched.filter(({ stopping }) => stopping.schedule === null);
  const [counts, marks] = await Promise.all([
    readCounts(tx, watched.map(toKey)),
    patient.length === 0 ? [] : readLastRungs(tx, patient.map(toKey)),
  ]);
  const countOf = new Map(counts.map((row) => [row.runId, row]));
  const markOf = new Map(marks.map((row) => [row.runId, row]));
  return watched.map((one) => {
    const { runId, objective } = one.progress.row;
    const { count = 0, lastStep = null } = countOf.get(runId) ?? {};
    return { ...one, before: { count, lastStep, best: objective, mark: markOf.get(runId) ?? null } };
  });
}

/** @param watched from `lookBefore` */
export async function followRungs(tx: Tx, watched: readonly Watched[]): Promise<void> {
  const rows: RungRow[] = [];
  const averaged: RungRow[] = [];
  for (const { progress, goal, metricId, stopping, before } of watched) {
    const rungs = reach(progress, stopping, goal, before, takenPoints(progress, metricId));
    (comparesMeans(stopping) ? averaged : rows).push(...toRungRows(progress, rungs));
    if (before.mark !== null && rungs.length > 0) await keepOnly(tx, progress, rungs);
  }
  if (rows.length === 0 && averaged.length === 0) return;
  if (rows.length > 0) await writeRungs(tx, rows);
  if (averaged.length > 0) await writeAveragedRungs(tx, averaged);
  await moveMarks(
    tx,
    watched.map(({ progress }) => progress),
  );
}

/** Runs that were asked to stop and have not heard of it may come further. */
async function moveMarks(tx: Tx, moved: readonly Progress[]): Promise<void> {
  const asked = moved.filter(({ row }) => row.stopRequested === "early").map(({ row }) => row);
  if (asked.length > 0) await markStopped(tx, asked);
}

/** The same from the whole history, when it was rewritten or inherited. */
export async function restoreRungs(tx: Tx, progress: Progress, points: Points): Promise<void> {
  const { stopping, row } = progress;
  const { metricGoal: goal } = row;
  if (goal === null || stopping === null || !isDeciding(progress)) return;
  const former = await readHighestBand(tx, row.runId);
  const rungs = reach(progress, stopping, goal, NOTHING, points);
  // Hyperband looks at a run again and again, the others once at each band, whichever attempt came there.
  const last = rungs.at(-1);
  const isKnown = last !== undefined && stopping.rule.type !== "hyperband" && last.band <= former;
  if (stopping.schedule !== null && (last === undefined || isKnown)) progress.look = undefined;
  await keepOnly(tx, progress, rungs);
  const write = comparesMeans(stopping) ? writeAveragedRungs : writeRungs;
  if (rungs.length > 0) await write(tx, toRungRows(progress, rungs));
  await moveMarks(tx, [progress]);
}

/** The rungs that these points reach; notes on the way what is to be looked at. */
function reach(
  progress: Progress,
  { rule, schedule }: Stopping,
  goal: Goal,
  before: Before,
  points: Points,
): Rung[] {
  if (rule.type === "patience") return improve(progress, rule, goal, before, points);
  if (schedule === null) return [];
  const { count, lastStep, best } = before;
  const position = schedule.by === "count" ? count : (lastStep ?? 0);
  const rungs = crossedRungs(schedule, goal, { position, best }, points);
  const last = rungs.at(-1);
  if (last) progress.look = { rung: last };
  return rungs;
}

/** Patience keeps one rung a run: where it last improved. */
function improve(
  progress: Progress,
  rule: Patience,
  goal: Goal,
  { count: earlier, mark: former }: Before,
  points: Points,
): Mark[] {
  const { count, mark, last } = markAfter(rule, goal, { count: earlier, mark: former }, points);
  if (mark === null || last === null) return [];
  progress.look = { verdict: judgePatience(rule, { count, mark, last }) };
  return mark === former ? [] : [mark];
}

const comparesMeans = ({ rule }: Stopping): boolean => rule.type === "wilcoxon";

const keepOnly = (tx: Tx, { row }: Progress, rungs: readonly Rung[]): Promise<void> =>
  row.sweepId === null ? Promise.resolve() : deleteOtherRungs(tx, { ...row, sweepId: row.sweepId }, rungs);

function takenPoints({ taken }: Progress, metricId: number): Points {
  return concatPoints(
    taken.flatMap(({ batch, packed }) =>
      packed.series
        .filter((series) => series.metricId === metricId)
        .map(({ column }) => toPoints(batch.axis, column)),
    ),
  );
}

function toRungRows({ row }: Progress, rungs: readonly Rung[]): RungRow[] {
  const { runId, attempt, sweepId } = row;
  return sweepId === null ? [] : rungs.map((rung) => ({ ...rung, runId, attempt, sweepId }));
}
