"use client";

import { createContext, useRef } from "react";
import type { Row } from "@/app/_live/sweep-store";

/** What a row of the table asks for. One object for as long as the table is there: rows are not drawn anew for it. */
export interface RunActions {
  /** `range`: all from the one before to this. */
  toggle(id: string, range: boolean): void;
  hide(ids: readonly string[]): void;
  /** Where the page leads that lays runs side by side; undefined where there is only this one. */
  compareHref(row: Row): string | undefined;
  /** Undefined for whoever may only look. */
  readonly edit: ((row: Row, what: "tags" | "notes", at: HTMLElement) => void) | undefined;
  stop(ids: readonly string[]): void;
  retry(ids: readonly string[]): void;
  remove(ids: readonly string[]): void;
}

export const RunActionsContext = createContext<RunActions>({
  toggle() {},
  hide() {},
  compareHref: () => undefined,
  edit: undefined,
  stop() {},
  retry() {},
  remove() {},
});

/** Stays the same object while its verbs always do what the latest drawing says. */
export function useStableActions(latest: RunActions): RunActions {
  const now = useRef(latest);
  now.current = latest;
  const editable = latest.edit !== undefined;
  const stable = useRef<{ editable: boolean; actions: RunActions }>(undefined);
  if (stable.current?.editable !== editable)
    stable.current = {
      editable,
      actions: {
        toggle: (id, range) => now.current.toggle(id, range),
        hide: (ids) => now.current.hide(ids),
        compareHref: (row) => now.current.compareHref(row),
        edit: editable ? (row, what, at) => now.current.edit?.(row, what, at) : undefined,
        stop: (ids) => now.current.stop(ids),
        retry: (ids) => now.current.retry(ids),
        remove: (ids) => now.current.remove(ids),
      },
    };
  return stable.current.actions;
}
