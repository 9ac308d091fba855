import { crossedRungs } from "@/core/history/bands";
import { concatPoints, type Points, toPoints } from "@/core/history/column";
import { type Summary, summarize } from "@/core/history/summary";
import { type Goal, isBetter, reachesTarget } from "@/core/sweep";
import type { Tx } from "@/db/client";
import {
  deleteRungsAbove,
  type RungRow,
  readCounts,
  writeObjectives,
  writeRungs,
} from "@/db/queries/append-history";
import { isDeciding, type Progress } from "./append-progress";

/**
 * What the sweep's metric means beyond its history: the run's objective (best finite value of the history it shows),
 * rungs for early stopping, and the target that ends the sweep. Current attempts only, until they end. The sweep itself is ended after
 * the commit (its row is locked before any run's, never after), and by the background if this server dies in between.
 */

interface Followed {
  readonly progress: Progress;
  readonly metricId: number;
  readonly goal: Goal;
}

interface Objective {
  readonly progress: Progress;
  readonly value: number | null;
  readonly step: number | null;
}

/** Attempts that logged the metric of their sweep, as far as their summaries are simply added to. */
function follow(moved: readonly Progress[]): Followed[] {
  return moved.flatMap((progress) => {
    const { metricName, metricGoal } = progress.row;
    if (metricName === null || metricGoal === null || !isDeciding(progress) || progress.inherits) return [];
    const metricId = metricIdOf(progress, metricName);
    if (metricId === undefined || progress.rebuild.has(metricId)) return [];
    return [{ progress, metricId, goal: metricGoal }];
  });
}

const metricIdOf = ({ taken }: Progress, name: string): number | undefined =>
  taken.find((item) => item.metricIds.has(name))?.metricIds.get(name);

/** Finite values of the sweep's metric before this group, for runs under early stopping. */
export async function countsBefore(tx: Tx, moved: readonly Progress[]): Promise<Map<Progress, number>> {
  const watched = follow(moved).filter(({ progress }) => progress.bands.length > 0);
  if (watched.length === 0) return new Map();
  const rows = await readCounts(
    tx,
    watched.map(({ progress: { row }, metricId }) => ({ runId: row.runId, attempt: row.attempt, metricId })),
  );
  const known = new Map(rows.map((row) => [row.runId, row.count]));
  return new Map(watched.map(({ progress }) => [progress, known.get(progress.row.runId) ?? 0]));
}

/** @param counts from `countsBefore` */
export async function followObjectives(
  tx: Tx,
  moved: readonly Progress[],
  counts: ReadonlyMap<Progress, number>,
): Promise<void> {
  const objectives: Objective[] = [];
  const rungs: RungRow[] = [];
  for (const { progress, metricId, goal } of follow(moved)) {
    const { row, bands } = progress;
    const count = counts.get(progress);
    if (count !== undefined) {
      const before = { count, best: row.objective };
      rungs.push(...toRungRows(progress, crossedRungs(bands, goal, before, takenPoints(progress, metricId))));
    }
    const found = bestOf(progress.summaries.get(metricId), goal);
    if (found !== undefined && (row.objective === null || isBetter(goal, found.value, row.objective)))
      objectives.push({ progress, ...found });
  }
  if (rungs.length > 0) await writeRungs(tx, rungs);
  if (objectives.length > 0) await setObjectives(tx, objectives);
}

/** The same from the whole history, when it was rewritten or inherited. */
export async function restoreObjective(tx: Tx, progress: Progress, points: Points): Promise<void> {
  const { row, bands } = progress;
  const { metricGoal: goal, sweepId, runId, attempt } = row;
  if (goal === null || sweepId === null || !isDeciding(progress)) return;
  const summary = summarize(points);
  const { value, step } = bestOf(summary, goal) ?? { value: null, step: null };
  if (bands.length > 0) {
    await deleteRungsAbove(tx, { sweepId, runId, attempt, count: summary.count });
    const rungs = toRungRows(progress, crossedRungs(bands, goal, { count: 0, best: null }, points));
    if (rungs.length > 0) await writeRungs(tx, rungs);
  }
  if (value !== row.objective) await setObjectives(tx, [{ progress, value, step }]);
}

async function setObjectives(tx: Tx, objectives: readonly Objective[]): Promise<void> {
  await writeObjectives(
    tx,
    objectives.map(({ progress, value, step }) => ({
      runId: progress.row.runId,
      objective: value,
      objectiveStep: step,
    })),
  );
  for (const { progress, value } of objectives) {
    const last = progress.answers.at(-1);
    if (last)
      Object.assign(last, { objectiveChanged: true, targetReached: targetReached(progress.row, value) });
  }
}

/** Has the run's best value reached what the sweep asked for? Without a target, never. */
function targetReached(
  { metricGoal, metricTarget }: { metricGoal: Goal | null; metricTarget: number | null },
  value: number | null,
): boolean {
  return (
    metricGoal !== null &&
    metricTarget !== null &&
    value !== null &&
    reachesTarget(metricGoal, value, metricTarget)
  );
}

function bestOf(
  summary: Summary | undefined,
  goal: Goal,
): { value: number; step: number | null } | undefined {
  if (summary === undefined || summary.min === null || summary.max === null) return undefined;
  return goal === "minimize"
    ? { value: summary.min, step: summary.minStep }
    : { value: summary.max, step: summary.maxStep };
}

function takenPoints({ taken }: Progress, metricId: number): Points {
  return concatPoints(
    taken.flatMap(({ batch, packed }) =>
      packed.series
        .filter((series) => series.metricId === metricId)
        .map(({ column }) => toPoints(batch.axis, column)),
    ),
  );
}

function toRungRows({ row }: Progress, rungs: ReturnType<typeof crossedRungs>): RungRow[] {
  const { runId, attempt, sweepId } = row;
  return sweepId === null ? [] : rungs.map((rung) => ({ ...rung, runId, attempt, sweepId }));
}
