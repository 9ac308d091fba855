"use client";

import { useSyncExternalStore } from "react";
import { CheckIcon } from "./icons";

/** Long enough to read a short sentence; what must not be missed belongs into a `Notice`. */
const SHOWN_MS = 4_000;
/** Reading it, deciding and getting there by Tab takes longer. */
const SHOWN_WITH_ACTION_MS = 10_000;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: ToastAction;
}

/** What takes back or follows up: "Undo". The toast goes with it. */
export interface ToastAction {
  readonly label: string;
  readonly onSelect: () => void;
}

const NONE: readonly Toast[] = [];
let toasts: readonly Toast[] = NONE;
let nextId = 1;
const timers = new Map<number, ReturnType<typeof setTimeout>>();
const listeners = new Set<() => void>();

/** Says in passing that something was done: "Key revoked". It stays while the pointer or the focus is on it. */
export function showToast(text: string, { action }: { action?: ToastAction } = {}): void {
  const toast = { id: nextId++, text, ...(action && { action }) };
  change([...toasts.slice(-2), toast]);
  leaveSoon(toast);
}

function leaveSoon({ id, action }: Toast): void {
  stay(id);
  timers.set(
    id,
    setTimeout(() => leave(id), action ? SHOWN_WITH_ACTION_MS : SHOWN_MS),
  );
}

function stay(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

function leave(id: number): void {
  stay(id);
  change(toasts.filter((toast) => toast.id !== id));
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
      {shown.map((toast) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: it is only kept in sight while somebody is on it
        <div
          key={toast.id}
          onPointerEnter={() => stay(toast.id)}
          onPointerLeave={() => leaveSoon(toast)}
          onFocus={() => stay(toast.id)}
          onBlur={() => leaveSoon(toast)}
          className="pointer-events-auto flex max-w-full items-center gap-2 rounded-lg bg-ink px-3.5 py-2 font-medium text-paper text-sm shadow-(--shadow)"
        >
          <CheckIcon />
          <p className="wrap-anywhere min-w-0">{toast.text}</p>
          {toast.action && (
            <button
              type="button"
              onClick={() => {
                leave(toast.id);
                toast.action?.onSelect();
              }}
              className="-my-1 -mr-1.5 ml-1 min-h-7 rounded-md px-2 underline underline-offset-2 hover:bg-paper hover:text-ink focus-visible:outline-paper"
            >
              {toast.action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
