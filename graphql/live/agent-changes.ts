import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { readAgentChanges, readCursor } from "@/db/queries/changes";
import { retrying } from "@/db/transaction";
import type { Item, Source } from "./feed";

/** An agent that changed, took or ended a run, or was heard of. */
export interface AgentItem extends Item {
  readonly agentId: number;
}

const MAX_ITEMS = 2_000;
/** Beats come each 5 s from each agent; the numbers of their runs are no news each 100 ms. */
const REST_MS = 500;
/** A heartbeat is stamped with no transaction: it is new whatever was seen. */
const ALWAYS = { xid: 1n << 62n, always: true } as const;

export function openAgentSource(
  db: Database,
  access: Access,
  sweepId: string,
  onError: (error: unknown) => void,
): Source<AgentItem> {
  let heardSince: Date | undefined;
  return {
    async read(since) {
      const { cursor, heardUntil, agents } = await retrying(() =>
        readAgentChanges(db, access, { sweepId, since, heardSince }),
      );
      heardSince = heardUntil;
      return {
        cursor,
        items: agents.map(({ agentId, xid }) =>
          xid === null ? { ...ALWAYS, agentId } : { xid: BigInt(xid), agentId },
        ),
      };
    },
    now: () => retrying(() => readCursor(db)),
    probe: (name, since) => [{ name, kind: "agents", id: sweepId, since, heardSince }],
    weigh: () => 1,
    maxWeight: MAX_ITEMS,
    restMs: () => REST_MS,
    onError,
  };
}
