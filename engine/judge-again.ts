import { AppError } from "@/core/errors";
import type { Hyperband } from "@/core/sweep-config";
import type { Database, Tx } from "@/db/client";
import {
  type JudgedSweep,
  listJudged,
  lockJudgement,
  lockRuns,
  readJudged,
  type StopRow,
  stopEarly,
} from "@/db/queries/rungs";
import { inTransaction, retrying } from "@/db/transaction";
import { emitChange } from "./events";
import { toDue } from "./judge";
import { judgeOpen } from "./judge-field";
import { loadConfig } from "./plan";

/**
 * Hyperband measures a run again whenever another one comes to its band, so one run's metrics may stop another. Where that
 * one's row was locked at the time, and where a server died before it looked again, runs are judged here: after the commit
 * of whoever left them, and by the background.
 * @returns the runs that this call asked to stop
 */
export async function judgeAgain(db: Database, sweepId: string): Promise<number[]> {
  const { sweep, stopped } = await inTransaction(db, async (tx) => {
    const sweep = await readJudged(tx, sweepId);
    const rule = sweep && (await hyperbandOf(db, tx, sweep));
    if (sweep === undefined || rule === undefined) return { sweep, stopped: [] };
    const suspected = await overdue(tx, sweep, rule);
    if (suspected.length === 0) return { sweep, stopped: [] };
    // Runs first, then the judgement, as everybody does; then once more, now that nothing moves.
    await lockRuns(
      tx,
      suspected.map(({ runId }) => runId),
    );
    await lockJudgement(tx, [sweepId]);
    const due = await overdue(tx, sweep, rule);
    return { sweep, stopped: due.length === 0 ? [] : await stopEarly(tx, due) };
  });
  if (sweep) for (const runId of stopped) emitChange(sweep.projectId, sweepId, runId, "run");
  return stopped;
}

/** For all sweeps. @returns the runs that were asked to stop */
export async function judgeAllAgain(db: Database): Promise<number[]> {
  const stopped: number[] = [];
  for (const sweep of await retrying(() => listJudged(db.sql)))
    if ((await hyperbandOf(db, db.sql, sweep)) !== undefined)
      stopped.push(...(await judgeAgain(db, sweep.sweepId)));
  return stopped;
}

/** Undefined for another rule, or where what is stored can't be read. */
async function hyperbandOf(
  db: Database,
  sql: Tx | Database["sql"],
  sweep: JudgedSweep,
): Promise<Hyperband | undefined> {
  try {
    const { earlyTerminate: rule } = await loadConfig(db, sql, sweep);
    return rule?.type === "hyperband" ? rule : undefined;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

async function overdue(tx: Tx, { sweepId, goal }: JudgedSweep, rule: Hyperband): Promise<StopRow[]> {
  const condemned = await judgeOpen(tx, { sweepId, rule, goal }, null);
  return condemned.flatMap((one) => toDue(sweepId, one, one.verdict));
}
