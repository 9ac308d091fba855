import type { Database } from "@/db/client";
import {
  deleteRuns,
  deleteSweeps,
  findDeletedProjects,
  finishPurge,
  hasRuns,
  lockPurge,
  someRuns,
} from "@/db/queries/purge-project";
import { inTransaction, retrying } from "@/db/transaction";
import type { Logger } from "./context";

/** Agents at work learn of the deletion with their next heartbeat; what they are known by must be there until then. */
const PURGE_AFTER_MS = 60_000;
/** Runs in one transaction. With 1,000 points each, 200 of them take some 50 ms. */
const RUNS = 200;
/** A sweep's file may have megabytes. */
const SWEEPS = 20;
const PROJECTS = 100;
const MAKES_ROOM = { makesRoom: true };

export interface PurgeRules {
  readonly afterMs?: number;
  /** Between slices the server may stop. */
  readonly stopped?: () => boolean;
}

/** Takes away what deleted projects held, until nothing is left or the server stops. @returns how many slices it took */
export async function purgeProjects(
  db: Database,
  log: Logger,
  { afterMs = PURGE_AFTER_MS, stopped = () => false }: PurgeRules = {},
): Promise<number> {
  let slices = 0;
  for (const projectId of await retrying(() => findDeletedProjects(db.sql, { afterMs, limit: PROJECTS }))) {
    while (!stopped()) {
      const left = await purgeSlice(db, projectId);
      if (left === "busy") break;
      slices++;
      if (left === "some") continue;
      log.info({ projectId, slices }, "a deleted project is gone");
      break;
    }
  }
  return slices;
}

/** `busy`: another server is at it, or somebody still works on what is left. */
function purgeSlice(db: Database, projectId: number): Promise<"some" | "none" | "busy"> {
  return inTransaction(
    db,
    async (tx) => {
      if (!(await lockPurge(tx, projectId))) return "busy";
      const runIds = await someRuns(tx, projectId, RUNS);
      if (runIds.length > 0) {
        await deleteRuns(tx, runIds);
        return "some";
      }
      if (await hasRuns(tx, projectId)) return "busy";
      if ((await deleteSweeps(tx, projectId, SWEEPS)) > 0) return "some";
      await finishPurge(tx, projectId);
      return "none";
    },
    MAKES_ROOM,
  );
}
