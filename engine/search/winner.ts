import type { Database } from "@/db/client";
import { lockHeldSearch, type SearchRow } from "@/db/queries/searches";
import { noteWinner, touchSweep } from "@/db/queries/winners";
import { inTransaction } from "@/db/transaction";
import { emitChange } from "../events";
import type { Plan } from "../plan";
import { askThread, noteTold } from "./thread";

/**
 * Asks the model anew which run is the best, when a twentieth of the results are new, or any once the sweep hands out no more.
 * It is stored beside the search, so that no page waits for a model.
 * @param isOver no more proposals are asked for
 */
export async function judgeWinner(
  db: Database,
  search: SearchRow,
  plan: Plan,
  { holder, isOver }: { holder: string; isOver: boolean },
): Promise<void> {
  if (!isWinnerDue(search, plan, isOver)) return;
  const { sweepId, generation, results, logLength } = search;
  const began = performance.now();
  const { winner } = await askThread(db, search, plan, (pool, request, signal) =>
    pool.run("winner", request, signal),
  );
  noteTold(db, search, logLength);
  const now = performance.now();
  restUntil.set(plan, now + Math.min(REST * (now - began), LONGEST_REST_MS));
  const projectId = await inTransaction(db, async (tx) => {
    // Locks are taken in the order sweep, search.
    const sweep = winner && (await touchSweep(tx, sweepId));
    const locked = await lockHeldSearch(tx, { sweepId, holder, generation });
    if (locked === undefined) return undefined;
    await noteWinner(tx, { sweepId, winner: winner && JSON.stringify(winner), results });
    return sweep?.projectId;
  });
  if (projectId !== undefined) emitChange(projectId, sweepId, null, "sweep");
}

/** Of the time from one judgement to the next it takes a twentieth: the thread has proposals to compute, and who asks for one waits. */
const REST = 20;
const LONGEST_REST_MS = 5_000;
/** By the plan: each server rests by itself. */
const restUntil = new WeakMap<Plan, number>();

export function isWinnerDue(
  { results, winnerResults }: Pick<SearchRow, "results" | "winnerResults">,
  plan: Plan,
  isOver: boolean,
): boolean {
  const { metric, metrics } = plan.config;
  if (metric === undefined || metrics !== undefined) return false;
  if (!isOver && performance.now() < (restUntil.get(plan) ?? 0)) return false;
  return results - winnerResults >= (isOver ? 1 : Math.max(1, 0.05 * winnerResults));
}
