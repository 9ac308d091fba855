import { AppError } from "@/core/errors";
import type { ValueMap } from "@/core/value";
import type { Database, Tx } from "@/db/client";
import { type LockedState, lockSweep } from "@/db/queries/close-sweeps";
import { exhaustSweep } from "@/db/queries/enqueue-run";
import { findRunIds, readControl, type Scheduled, writeControl } from "@/db/queries/wire-control";
import { inTransaction } from "@/db/transaction";
import { authorizeProject, requireUser } from "./authorize";
import { checkSweepId } from "./check";
import { closeSweeps } from "./close-sweeps";
import type { EngineContext } from "./context";
import { enqueue, whyNoMore } from "./enqueue-run";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { loadConfig } from "./plan";
import { stopRuns } from "./stop-runs";

/** What a controller on somebody's machine wants of its sweep, as it says it each time anew. */
export interface ControllerWish {
  readonly sweepId: string;
  /** All of it, as JSON text: it is given back as it came. */
  readonly said: string;
  /** Runs that it wants, each under an id of its own; null parameters: there will be no more. */
  readonly schedule: readonly { readonly id: string; readonly params: ValueMap | null }[];
  /** Names of runs that it wants ended. */
  readonly stop: readonly string[];
}

/** Of these ids a sweep knows that their runs were made. A controller takes an id back as soon as its run has begun. */
const KEPT_SCHEDULED = 1_000;

/**
 * Does what a local controller says: a run for each id that is new, the stop flag for each run that it names. What is said again changes
 * nothing, at whichever server. Of a sweep that has ended, or has all the runs that its run_cap allows, it is only kept: its controller
 * reads there that it is over.
 * @throws AppError ILLEGAL_MOVE for a sweep whose file names no local controller, NOT_FOUND, FORBIDDEN, BAD_INPUT
 */
export async function followController(context: EngineContext, wish: ControllerWish): Promise<void> {
  const { db } = context;
  const { userId } = requireUser(context.access);
  const sweepId = checkSweepId(wish.sweepId);
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const changed = await inTransaction(db, async (tx) => {
    const sweep = await lockSweep(tx, sweepId);
    if (sweep === undefined)
      throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
    // One that was made before controllers were followed is taken over with its first run.
    if ((await loadConfig(db, tx, sweep)).controller !== "local")
      throw new AppError(
        "ILLEGAL_MOVE",
        `sweep ${sweepId} has no local controller: write \`controller: {type: local}\` into its file`,
        { details: { sweepId } },
      );
    return await follow(db, tx, sweep, wish, userId);
  });
  if (changed) emitChange(projectId, sweepId, null, "run", "sweep");
  const runIds = await findRunIds(db.sql, { sweepId, names: wish.stop });
  if (runIds.length > 0) await stopRuns(context, { runIds });
  if (wish.schedule.some(({ params }) => params === null)) await closeSweeps(db, [sweepId]);
}

/** A controller reads all runs of its sweep each 5 s, with their histories; of a list without an end it is given as many. */
const MOST_RUNS = 1_000;

const tooMany = ({ sweepId, runCount }: LockedState): AppError =>
  new AppError(
    "ILLEGAL_MOVE",
    `sweep ${sweepId} has ${runCount} runs, and a local controller sees ${MOST_RUNS}: go on with \`wandb sweep-scheduler\`, or with a new sweep that begins with these runs`,
    { details: { sweepId, runCount, most: MOST_RUNS } },
  );

/** @returns whether there is a run more */
async function follow(
  db: Database,
  tx: Tx,
  sweep: LockedState,
  { said, schedule }: ControllerWish,
  userId: number,
): Promise<boolean> {
  const { sweepId } = sweep;
  const { scheduled } = await readControl(tx, sweepId);
  const known = new Set(scheduled.map(({ id }) => id));
  const made: Scheduled[] = [];
  for (const { id, params } of schedule) {
    if (known.has(id)) continue;
    known.add(id);
    // Each run takes a number: what the last one left is read again.
    const now = made.length === 0 ? sweep : ((await lockSweep(tx, sweepId)) ?? sweep);
    if (params === null) await exhaustSweep(tx, sweepId);
    else if (now.runCount >= MOST_RUNS) throw tooMany(now);
    else if ((await whyNoMore(tx, now)) === undefined) {
      const { name } = await enqueue(db, tx, now, { params, displayName: null, userId });
      made.push({ id, runid: name });
    }
  }
  await writeControl(tx, { sweepId, said, scheduled: [...scheduled, ...made].slice(-KEPT_SCHEDULED) });
  return made.length > 0;
}
