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
  /** Of whoever asked for the round that begins next, all may leave results for a later one. */
  patient: boolean;
  /** How often proposals were stored; who waits for that is called each time. */
  stored: number;
  readonly calls: Set<() => void>;
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
  /** Sweeps that were new since then, and have been looked at. */
  const seen = new Set<string>();
  warmSearch(server.db).catch((error: unknown) =>
    server.log.error({ err: error }, "no thread computes proposals"),
  );
  const unlisten = onChange(({ sweepId, kinds }) => {
    // A run that only got better is under way as before: 64 runs that log each second would have one round after the other.
    const moved = (kinds.has("run") && !kinds.has("metrics")) || kinds.has("agent");
    if (sweepId === null || !moved) return;
    if (searching.has(sweepId) || isNew(sweepId)) void keepReady(server, sweepId, { patient: true });
  });
  /** The first agents of a sweep come together, and within the second that a look round may take. */
  const isNew = (sweepId: string): boolean => !seen.has(sweepId) && Boolean(seen.add(sweepId));
  return {
    async lookRound() {
      const all = await listSearching(server.db);
      seen.clear();
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
export function keepReady(server: Server, sweepId: string, { patient = false } = {}): Promise<Round> {
  if (isSearchClosed(server.db)) return Promise.resolve("enough");
  const keeping = keepingOf(server.db, sweepId);
  keeping.patient &&= patient;
  if (keeping.running === undefined) return begin(server, sweepId, keeping);
  keeping.next ??= keeping.running.then(() => {
    keeping.next = undefined;
    return begin(server, sweepId, keeping);
  });
  return keeping.next;
}

/** How often proposals for a sweep were stored here. */
export const countStored = (db: Database, sweepId: string): number => keepings(db).get(sweepId)?.stored ?? 0;

/**
 * Returns when something may be ready, or at the deadline (by `performance.now()`). A round may go on for long when many agents are
 * at work: what it has stored so far is there to be had.
 * @param since what `countStored` said before nothing was found ready
 */
export async function awaitReady(
  server: Server,
  sweepId: string,
  { count, deadline, since }: { count: number; deadline: number; since: number },
): Promise<void> {
  const keeping = keepingOf(server.db, sweepId);
  const giveUp = new AbortController();
  let call = () => {};
  keeping.waiting += count;
  try {
    const late = pause(Math.max(0, deadline - performance.now()), undefined, { signal: giveUp.signal }).catch(
      () => {},
    );
    const stored = new Promise<void>((resolve) => {
      call = resolve;
      keeping.calls.add(resolve);
    });
    const round = keepReady(server, sweepId);
    if (keeping.stored === since) await Promise.race([stored, round, late]);
    if (keeping.stored !== since) return;
    await pause(Math.min(ELSEWHERE_MS, Math.max(0, deadline - performance.now())));
  } finally {
    giveUp.abort();
    keeping.calls.delete(call);
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
  const fresh: Keeping = {
    running: undefined,
    next: undefined,
    waiting: 0,
    patient: true,
    stored: 0,
    calls: new Set(),
    failures: 0,
  };
  all.set(sweepId, fresh);
  return fresh;
}

function begin({ db, log }: Server, sweepId: string, keeping: Keeping): Promise<Round> {
  const tellStored = () => {
    keeping.stored++;
    for (const call of keeping.calls) call();
    keeping.calls.clear();
  };
  const { patient } = keeping;
  keeping.patient = true;
  const asked = { waiting: () => keeping.waiting, tellStored, patient };
  const round = searchRound(db, sweepId, asked).then(
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
