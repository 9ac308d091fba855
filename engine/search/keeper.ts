import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "@/db/client";
import type { Logger } from "../context";
import { onChange } from "../events";
import { perDatabase } from "../recent";
import { closeSearch, isSearchClosed, listSearching, type Round, searchRound, warmSearch } from "./round";

/**
 * When rounds take place: whenever a run of a searching sweep was handed out or ended, at once while a caller waits, and
 * by the clock in case a server died in between. Of one sweep at most one round runs and one waits in this process.
 */
interface Keeping {
  running: Promise<Round> | undefined;
  next: Promise<Round> | undefined;
  /** Runs that callers wait for. */
  waiting: number;
  failures: number;
}

const keepings = perDatabase(() => new Map<string, Keeping>());

type Server = { readonly db: Database; readonly log: Logger };

export interface Keeper {
  /** For whatever nobody here was told of: another server's runs, a server that died. */
  lookRound(): Promise<void>;
  /** Ends the thread; claims that still come fall back. */
  close(): Promise<void>;
}

/** Keeps proposals ready from now on. */
export function openKeeper(server: Server): Keeper {
  /** Sweeps with a search, as of the last look round: only they are worth a round at each change. */
  let searching: ReadonlySet<string> = new Set();
  warmSearch(server.db).catch((error: unknown) =>
    server.log.error({ err: error }, "no thread computes proposals"),
  );
  const unlisten = onChange(({ sweepId, kinds }) => {
    // A run that only got better is under way as before: 64 runs that log each second would have one round after the other.
    const moved = (kinds.has("run") && !kinds.has("metrics")) || kinds.has("agent");
    if (sweepId !== null && moved && searching.has(sweepId)) void keepReady(server, sweepId);
  });
  return {
    async lookRound() {
      const all = await listSearching(server.db);
      searching = new Set(all.map(({ sweepId }) => sweepId));
      await Promise.all(all.filter(({ due }) => due).map(({ sweepId }) => keepReady(server, sweepId)));
    },
    async close() {
      unlisten();
      await closeSearch(server.db);
      // Whoever holds a search gives it back: the next server would wait for the end of the lease.
      await Promise.all(Array.from(keepings(server.db).values(), ({ running }) => running));
    },
  };
}

/** A round that begins from now on. It never throws: what fails is logged, and a claim falls back in time. */
export function keepReady(server: Server, sweepId: string): Promise<Round> {
  if (isSearchClosed(server.db)) return Promise.resolve("enough");
  const keeping = keepingOf(server.db, sweepId);
  if (keeping.running === undefined) return begin(server, sweepId, keeping);
  keeping.next ??= keeping.running.then(() => {
    keeping.next = undefined;
    return begin(server, sweepId, keeping);
  });
  return keeping.next;
}

/** Returns when something may be ready, or at the deadline (by `performance.now()`). */
export async function awaitReady(
  server: Server,
  sweepId: string,
  { count, deadline }: { count: number; deadline: number },
): Promise<void> {
  const keeping = keepingOf(server.db, sweepId);
  const giveUp = new AbortController();
  keeping.waiting += count;
  try {
    const late = pause(Math.max(0, deadline - performance.now()), "enough" as const, {
      signal: giveUp.signal,
    });
    const round = await Promise.race([keepReady(server, sweepId), late.catch(() => "enough" as const)]);
    if (round !== "stored") await pause(Math.min(ELSEWHERE_MS, Math.max(0, deadline - performance.now())));
  } finally {
    giveUp.abort();
    keeping.waiting -= count;
  }
}

/** How often is looked whether another server, or a slower round, has stored something. */
const ELSEWHERE_MS = 50;
const MANY = 1_000;

function keepingOf(db: Database, sweepId: string): Keeping {
  const all = keepings(db);
  const known = all.get(sweepId);
  if (known !== undefined) return known;
  if (all.size >= MANY)
    for (const [id, { running, waiting }] of all) if (!running && waiting === 0) all.delete(id);
  const fresh: Keeping = { running: undefined, next: undefined, waiting: 0, failures: 0 };
  all.set(sweepId, fresh);
  return fresh;
}

function begin({ db, log }: Server, sweepId: string, keeping: Keeping): Promise<Round> {
  const round = searchRound(db, sweepId, () => keeping.waiting).then(
    (done) => {
      keeping.failures = 0;
      return done;
    },
    (error: unknown): Round => {
      if (!isSearchClosed(db) && keeping.failures++ === 0)
        log.error({ err: error, sweepId }, "proposals could not be computed");
      return "enough";
    },
  );
  keeping.running = round.finally(() => {
    keeping.running = undefined;
  });
  return keeping.running;
}
