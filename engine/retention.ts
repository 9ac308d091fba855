import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { advanceChore, ensureChore, finishChore, holdChore } from "@/db/queries/chores";
import {
  dropHistory,
  dropOutput,
  type ExpiredRun,
  endOfSlice,
  type Keep,
  lockExpiredRuns,
} from "@/db/queries/retention";
import { inTransaction, retrying } from "@/db/transaction";
import type { Logger } from "./context";
import { emitChange } from "./events";

export type { Keep } from "@/db/queries/retention";

export const KEEP_EVERYTHING: Keep = { outputDays: null, historyDays: null };

const CHORE = "retention";
/** From the end of one round to the beginning of the next: what is kept for days may stay an hour longer. */
const EVERY_MS = 3_600_000;
/** Runs looked at in one transaction (10 ms), and runs whose data goes in one: each may have megabytes. */
const LOOK_AT = 5_000;
const DROP = 50;
const MAKES_ROOM = { makesRoom: true };

/**
 * Takes away what runs printed and logged, so many days after their end, and at once what deleted runs left; their
 * summaries, results and parameters stay. Goes through all runs in slices, one server at a time: which run was the last is kept in the
 * database, so that any other server goes on there.
 * @param everyMs until the next round may begin
 * @returns of how many runs something was dropped
 */
export async function dropExpired(
  db: Database,
  log: Logger,
  keep: Keep,
  { everyMs = EVERY_MS, stopped = () => false }: { everyMs?: number; stopped?: () => boolean } = {},
): Promise<number> {
  await retrying(() => ensureChore(db.sql, CHORE));
  for (let total = 0; ; ) {
    const dropped = stopped() ? undefined : await dropSlice(db, keep, everyMs);
    if (dropped === undefined) {
      if (total > 0) log.info({ runs: total }, "output and history beyond their time were dropped");
      return total;
    }
    total += dropped.length;
    for (const { projectId, sweepId, runId, deleted } of dropped)
      if (!deleted) emitChange(projectId, sweepId, runId, "run");
  }
}

/** Undefined when the round is over, or is another server's. */
function dropSlice(db: Database, keep: Keep, everyMs: number): Promise<ExpiredRun[] | undefined> {
  return inTransaction(
    db,
    async (tx) => {
      const from = await holdChore(tx, CHORE);
      if (from === undefined) return undefined;
      const to = await endOfSlice(tx, from, LOOK_AT);
      if (to === undefined) {
        await finishChore(tx, CHORE, everyMs);
        return undefined;
      }
      const runs = await lockExpiredRuns(tx, { from, to, keep, limit: DROP });
      const output = runs.filter((run) => run.output).map(({ runId }) => runId);
      const history = runs.filter((run) => run.history).map(({ runId }) => runId);
      if (output.length > 0) await dropOutput(tx, output);
      if (history.length > 0) await dropHistory(tx, history);
      await advanceChore(tx, CHORE, runs.length < DROP ? to : (runs.at(-1)?.runId ?? to));
      return runs;
    },
    MAKES_ROOM,
  );
}

/** BESOM_KEEP_OUTPUT_DAYS and BESOM_KEEP_HISTORY_DAYS; absent or empty keeps everything. @throws AppError BAD_INPUT */
export function readKeep(env: Readonly<Record<string, string | undefined>>): Keep {
  return {
    outputDays: toDays("BESOM_KEEP_OUTPUT_DAYS", env.BESOM_KEEP_OUTPUT_DAYS),
    historyDays: toDays("BESOM_KEEP_HISTORY_DAYS", env.BESOM_KEEP_HISTORY_DAYS),
  };
}

function toDays(name: string, text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const days = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (days >= 1 && days <= 36_500) return days;
  throw new AppError(
    "BAD_INPUT",
    `${name} is ${JSON.stringify(text)}, expected days from 1 to 36500; unset keeps everything`,
  );
}
