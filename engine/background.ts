import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { isAppError } from "@/core/errors";
import { IDEMPOTENCY_KEPT_MS, LIVENESS_BEAT_MS, OUTAGE_MS } from "@/core/time";
import type { Database } from "@/db/client";
import { deleteOldAnswers } from "@/db/queries/idempotency";
import { beat } from "@/db/queries/liveness";
import { pruneSignIns } from "@/db/queries/prune";
import { spaceOf } from "@/db/space";
import type { Store } from "@/store/store";
import { closeSweeps } from "./close-sweeps";
import type { Logger } from "./context";
import { removeLoose } from "./files/remove-loose";
import { judgeAllAgain } from "./judge-again";
import { mergeHistory } from "./merge-history";
import { purgeProjects } from "./purge-projects";
import { loseAgents, reapAttempts } from "./reap-attempts";
import { dropExpired, KEEP_EVERYTHING, type Keep } from "./retention";
import { openKeeper } from "./search/keeper";
import { tallyOf } from "./tally";

/**
 * What every server does beside answering. Each round takes rows with `skip locked` or is a single idempotent
 * statement, so any number of servers may do the same at once and a dead server's share is done by the others.
 * (A job queue such as graphile-worker would bring a second driver and its own tables for five timers.)
 */
export interface Background {
  /** Waits for rounds under way, for a while: what then is cut off with the database's connections, another server does. */
  stop(): Promise<void>;
}

const LAST_ROUNDS_MS = 5_000;
const REAP_EVERY_MS = 1_000;
const CLOSE_EVERY_MS = 5_000;
const JUDGE_EVERY_MS = 5_000;
const MERGE_EVERY_MS = 1_000;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 5_000;
const SPACE_EVERY_MS = 1_000;
/** While the disk is full. */
const TELL_EVERY_MS = 60_000;
const SEARCH_EVERY_MS = 1_000;
const PURGE_EVERY_MS = 10_000;
/** How often is asked whether a round is due. */
const RETENTION_EVERY_MS = 60_000;
/** A failing round is tried again after 1, 2, 4 and then every 5 seconds. */
const LONGEST_BACKOFF_MS = 5_000;

export interface BackgroundOptions {
  db: Database;
  log: Logger;
  /** Without one, bytes that nothing refers to wait for a server that has it. */
  store?: Store;
  /** What the server keeps where a project says nothing. */
  keep?: Keep;
}

export function startBackground({ db, log, store, keep = KEEP_EVERYTHING }: BackgroundOptions): Background {
  const stopping = new AbortController();
  // Each round waits by it, and there are more of them than Node takes for a leak.
  setMaxListeners(0, stopping.signal);
  const stopped = () => stopping.signal.aborted;
  const keeper = openKeeper({ db, log });
  const loops = [
    loop("space", SPACE_EVERY_MS, tellSpace(db, log)),
    loop("liveness", LIVENESS_BEAT_MS, () => beatLiveness(db)),
    loop("reap", REAP_EVERY_MS, async () => {
      await reapAttempts(db, log);
      await loseAgents(db, log);
    }),
    loop("close", CLOSE_EVERY_MS, () => closeSweeps(db)),
    loop("stopping", JUDGE_EVERY_MS, () => judgeAllAgain(db)),
    loop("merge", MERGE_EVERY_MS, () => mergeHistory(db, log)),
    loop("prune", PRUNE_EVERY_MS, async () => {
      await pruneAnswers(db);
      await pruneSignInRows(db);
    }),
    loop("search", SEARCH_EVERY_MS, keeper.lookRound),
    loop("purge", PURGE_EVERY_MS, () => purgeProjects(db, log, { stopped })),
    ...(store ? [loop("files", PURGE_EVERY_MS, () => removeLoose(db, store, { stopped }))] : []),
    loop("retention", RETENTION_EVERY_MS, () => dropExpired(db, log, keep, { stopped })),
  ];
  return {
    async stop() {
      stopping.abort();
      const rounds = Promise.all([...loops, keeper.close()]);
      await Promise.race([rounds, pause(LAST_ROUNDS_MS, undefined, { ref: false })]);
    },
  };

  async function loop(name: string, everyMs: number, round: () => Promise<unknown>): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        await round();
        if (failures > 0) log.info({ name, failures }, "background work goes on again");
        failures = 0;
      } catch (error) {
        if (stopped()) return;
        // A full disk is told once, by its own loop.
        if (failures === 0 && !(isAppError(error) && error.code === "DISK_FULL"))
          log.error({ name, err: error }, "background work failed; trying again until it works");
        failures++;
        tallyOf(db).failedRounds++;
      }
      const waitMs = failures === 0 ? everyMs : Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** (failures - 1));
      await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }
}

/** Tells the log when writes begin to be refused for want of room, once a minute while they are, and when they go on. */
function tellSpace(db: Database, log: Logger): () => Promise<void> {
  let toldAt: number | undefined;
  return async () => {
    const { full, freeBytes, reserveBytes } = spaceOf(db);
    if (!full && toldAt !== undefined) {
      log.warn({ freeBytes }, "there is room on the disk again: writes go on");
      toldAt = undefined;
    }
    if (!full || (toldAt !== undefined && performance.now() - toldAt < TELL_EVERY_MS)) return;
    log.error({ freeBytes, reserveBytes }, "the disk is full: writes are refused until there is room");
    toldAt = performance.now();
  };
}

/** "The service is up": leases may run out only while somebody says so. */
export const beatLiveness = (db: Database): Promise<void> => beat(db.sql, { outageMs: OUTAGE_MS });

/** Forgets answers that nobody will ask for again. @returns how many */
export async function pruneAnswers(db: Database): Promise<number> {
  for (let total = 0; ; ) {
    const deleted = await deleteOldAnswers(db.sql, { keptMs: IDEMPOTENCY_KEPT_MS, limit: PRUNE_BATCH });
    total += deleted;
    if (deleted < PRUNE_BATCH) return total;
  }
}

/** Sessions, links, invitations and logins of terminals that ended long ago. Audit events stay. */
export async function pruneSignInRows(db: Database): Promise<void> {
  while ((await pruneSignIns(db.sql, PRUNE_BATCH)) === PRUNE_BATCH);
}
