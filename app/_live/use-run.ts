"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { isActive } from "@/core/run";
import {
  MetricsLogged,
  OutputLogged,
  type OutputPiece,
  RUN_PAGE_SAMPLES,
  RUN_ZOOM_SAMPLES,
  RunChanged,
  type RunHead,
  RunHistory,
  RunOutput,
  type RunSeries,
} from "@/graphql/operations/run-page";
import { openLive } from "./connection";
import { request } from "./request";
import { type By, createRunStore, openSeam, type Part, type RunData, type RunStore } from "./run-store";

/** Pieces of output that the page reads at once; a piece has up to some hundred lines. */
const OUTPUT_PIECES = 400;

export interface LiveRun {
  readonly data: RunData;
  readonly store: RunStore;
}

/** The run as the server drew it, then as it goes on, for as long as the component is mounted. */
export function useRun(
  initial: {
    head: RunHead;
    series: readonly RunSeries[];
    output: readonly OutputPiece[];
    cut: boolean;
  },
  { by, part }: { by: By; part: Part },
): LiveRun {
  const [store] = useState(() => createRunStore(initial));
  const data = useSyncExternalStore(store.subscribe, store.data, () => store.initial);
  const [reader, setReader] = useState<Reader>();
  useEffect(() => {
    const made = follow(store);
    setReader(made);
    return () => made.stop();
  }, [store]);
  useEffect(() => reader?.look(by, part), [reader, by, part]);
  return { data, store };
}

interface Reader {
  look(by: By, part: Part): void;
  stop(): void;
}

/**
 * Listens first and reads afterwards, so that nothing falls between the two. Once the histories are read, points are
 * appended; they are read again only after another choice of axis, for a new attempt, or when too much was missed.
 */
function follow(store: RunStore): Reader {
  const { id } = store.initial.head;
  const stopped = new AbortController();
  const live = openLive(store.setStatus);
  const history = openHistory(store, id, stopped.signal);
  const output = openOutput(store, id, stopped.signal);
  let attempt = store.initial.head.attempt;
  const cursors = { metrics: null as string | null, output: null as string | null };
  const wasActive = isActive(store.initial.head.state);

  live.subscribe(
    RunChanged,
    () => ({ id }),
    ({ runChanged }) => {
      store.setHead(runChanged);
      if (runChanged.attempt === attempt) return;
      attempt = runChanged.attempt;
      history.read();
    },
  );
  live.subscribe(
    MetricsLogged,
    () => ({ runIds: [id], cursor: cursors.metrics }),
    ({ metricsLogged: { cursor, reset, series } }) => {
      const first = cursors.metrics === null;
      cursors.metrics = cursor;
      if (reset || (first && wasActive)) return history.read();
      // What a stale attempt still logs is kept under its own number and is not this run's.
      history.add(series.filter((one) => one.attempt >= attempt));
    },
  );
  live.subscribe(
    OutputLogged,
    () => ({ id, cursor: cursors.output }),
    ({ outputLogged: { cursor, reset, pieces } }) => {
      const first = cursors.output === null;
      cursors.output = cursor;
      if (reset || (first && wasActive)) output.read();
      output.add(pieces);
    },
  );
  return {
    look: history.look,
    stop() {
      stopped.abort();
      live.close();
    },
  };
}

type Logged = Parameters<RunStore["addLogged"]>[0];

/** While histories are being read, what comes live waits, and is laid over them. */
function openHistory(store: RunStore, id: string, signal: AbortSignal) {
  let by: By = "step";
  let part: Part;
  let waiting: Logged[] | undefined;
  let turn = 0;
  const read = async () => {
    const mine = ++turn;
    waiting ??= [];
    const axis = by === "step" ? ("STEP" as const) : ("RELATIVE_TIME" as const);
    const [samples, min, max] = part
      ? [RUN_ZOOM_SAMPLES, ...part]
      : ([RUN_PAGE_SAMPLES, null, null] as const);
    const answer = await persistently(
      () => request(RunHistory, { id, samples, axis, min, max }, signal),
      signal,
    );
    if (mine !== turn || !answer) return;
    if (answer.run) store.setHistory(answer.run.history.series, by, part);
    const waited = waiting;
    waiting = undefined;
    for (const logged of waited) store.addLogged(logged);
  };
  return {
    read: () => void read(),
    add(logged: Logged) {
      if (waiting) waiting.push(logged);
      else if (logged.length > 0) store.addLogged(logged);
    },
    look(chosen: By, within: Part) {
      if (chosen === by && within === part) return;
      [by, part] = [chosen, within];
      void read();
    },
  };
}

function openOutput(store: RunStore, id: string, signal: AbortSignal) {
  let waiting: OutputPiece[] | undefined;
  let toNew = openSeam([]);
  const read = async () => {
    if (waiting) return;
    waiting = [];
    const answer = await persistently(
      () => request(RunOutput, { id, attempt: null, last: OUTPUT_PIECES }, signal),
      signal,
    );
    const waited = waiting;
    waiting = undefined;
    if (!answer) return;
    if (!answer.run) return store.addOutput(waited);
    const { nodes, pageInfo } = answer.run.output;
    store.setOutput(nodes, pageInfo.hasPreviousPage);
    toNew = openSeam(nodes);
    store.addOutput(toNew(waited));
  };
  return {
    read: () => void read(),
    add(pieces: readonly OutputPiece[]) {
      if (waiting) waiting.push(...pieces);
      else store.addOutput(toNew(pieces));
    },
  };
}

/** Until it is answered; undefined when the page is gone. The banner tells meanwhile that the connection is lost. */
async function persistently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await ask();
    } catch {
      if (signal.aborted) return undefined;
      await new Promise((resolve) => setTimeout(resolve, Math.min(failures * 1_000, 5_000)));
    }
  }
  return undefined;
}
