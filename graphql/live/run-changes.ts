import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { readCursor, readRunChanges } from "@/db/queries/changes";
import { retrying } from "@/db/transaction";
import type { Item, Source } from "./feed";

/** One run is looked at by people: five times a second is a flow. */
const REST_MS = 200;

export function openRunSource(
  db: Database,
  access: Access,
  runId: number,
  onError: (error: unknown) => void,
): Source<Item> {
  return {
    async read(since) {
      const { cursor, xid } = await retrying(() => readRunChanges(db, access, { runId, since }));
      return { cursor, items: xid === null ? [] : [{ xid: BigInt(xid) }] };
    },
    now: () => retrying(() => readCursor(db)),
    probe: (name, since) => [{ name, kind: "run", id: runId, since }],
    weigh: () => 1,
    maxWeight: 100,
    restMs: () => REST_MS,
    onError,
  };
}
