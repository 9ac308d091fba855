import { randomUUID } from "node:crypto";
import type { Database } from "@/db/client";
import { holdSearch, releaseSearch, renewHold, type SearchRow } from "@/db/queries/searches";
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
  /** Sweeps whose renewal is under way. */
  readonly renewing: Set<string>;
}

/** A claim waits for 2 s: whoever asks a little after the holder's death still gets a proposal. */
const HOLD_MS = 2_000;
/** Four chances to say so in time. */
const RENEW_MS = 500;

const holdsOf = perDatabase<Holds>(() => ({
  holder: randomUUID(),
  sweepIds: new Set(),
  timer: undefined,
  renewing: new Set(),
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
  holds.timer ??= setInterval(() => renewAll(db, holds), RENEW_MS);
  try {
    return await work(held);
  } finally {
    sweepIds.delete(sweepId);
    if (sweepIds.size === 0) {
      clearInterval(holds.timer);
      holds.timer = undefined;
    }
    // The lease ends by itself. What was done is done, and what failed is told by its own error.
    await releaseSearch(db.sql, { sweepId, holder }).catch(() => {});
  }
}

/** Each by itself: one whose row is locked by a claim of a frozen server, for up to 5 s, does not cost the others their holds. */
function renewAll(db: Database, holds: Holds): void {
  for (const sweepId of holds.sweepIds) if (!holds.renewing.has(sweepId)) void renew(db, holds, sweepId);
}

/** A failure is no news: the next write tells whether the hold has lasted. */
async function renew({ sql }: Database, { holder, renewing }: Holds, sweepId: string): Promise<void> {
  renewing.add(sweepId);
  try {
    await renewHold(sql, { sweepId, holder, leaseMs: HOLD_MS });
  } catch {
  } finally {
    renewing.delete(sweepId);
  }
}
