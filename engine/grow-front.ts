import { growFront, NO_FRONT } from "@/compute/analysis/front";
import type { Database, Tx } from "@/db/client";
import { lockFront, readFinished, storeFront } from "@/db/queries/fronts";
import { touchSweep } from "@/db/queries/winners";
import { inTransaction } from "@/db/transaction";
import { emitChange } from "./events";

/**
 * Brings the front of a sweep with several metrics up to its finished runs: by those that ended since, or from nothing when
 * what is there no longer adds up (a run was deleted, or one that ended earlier was committed later).
 */
export async function bringFront(db: Database, sweepId: string): Promise<void> {
  const projectId = await inTransaction(db, (tx) => bring(tx, sweepId));
  if (projectId !== undefined) emitChange(projectId, sweepId, null, "sweep");
}

/** @returns the project when there is something new to be seen */
async function bring(tx: Tx, sweepId: string): Promise<number | undefined> {
  const stored = await lockFront(tx, sweepId);
  if (stored === undefined) return undefined;
  const { metrics, constrained, projectId, lastAt, lastId } = stored;
  const goals = metrics.map(({ goal }) => goal);
  const ask = { sweepId, projectId, metrics, constrained };
  const after = lastAt === null || lastId === null ? null : { at: lastAt, id: lastId };
  let { runs, idSum, finished } = await readFinished(tx, { ...ask, after });
  if (runs === stored.runs && idSum === stored.idSum) return undefined;
  const sum = finished.reduce((total, { id }) => total + BigInt(id), BigInt(stored.idSum));
  const addsUp = stored.runs + finished.length === runs && String(sum) === idSum;
  if (!addsUp && after !== null)
    ({ runs, idSum, finished } = await readFinished(tx, { ...ask, after: null }));
  const front = growFront(addsUp ? stored : NO_FRONT, goals, finished);
  const last = finished.at(-1);
  await storeFront(tx, sweepId, {
    ...front,
    idSum,
    lastAt: last?.finishedAt ?? null,
    lastId: last?.id ?? null,
  });
  if (front.barren > 0 && addsUp && front.hypervolume === stored.hypervolume) return undefined;
  await touchSweep(tx, sweepId);
  return projectId;
}
