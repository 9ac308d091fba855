import type { Points } from "@/core/history/column";
import { type Summary, summarize } from "@/core/history/summary";
import { type Goal, isBetter, reachesTarget } from "@/core/sweep";
import type { Tx } from "@/db/client";
import { writeObjectives } from "@/db/queries/append-history";
import { isDeciding, type Progress } from "./append-progress";

/**
 * What the sweep's metric means beyond its history: the run's objective (best finite value of the history it shows)
 * and the target that ends the sweep (what early stopping makes of it: follow-rungs.ts). Current attempts only, until they
 * end. The sweep itself is ended after the commit (its row is locked before any run's, never after), and by the background
 * if this server dies in between.
 */

export interface Followed {
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
export function follow(moved: readonly Progress[]): Followed[] {
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

export async function followObjectives(tx: Tx, moved: readonly Progress[]): Promise<void> {
  const objectives: Objective[] = [];
  for (const { progress, metricId, goal } of follow(moved)) {
    const { row } = progress;
    const found = bestOf(progress.summaries.get(metricId), goal);
    if (found !== undefined && (row.objective === null || isBetter(goal, found.value, row.objective)))
      objectives.push({ progress, ...found });
  }
  if (objectives.length > 0) await setObjectives(tx, objectives);
}

/** The same from the whole history, when it was rewritten or inherited. */
export async function restoreObjective(tx: Tx, progress: Progress, points: Points): Promise<void> {
  const { metricGoal: goal, objective } = progress.row;
  if (goal === null || !isDeciding(progress)) return;
  const { value, step } = bestOf(summarize(points), goal) ?? { value: null, step: null };
  if (value !== objective) await setObjectives(tx, [{ progress, value, step }]);
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
