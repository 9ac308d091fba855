"use client";

import type { VariablesOf } from "@graphql-typed-document-node/core";
import { useEffect, useState, useSyncExternalStore } from "react";
import {
  AgentsChanged,
  type RunLine,
  RunsChanged,
  SweepChanged,
  SweepColumns,
  type SweepHead,
} from "@/graphql/operations/pages";
import { openLive } from "./connection";
import { demandOf, toRunMetrics } from "./demand";
import { request } from "./request";
import { readRows } from "./rows";
import { createSweepStore, type SweepData, type SweepStore } from "./sweep-store";
import { useAddress } from "./use-param";

/** The sweep as the server drew it, then as it changes, for as long as the component is mounted. */
export function useSweep(
  head: SweepHead,
  runs: readonly RunLine[],
  complete: boolean,
): { data: SweepData; store: SweepStore } {
  const [store] = useState(() => createSweepStore(head, runs, complete));
  const data = useSyncExternalStore(store.subscribe, store.data, () => store.initial);
  const address = useAddress();
  // Ahead of following: what the address asks for comes with the first reading.
  useEffect(() => {
    const demand = () => store.demand(demandOf(address.search()));
    demand();
    return address.subscribe(demand);
  }, [store, address]);
  useEffect(() => follow(store, head.id), [store, head.id]);
  return { data, store };
}

/**
 * Listens first and reads the runs afterwards: what changes between the two arrives live and wins, so the table
 * has no gap and no double. After a lost connection the last cursor continues where it broke off; so it does when the page
 * wants further columns, which are then read by themselves.
 */
function follow(store: SweepStore, id: string): () => void {
  const stopped = new AbortController();
  const live = openLive(store.setStatus);
  const reading = openReading(store, id, stopped.signal);
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
  const listen = () => {
    const keys = store.demanded();
    const metrics = toRunMetrics(keys);
    if (cursor !== null) reading.want(keys);
    return live.subscribe(
      RunsChanged,
      () => ({ id, cursor, metrics }),
      ({ runsChanged }) => {
        const first = cursor === null;
        cursor = runsChanged.cursor;
        store.applyChange(runsChanged, keys);
        if (first) reading.want(keys);
      },
    );
  };
  let silence = listen();
  let due: ReturnType<typeof setTimeout> | undefined;
  const forget = store.onDemand(() => {
    // Several parts ask at once.
    due ??= setTimeout(() => {
      due = undefined;
      silence();
      silence = listen();
    });
  });
  return () => {
    clearTimeout(due);
    forget();
    stopped.abort();
    live.close();
  };
}

/** One reading after the other: the first brings the runs, and the columns that later ones bring find them there. */
function openReading(store: SweepStore, id: string, signal: AbortSignal) {
  const begun = new Set<string>();
  let last: Promise<void> | undefined;
  return {
    want(keys: readonly string[]) {
      const missing = keys.filter((key) => !begun.has(key));
      for (const key of missing) begun.add(key);
      if (last === undefined) last = readAll(store, { id, keys: missing, lines: true }, signal);
      else if (missing.length > 0)
        last = last.then(() => readAll(store, { id, keys: missing, lines: false }, signal));
    },
  };
}

interface Wanted {
  readonly id: string;
  readonly keys: readonly string[];
  readonly lines: boolean;
}

async function readAll(store: SweepStore, { id, keys, lines }: Wanted, signal: AbortSignal): Promise<void> {
  const metrics = toRunMetrics(keys);
  let after: string | null = null;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const variables: VariablesOf<typeof SweepColumns> = { id, after, metrics, lines };
      const { sweep } = await request(SweepColumns, variables, signal);
      if (!sweep) return;
      const rows = await unhurried(readRows(sweep.runColumns, keys, (run) => store.data().rows.get(run)));
      if (signal.aborted) return;
      store.addRead(rows, keys);
      failures = 0;
      after = sweep.runColumns.next;
      if (after !== null) continue;
      store.setComplete(keys);
      return;
    } catch {
      if (signal.aborted) return;
      // The page lives on with what it has; the banner tells that the connection is gone.
      failures++;
      await new Promise((resolve) => setTimeout(resolve, Math.min(failures * 1_000, 5_000)));
    }
  }
}

/** A page that stands still for longer is felt. */
const MOST_MS = 20;

/** Lets the browser answer whoever clicks meanwhile. */
async function unhurried<T>(pieces: Iterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  let began = performance.now();
  for (const piece of pieces) {
    all.push(...piece);
    if (performance.now() - began < MOST_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  }
  return all;
}
