import { openPool, type Pool } from "@/compute/threads/pool";
import type { TellRequest } from "@/compute/threads/protocol";
import type { Database } from "@/db/client";
import { readLog } from "@/db/queries/search-log";
import type { SearchRow } from "@/db/queries/searches";
import { retrying } from "@/db/transaction";
import type { Plan } from "../plan";
import { perDatabase, Recent } from "../recent";

/** The thread that computes for this server, and how much of each search's log it was told. */
interface Memory {
  readonly pool: Pool;
  readonly synced: Recent<string, number>;
}

const memory = perDatabase<Memory>(() => ({ pool: openPool(), synced: new Recent(1_000) }));

const COMPUTE_MS = 20_000;

const keyOf = ({ sweepId, generation }: SearchRow): string => `${sweepId}/${generation}`;

type Known<Answer> = Extract<Answer, { readonly known: true }>;

/**
 * Asks the thread something about a search, all of whose log it is told first: what is new, or, when the thread has forgotten the
 * search, the whole. Once the answer is part of the log too, `noteTold` says so.
 */
export async function askThread<Answer extends { readonly known: boolean }>(
  db: Database,
  search: SearchRow,
  plan: Plan,
  ask: (pool: Pool, request: TellRequest, signal: AbortSignal) => Promise<Answer>,
): Promise<Known<Answer>> {
  const { pool, synced } = memory(db);
  const { sweepId, generation } = search;
  const key = keyOf(search);
  const tell = async (from: number): Promise<Answer> => {
    const events = await retrying(() => readLog(db.sql, { sweepId, from }));
    const request = { key, config: plan.stored, seed: plan.seed, from, events };
    return await ask(pool, request, AbortSignal.timeout(COMPUTE_MS));
  };
  const from = synced.get(key) ?? 0;
  synced.delete(key);
  let answer = await tell(from);
  if (!answer.known && from > 0) answer = await tell(0);
  if (!answer.known) throw new Error(`the thread refuses the log of sweep ${sweepId}, ${generation}`);
  return answer as Known<Answer>;
}

/** The thread knows the log up to there, its own answers included. */
export const noteTold = (db: Database, search: SearchRow, position: number): void => {
  memory(db).synced.set(keyOf(search), position);
};

/** The first claim of a server's life does not wait for a thread to start. */
export const warmSearch = (db: Database): Promise<void> => memory(db).pool.warm();

/** Whether this server computes no more. */
export const isSearchClosed = (db: Database): boolean => memory(db).pool.closed;

/** Ends the thread. */
export const closeSearch = (db: Database): Promise<void> => memory(db).pool.close();
