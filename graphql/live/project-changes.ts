import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { readCursor, readProjectChanges } from "@/db/queries/changes";
import { retrying } from "@/db/transaction";
import type { Item, Source } from "./feed";

/** A sweep that changed, or one of its runs; a run outside sweeps; or (neither) the project itself. */
export interface ProjectItem extends Item {
  readonly sweepId?: string;
  readonly runId?: number;
  readonly removed?: boolean;
}

const MAX_ITEMS = 5_000;

/** Each reading looks at every sweep of the project (two index look-ups each), and numbers of a list need no more. */
const REST_MS = 500;

export function openProjectSource(
  db: Database,
  access: Access,
  projectId: number,
  onError: (error: unknown) => void,
): Source<ProjectItem> {
  return {
    async read(since) {
      const { cursor, projectXid, sweeps, runs } = await retrying(() =>
        readProjectChanges(db, access, { projectId, since }),
      );
      const items: ProjectItem[] = [
        ...sweeps.map(({ sweepId, xid }) => ({ xid: BigInt(xid), sweepId })),
        ...runs.map(({ runId, xid, removed }) => ({ xid: BigInt(xid), runId, removed })),
      ];
      if (projectXid !== null) items.push({ xid: BigInt(projectXid) });
      return items.length > MAX_ITEMS ? { cursor, items: [], truncated: true } : { cursor, items };
    },
    now: () => retrying(() => readCursor(db)),
    probe: (name, since) => [{ name, kind: "project", id: projectId, since }],
    weigh: () => 1,
    maxWeight: MAX_ITEMS,
    restMs: () => REST_MS,
    onError,
  };
}
