import type { Goal } from "@/core/sweep";
import type { Tx } from "../client";

export interface NewGeneration {
  sweepId: string;
  generation: number;
  name: string;
  method: string;
  metricName: string | null;
  metricGoal: Goal;
  metricTarget: number | null;
  runCap: number | null;
  budgetHours: number | null;
  noImprovement: number | null;
  leastImprovement: number | null;
  /** JSON texts: see db/schema/sweep.ts. */
  metrics: string | null;
  targets: string | null;
  /** Has constraints on metrics. */
  constrained: boolean;
  seed: string;
  /** Points times repeats, decimal; null without an end. */
  size: string | null;
  exhausted: boolean;
  /** Its runs come by the queue alone. */
  outside: boolean;
  source: string;
  /** `serializeConfig`. */
  config: string;
  createdBy: number | null;
}

export async function insertSweep(
  tx: Tx,
  { projectId, ...sweep }: NewGeneration & { projectId: number },
): Promise<void> {
  await tx`
    insert into sweeps (id, project_id, name, generation, method, metric_name, metric_goal, metric_target, run_cap,
      budget_hours, no_improvement, least_improvement, metrics, targets, constrained, seed, size, exhausted, outside,
      created_by)
    values (${sweep.sweepId}, ${projectId}, ${sweep.name}, ${sweep.generation}, ${sweep.method}, ${sweep.metricName},
      ${sweep.metricGoal}, ${sweep.metricTarget}, ${sweep.runCap}, ${sweep.budgetHours}, ${sweep.noImprovement},
      ${sweep.leastImprovement}, ${sweep.metrics}::text::jsonb, ${sweep.targets}::text::jsonb, ${sweep.constrained},
      ${sweep.seed}, ${sweep.size}::numeric, ${sweep.exhausted}, ${sweep.outside}, ${sweep.createdBy})`;
  await insertGeneration(tx, sweep);
}

export async function renameSweep(
  tx: Tx,
  { sweepId, name }: { sweepId: string; name: string },
): Promise<void> {
  await tx`update sweeps set name = ${name}, changed_xid = pg_current_xact_id() where id = ${sweepId}`;
}

/** Puts a new configuration in force; the hand-out starts from its first point. The sweep's row is locked. */
export async function replaceGeneration(tx: Tx, sweep: NewGeneration): Promise<void> {
  await tx`
    update sweeps set name = ${sweep.name}, generation = ${sweep.generation}, method = ${sweep.method},
      metric_name = ${sweep.metricName}, metric_goal = ${sweep.metricGoal}, metric_target = ${sweep.metricTarget},
      run_cap = ${sweep.runCap}, budget_hours = ${sweep.budgetHours}, no_improvement = ${sweep.noImprovement},
      least_improvement = ${sweep.leastImprovement}, metrics = ${sweep.metrics}::text::jsonb,
      targets = ${sweep.targets}::text::jsonb, constrained = ${sweep.constrained}, seed = ${sweep.seed}, size = ${sweep.size}::numeric, cursor = 0,
      exhausted = ${sweep.exhausted}, outside = ${sweep.outside}, changed_xid = pg_current_xact_id()
    where id = ${sweep.sweepId}`;
  await insertGeneration(tx, sweep);
}

export async function insertGeneration(
  tx: Tx,
  sweep: Pick<NewGeneration, "sweepId" | "generation" | "source" | "config" | "createdBy">,
): Promise<void> {
  await tx`
    insert into sweep_generations (sweep_id, generation, source, config, created_by)
    values (${sweep.sweepId}, ${sweep.generation}, ${sweep.source}, ${sweep.config}::text::jsonb, ${sweep.createdBy})`;
}
