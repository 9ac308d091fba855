"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import {
  AgentsChanged,
  type RunLine,
  RunsChanged,
  SweepChanged,
  type SweepHead,
  SweepRuns,
} from "@/graphql/operations/pages";
import { openLive } from "./connection";
import { request } from "./request";
import { createSweepStore, type SweepData, type SweepStore } from "./sweep-store";

/** Runs asked for at once: about 300 kB of JSON, a fifth of a second on the server. */
const PAGE_SIZE = 1_000;

/** The sweep as the server drew it, then as it changes, for as long as the component is mounted. */
export function useSweep(
  head: SweepHead,
  runs: readonly RunLine[],
  complete: boolean,
): { data: SweepData; store: SweepStore } {
  const [store] = useState(() => createSweepStore(head, runs, complete));
  const data = useSyncExternalStore(store.subscribe, store.data, () => store.initial);
  useEffect(() => follow(store, head.id), [store, head.id]);
  return { data, store };
}

/**
 * Listens first and reads the runs afterwards: what changes between the two arrives live and wins, so the table
 * has no gap and no double. After a lost connection the last cursor continues where it broke off.
 */
function follow(store: SweepStore, id: string): () => void {
  const stopped = new AbortController();
  const live = openLive(store.setStatus);
  let cursor: string | null = null;
  live.subscribe(
    SweepChanged,
    () => ({ id }),
    ({ sweepChanged }) => store.setHead(sweepChanged),
  );
  live.subscribe(
    AgentsChanged,
    () => ({ id }),
    ({ agentsChanged }) => store.setAgents(agentsChanged.agents),
  );
  live.subscribe(
    RunsChanged,
    () => ({ id, cursor }),
    ({ runsChanged }) => {
      const first = cursor === null;
      cursor = runsChanged.cursor;
      store.applyChange(runsChanged);
      if (first) void readAll(store, id, stopped.signal);
    },
  );
  return () => {
    stopped.abort();
    live.close();
  };
}

async function readAll(store: SweepStore, id: string, signal: AbortSignal): Promise<void> {
  let after: string | null = null;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const variables: { id: string; first: number; after: string | null } = { id, first: PAGE_SIZE, after };
      const { sweep } = await request(SweepRuns, variables, signal);
      if (!sweep) return;
      store.addRead(sweep.runs.nodes);
      failures = 0;
      after = sweep.runs.pageInfo.endCursor;
      if (sweep.runs.pageInfo.hasNextPage) continue;
      store.setComplete();
      return;
    } catch {
      if (signal.aborted) return;
      // The page lives on with what it has; the banner tells that the connection is gone.
      failures++;
      await new Promise((resolve) => setTimeout(resolve, Math.min(failures * 1_000, 5_000)));
    }
  }
}
