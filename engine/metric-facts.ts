import { scheduleFor } from "@/compute/stopping/schedule";
import { deserializeConfig, type EarlyTerminate } from "@/core/sweep-config";
import type { Database, Tx } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { ensureMetricIds } from "@/db/queries/metric-names";
import { retrying } from "@/db/transaction";
import type { Stopping } from "./append-progress";
import { perDatabase, Recent } from "./recent";

/** What logging needs to know beforehand and what never changes, so that an append asks for none of it. */

const memory = perDatabase(() => ({
  /** By project and name; a name of 20 characters costs about 150 bytes here. */
  ids: new Recent<string, number>(200_000),
  /** By sweep and generation, which never change. */
  stopping: new Recent<string, Stopping | null>(10_000),
}));

/** Ids of metric names, made where they are new: outside of the append's transaction, so that no name stays locked. */
export async function metricIds(
  db: Database,
  projectId: number,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { ids } = memory(db);
  const found = new Map<string, number>();
  const missing: string[] = [];
  for (const name of names) {
    const id = ids.get(`${projectId}/${name}`);
    if (id === undefined) missing.push(name);
    else found.set(name, id);
  }
  if (missing.length === 0) return found;
  for (const [name, id] of await retrying(() => ensureMetricIds(db.sql, { projectId, names: missing }))) {
    ids.set(`${projectId}/${name}`, id);
    found.set(name, id);
  }
  return found;
}

/**
 * The early stopping that a run is under; none outside a sweep, or in one without it.
 * @param generation of the sweep's file that is in force now
 */
export async function stoppingOf(
  db: Database,
  tx: Tx,
  { sweepId, generation }: { readonly sweepId: string | null; readonly generation: number | null },
): Promise<Stopping | null> {
  if (sweepId === null || generation === null) return null;
  const { stopping } = memory(db);
  const name = `${sweepId}/${generation}`;
  const known = stopping.get(name);
  if (known !== undefined) return known;
  const row = await readGeneration(tx, { sweepId, generation });
  const rule = row && deserializeConfig(row.config).earlyTerminate;
  const found = rule === undefined ? null : toStopping(rule);
  stopping.set(name, found);
  return found;
}

const toStopping = (rule: EarlyTerminate): Stopping => ({
  rule,
  schedule: rule.type === "patience" ? null : scheduleFor(rule),
});
