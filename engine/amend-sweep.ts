import { isSearched } from "@/compute/search/points";
import { scheduleFor } from "@/compute/stopping/schedule";
import { AppError } from "@/core/errors";
import { listChanges, START_ANOTHER, type Standing, type SweepChange } from "@/core/sweep-change";
import { type EarlyTerminate, hasScheduler, type SweepConfig } from "@/core/sweep-config";
import type { Database, Tx } from "@/db/client";
import { amendGeneration, amendSearch, forgetRungs } from "@/db/queries/amend-sweep";
import type { LockedState } from "@/db/queries/close-sweeps";
import { loadConfig } from "./plan";
import type { UnderstoodSweep } from "./read-sweep-file";

/** What a sweep that has handed out runs may become under them, and what is to be done for it. */

export type SweepFacts = Pick<
  LockedState,
  "sweepId" | "state" | "started" | "outside" | "generation" | "runCount" | "size" | "name"
>;

/** It never had a run: any file will do. Runs that were deleted may be restored, so they count; so do those that somebody asked for. */
export const isFresh = ({ started }: Pick<SweepFacts, "started">): boolean => !started;

/** What another file would change of a sweep. @throws AppError when what is stored can't be read */
export async function compareWith(
  db: Database,
  tx: Tx | Database["sql"],
  sweep: SweepFacts,
  file: UnderstoodSweep,
): Promise<readonly SweepChange[]> {
  const before = await loadConfig(db, tx, sweep);
  const changes = listChanges(before, file.config, toStanding(sweep, file));
  return isFresh(sweep) ? changes.map(withoutRuns) : changes;
}

const withoutRuns = (change: SweepChange): SweepChange => ({
  ...change,
  effect: "The sweep has no runs yet: nothing else follows.",
  refusal: null,
});

const toStanding = (
  { state, runCount, size, outside }: SweepFacts,
  { config, generation }: UnderstoodSweep,
): Standing => ({
  state,
  runCount,
  outside,
  points: isSearched(config.method)
    ? "searched"
    : size !== null || generation.size !== null
      ? "numbered"
      : "drawn",
});

/** @throws AppError ILLEGAL_MOVE with one reason a change */
export function refuseChanges(sweep: SweepFacts, changes: readonly SweepChange[]): void {
  const refused = changes.filter(({ refusal }) => refusal !== null);
  if (refused.length === 0) return;
  const reasons = refused.map(({ path, refusal }) => `${path} can't be changed: ${refusal}`).join("; ");
  throw new AppError(
    "ILLEGAL_MOVE",
    `sweep ${sweep.sweepId} has ${sweep.runCount} runs. ${reasons}. Leave ${refused.length === 1 ? "it" : "them"} as before, or ${START_ANOTHER}`,
    { details: { sweepId: sweep.sweepId, state: sweep.state, runCount: sweep.runCount, refused } },
  );
}

/** Puts the file in force. The sweep's row is locked, and the changes were allowed. */
export async function amend(
  db: Database,
  tx: Tx,
  sweep: LockedState,
  file: UnderstoodSweep,
  { name, userId, changes }: { name: string; userId: number; changes: readonly SweepChange[] },
): Promise<number> {
  const { sweepId } = sweep;
  const { config } = file;
  const before = await loadConfig(db, tx, sweep);
  const generation = sweep.generation + 1;
  const isLarger = changes.some(({ path }) => path.startsWith("parameters."));
  const { seed: _seed, exhausted: _exhausted, ...stored } = file.generation;
  await amendGeneration(tx, {
    ...stored,
    sweepId,
    generation,
    name,
    createdBy: userId,
    // A scheduler that has taken the choice over keeps it, as long as the file names one.
    outside: stored.outside || (sweep.outside && hasScheduler(config)),
    // Draws without an end go on where they were: begun anew, they would be those of before, moved a little.
    fromStart: isLarger && !isSearched(config.method) && stored.size !== null,
  });
  if (isSearched(config.method)) await amendSearch(tx, { sweepId, generation, anew: isLarger });
  if (!countAlike(before.earlyTerminate, config.earlyTerminate)) await forgetRungs(tx, sweepId);
  return generation;
}

/** Places of one rule are places of the other: both count values, or both look at steps; patience has places of its own. */
function countAlike(before: EarlyTerminate | undefined, after: EarlyTerminate | undefined): boolean {
  if (before === undefined || after === undefined) return true;
  const isPatience = [before.type === "patience", after.type === "patience"];
  if (before.type === "patience" || after.type === "patience") return isPatience[0] === isPatience[1];
  return scheduleFor(before).by === scheduleFor(after).by;
}

/** What its runs are called from now on: the caller's word, or the file's where it is another than before. */
export const nameAfter = (
  sweep: Pick<SweepFacts, "name">,
  name: string | null,
  before: SweepConfig,
  after: SweepConfig,
): string => name ?? (after.name !== before.name ? after.name?.slice(0, 500) : undefined) ?? sweep.name;
