import { openPoints, type Points } from "@/compute/search/points";
import { AppError } from "@/core/errors";
import { deserializeConfig, type SweepConfig } from "@/core/sweep-config";
import type { Database, Sql, Tx } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { perDatabase, Recent } from "./recent";

/** One generation of a sweep's configuration, ready to hand out points. Never changes, so it is kept. */
export interface Plan {
  readonly config: SweepConfig;
  readonly points: Points;
}

const memory = perDatabase(() => new Recent<string, Plan>(500));

/** @param sql the transaction under way, or the pool */
export async function loadPlan(
  db: Database,
  sql: Sql | Tx,
  sweep: { sweepId: string; generation: number },
): Promise<Plan> {
  const name = `${sweep.sweepId}/${sweep.generation}`;
  const plans = memory(db);
  const known = plans.get(name);
  if (known !== undefined) return known;
  const row = await readGeneration(sql, sweep);
  if (row === undefined) {
    throw new AppError(
      "INTERNAL",
      `sweep ${sweep.sweepId} has no configuration of generation ${sweep.generation}`,
    );
  }
  const config = deserializeConfig(row.config);
  const plan = { config, points: openPoints(config, row.seed) };
  plans.set(name, plan);
  return plan;
}
