import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { readCursor, readSweepChanges } from "@/db/queries/changes";
import { BEGINNING } from "@/db/snapshot";
import { retrying } from "@/db/transaction";
import type { Item, Source } from "./feed";

/** A run that changed, or (without `runId`) the sweep itself or one of its agents. */
export interface SweepItem extends Item {
  readonly runId?: number;
  readonly removed?: boolean;
}

/** A run's number weighs nothing; this many fit the largest update. */
const MAX_ITEMS = 5_000;

/** Tables and heads are read by people: ten times a second is a flow. */
const REST_MS = 100;

export function openSweepSource(
  db: Database,
  access: Access,
  sweepId: string,
  onError: (error: unknown) => void,
): Source<SweepItem> {
  return {
    async read(since) {
      const { cursor, sweepXid, runs } = await retrying(() =>
        readSweepChanges(db, access, { sweepId, since }),
      );
      const items: SweepItem[] = runs.map(({ runId, xid, removed }) => ({
        xid: BigInt(xid),
        runId,
        removed,
      }));
      if (sweepXid !== null) items.push({ xid: BigInt(sweepXid) });
      return { cursor, items };
    },
    beginning: BEGINNING,
    now: () => retrying(() => readCursor(db)),
    probe: (name, since) => [{ name, kind: "sweep", id: sweepId, since }],
    weigh: () => 1,
    maxWeight: MAX_ITEMS,
    restMs: () => REST_MS,
    onError,
  };
}
