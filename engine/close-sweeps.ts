import type { Database, Tx } from "@/db/client";
import { emptyQueue, findSweepsToClose, lockSweep, moveSweep, readEnding } from "@/db/queries/close-sweeps";
import { inTransaction, retrying } from "@/db/transaction";
import { emitChange } from "./events";
import { bringFront } from "./grow-front";

/**
 * Ends the sweeps that are done: called after the commit of whatever may have been the last step, and by the
 * background for all sweeps, in case a server died in between.
 * @returns the sweeps that this call ended
 */
export async function closeSweeps(db: Database, only?: readonly string[]): Promise<string[]> {
  if (only?.length === 0) return [];
  const closed: string[] = [];
  for (const { sweepId, several } of await retrying(() => findSweepsToClose(db.sql, only))) {
    if (several) await bringFront(db, sweepId);
    const ended = await inTransaction(db, (tx) => close(tx, sweepId));
    if (ended === undefined) continue;
    emitChange(ended.projectId, sweepId, null, "sweep", "run");
    if (ended.moved) closed.push(sweepId);
  }
  return closed;
}

async function close(tx: Tx, sweepId: string): Promise<{ projectId: number; moved: boolean } | undefined> {
  const sweep = await lockSweep(tx, sweepId);
  if (sweep === undefined) return undefined;
  const { projectId } = sweep;
  if (sweep.state === "finished" || sweep.state === "canceled") {
    // A run came back to the queue while somebody stopped the sweep.
    const emptied = await emptyQueue(tx, { sweepId, canceled: sweep.state === "canceled" });
    return emptied > 0 ? { projectId, moved: false } : undefined;
  }
  const { queue, live, enough } = await readEnding(tx, sweepId);
  if (enough === null && (!sweep.exhausted || queue || live)) return undefined;
  const capped = sweep.runCap !== null && sweep.runCount >= sweep.runCap;
  const reason = enough ?? (capped ? "run_cap" : "exhausted");
  await moveSweep(tx, { sweepId, state: "finished", reason });
  await emptyQueue(tx, { sweepId, canceled: false });
  return { projectId, moved: true };
}
