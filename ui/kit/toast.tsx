"use client";

import { useSyncExternalStore } from "react";
import { CheckIcon } from "./icons";

/** Long enough to read a short sentence; what must not be missed belongs into a `Notice`. */
const SHOWN_MS = 4_000;

interface Toast {
  readonly id: number;
  readonly text: string;
}

const NONE: readonly Toast[] = [];
let toasts: readonly Toast[] = NONE;
let nextId = 1;
const listeners = new Set<() => void>();

/** Says in passing that something was done: "Key revoked". */
export function showToast(text: string): void {
  const toast = { id: nextId++, text };
  change([...toasts.slice(-2), toast]);
  setTimeout(() => change(toasts.filter(({ id }) => id !== toast.id)), SHOWN_MS);
}

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where they appear; once a page. Always there, so that readers announce what comes into it. */
export function Toasts() {
  const shown = useSyncExternalStore(
    subscribe,
    () => toasts,
    () => NONE,
  );
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4"
    >
      {shown.map(({ id, text }) => (
        <p
          key={id}
          className="flex items-center gap-2 rounded-lg bg-ink px-3.5 py-2 font-medium text-paper text-sm shadow-(--shadow)"
        >
          <CheckIcon />
          {text}
        </p>
      ))}
    </div>
  );
}
