import { randomUUID } from "node:crypto";
import type { Database } from "@/db/client";
import { holdSearch, releaseSearch, renewHolds, type SearchRow } from "@/db/queries/searches";
import { retrying } from "@/db/transaction";
import { perDatabase } from "../recent";

/**
 * One server at a time holds a search. A hold is a short lease that the holder's process renews for as long as it is at work,
 * however long that takes: a server that dies is replaced within seconds, and a slow computation keeps its hold.
 * It is no lock. A process that froze and wakes up may believe that it still holds: each of its writes asks the row first
 * (`lockHeldSearch`), and finds another's name there, or none.
 */
interface Holds {
  /** This server among those of the database. */
  readonly holder: string;
  /** Sweeps whose searches it holds. */
  readonly sweepIds: Set<string>;
  timer: NodeJS.Timeout | undefined;
  renewing: boolean;
}

/** A claim waits for 2 s: whoever asks a little after the holder's death still gets a proposal. */
const HOLD_MS = 2_000;
/** Four chances to say so in time. */
const RENEW_MS = 500;

const holdsOf = perDatabase<Holds>(() => ({
  holder: randomUUID(),
  sweepIds: new Set(),
  timer: undefined,
  renewing: false,
}));

export const holderOf = (db: Database): string => holdsOf(db).holder;

/**
 * Does what only the holder may, and gives the search back.
 * @returns undefined while another server holds it, or when the sweep has no search
 */
export async function whileHolding<T>(
  db: Database,
  sweepId: string,
  work: (held: SearchRow) => Promise<T>,
): Promise<T | undefined> {
  const holds = holdsOf(db);
  const { holder, sweepIds } = holds;
  const held = await retrying(() => holdSearch(db.sql, { sweepId, holder, leaseMs: HOLD_MS }));
  if (held === undefined) return undefined;
  sweepIds.add(sweepId);
  holds.timer ??= setInterval(() => void renew(db, holds), RENEW_MS);
  try {
    return await work(held);
  } finally {
    sweepIds.delete(sweepId);
    if (sweepIds.size === 0) {
      clearInterval(holds.timer);
      holds.timer = undefined;
    }
    await releaseSearch(db.sql, { sweepId, holder });
  }
}

/** All of them in one statement. A failure is no news: the next write tells whether the hold has lasted. */
async function renew({ sql }: Database, holds: Holds): Promise<void> {
  if (holds.renewing) return;
  holds.renewing = true;
  try {
    await renewHolds(sql, { sweepIds: [...holds.sweepIds], holder: holds.holder, leaseMs: HOLD_MS });
  } catch {
  } finally {
    holds.renewing = false;
  }
}
