import { isAppError } from "@/core/errors";
import type { Database, Tx } from "@/db/client";
import {
  type Candidate,
  emptyQueue,
  findSweepsToClose,
  lockSweep,
  moveSweep,
  readEnding,
} from "@/db/queries/close-sweeps";
import { inTransaction, retrying } from "@/db/transaction";
import { judgeEnded } from "./check-feasible";
import { emitChange } from "./events";
import { bringFront } from "./grow-front";

/**
 * Ends the sweeps that are done: called after the commit of whatever may have been the last step, and by the
 * background for all sweeps, in case a server died in between. One that fails doesn't keep the others waiting.
 * @returns the sweeps that this call ended
 * @throws AppError when nothing can be written at all; else, after all sweeps, what the first of them failed with
 */
export async function closeSweeps(db: Database, only?: readonly string[]): Promise<string[]> {
  if (only?.length === 0) return [];
  const closed: string[] = [];
  const failures: Error[] = [];
  for (const candidate of await retrying(() => findSweepsToClose(db.sql, only))) {
    const { sweepId } = candidate;
    try {
      if (await look(db, candidate)) closed.push(sweepId);
    } catch (cause) {
      if (isAppError(cause)) throw cause;
      failures.push(new Error(`sweep ${sweepId} could not be looked after`, { cause }));
    }
  }
  if (failures[0]) throw failures[0];
  return closed;
}

/** @returns whether it has ended now */
async function look(db: Database, { sweepId, behind, unjudged }: Candidate): Promise<boolean> {
  if (unjudged) await judgeEnded(db, sweepId);
  // Its front, made of all that had finished, has too many runs now.
  if (behind || unjudged) await bringFront(db, sweepId);
  const ended = await inTransaction(db, (tx) => close(tx, sweepId));
  if (ended === undefined) return false;
  emitChange(ended.projectId, sweepId, null, "sweep", "run");
  return ended.moved;
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
