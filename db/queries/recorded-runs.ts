import type { Points } from "@/core/history/column";
import { lineageOf } from "@/core/history/lineage";
import type { RunState } from "@/core/run";
import type { Goal } from "@/core/sweep";
import type { Sql, Tx } from "../client";
import { listAttempts } from "./append-history";
import { findMetricIds } from "./metric-names";
import { readPoints } from "./read-points";

export interface RecordedSweep {
  projectId: number;
  metricName: string | null;
  goal: Goal;
  /** `serializeConfig` of the configuration in force. */
  config: string;
}

export async function readRecordedSweep(sql: Sql | Tx, sweepId: string): Promise<RecordedSweep | undefined> {
  const rows = await sql<RecordedSweep[]>`
    select s.project_id as "projectId", s.metric_name as "metricName", coalesce(s.metric_goal, 'minimize') as goal,
      g.config::text as config
    from sweeps s join sweep_generations g on g.sweep_id = s.id and g.generation = s.generation
    where s.id = ${sweepId}`;
  return rows[0];
}

/** Of a sweep, with whether retention has taken its history away. */
export async function listRecordedRuns(
  sql: Sql | Tx,
  sweepId: string,
): Promise<{ runId: number; attempt: number; state: RunState; dropped: boolean }[]> {
  return sql<{ runId: number; attempt: number; state: RunState; dropped: boolean }[]>`
    select id as "runId", attempt, state, history_dropped_at is not null as dropped from runs
    where sweep_id = ${sweepId} and deleted_at is null order by id`;
}

/** All that a run logged of one metric, as its page shows it; undefined when it never did. */
export async function readMetricPoints(
  tx: Tx,
  {
    projectId,
    metricName,
    runId,
    attempt,
  }: {
    projectId: number;
    metricName: string;
    runId: number;
    attempt: number;
  },
): Promise<Points | undefined> {
  const metricId = (await findMetricIds(tx, { projectId, names: [metricName] })).get(metricName);
  if (metricId === undefined) return undefined;
  const segments = lineageOf(await listAttempts(tx, runId), attempt);
  return (await readPoints(tx, { runId, segments, metricIds: [metricId] })).get(metricId);
}
