import { lineageOf } from "@/core/history/lineage";
import { summarize } from "@/core/history/summary";
import type { Tx } from "@/db/client";
import { type AttemptKey, addToSummaries, deleteSummaries, listAttempts } from "@/db/queries/append-history";
import { findMetricIds } from "@/db/queries/metric-names";
import { readPoints } from "@/db/queries/read-points";
import type { Progress } from "./append-progress";
import { restoreObjective } from "./follow-objective";
import { restoreRungs } from "./follow-rungs";

/**
 * The slow path of logging: what a summary forgot can only be read from the history. Two cases take it: an attempt's
 * first batch says where it resumed (once an attempt), or a batch writes a metric again at the step where the
 * history ended. Measured (bench/metrics-read.ts):
 * 0.15 s for a million points of a metric, most of it their way through the driver.
 */
export async function rebuildSummaries(tx: Tx, progress: Progress): Promise<void> {
  const { runId, attempt, projectId, metricName } = progress.row;
  const metricIds = progress.inherits ? undefined : [...progress.rebuild];
  const points = await readPoints(tx, {
    runId,
    segments: await segmentsOf(tx, progress.row),
    ...(metricIds && { metricIds }),
  });
  const rows = Array.from(points, ([metricId, one]) => ({
    runId,
    attempt,
    metricId,
    summary: summarize(one),
  }));
  await deleteSummaries(tx, { runId, attempt, metricIds: [...points.keys()] });
  if (rows.length > 0) await addToSummaries(tx, rows);
  if (metricName === null) return;
  const sweepMetric = (await findMetricIds(tx, { projectId, names: [metricName] })).get(metricName);
  const followed = sweepMetric === undefined ? undefined : points.get(sweepMetric);
  if (followed === undefined) return;
  await restoreObjective(tx, progress, followed);
  await restoreRungs(tx, progress, followed);
}

/** Which of the metrics have a value at that step already. */
export async function metricsAtStep(
  tx: Tx,
  key: AttemptKey,
  { metricIds, step }: { metricIds: readonly number[]; step: number },
): Promise<number[]> {
  if (metricIds.length === 0) return [];
  const { runId } = key;
  const points = await readPoints(tx, {
    runId,
    segments: await segmentsOf(tx, key),
    metricIds,
    minStep: step,
  });
  return [...points].flatMap(([metricId, { steps }]) => (steps.at(-1) === step ? [metricId] : []));
}

const segmentsOf = async (tx: Tx, { runId, attempt }: AttemptKey) =>
  lineageOf(await listAttempts(tx, runId), attempt);
