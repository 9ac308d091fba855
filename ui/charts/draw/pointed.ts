"use client";

import { useSyncExternalStore } from "react";

/** What the pointer or the focus is at: one run, one place along x, everywhere on the page at once. */
export interface Pointed {
  readonly runId?: string | undefined;
  /** Of metric charts: where along their x axis, in its own unit. */
  readonly x?: number | undefined;
}

export interface PointedStore {
  now(): Pointed;
  set(pointed: Pointed): void;
  subscribe(listener: () => void): () => void;
}

/** Not React state of the page: a pointer moves sixty times a second, and who listens may draw by itself. */
export function createPointedStore(): PointedStore {
  let pointed: Pointed = {};
  const listeners = new Set<() => void>();
  return {
    now: () => pointed,
    set(next) {
      if (next.runId === pointed.runId && next.x === pointed.x) return;
      pointed = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Renders anew only when the answer changes: `usePointed(store, ({ runId }) => runId === row.id)`. */
export function usePointed<T extends string | number | boolean | undefined>(
  store: PointedStore,
  select: (pointed: Pointed) => T,
): T {
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.now()),
    () => select({}),
  );
}
