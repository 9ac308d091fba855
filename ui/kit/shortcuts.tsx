"use client";

import { useEffect, useRef, useSyncExternalStore } from "react";

/** Something that can be done on the page that is shown: by its name in the palette, and by a key if it has one. */
export interface Act {
  /** What it does, as on a button: "Pause the sweep". */
  readonly words: string;
  /**
   * Keys as `KeyboardEvent.key` has them: "/", "?", "1"; two after each other with a blank between: "g p"; with
   * modifiers: "mod+k" (Ctrl, or Command on a Mac), "alt+m". Several ways have commas between: "t, alt+m".
   */
  readonly keys?: string;
  readonly run: () => void;
  /** Known by key alone: not worth a line in the palette, where it would say nothing new. */
  readonly keyOnly?: boolean;
}

/** A second key belongs to the first one for this long. */
const SEQUENCE_MS = 1_200;
const SINGLE_KEYS = "besom-single-keys";

const registered = new Map<symbol, readonly Act[]>();
let listed: readonly Act[] = [];
const NONE: readonly Act[] = [];
const listeners = new Set<() => void>();

function setActs(owner: symbol, acts: readonly Act[]): void {
  if (acts.length > 0) registered.set(owner, acts);
  else registered.delete(owner);
  // What belongs to the page comes before what is everywhere: the frame declares first.
  listed = [...registered.values()].reverse().flat();
  for (const listener of listeners) listener();
}

/** Declares what can be done, for as long as the component is there. What is declared later wins a key. */
export function useShortcuts(acts: readonly Act[]): void {
  const latest = useRef(acts);
  latest.current = acts;
  // A new closure at each render is no news; words and keys are.
  const shape = acts.map(({ words, keys, keyOnly }) => `${words}\n${keys}\n${keyOnly}`).join("\0");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the acts
  useEffect(() => {
    const owner = Symbol();
    setActs(
      owner,
      latest.current.map((act, i) => ({ ...act, run: () => latest.current[i]?.run() })),
    );
    return () => setActs(owner, []);
  }, [shape]);
}

/** All that can be done now. */
export function useActs(): readonly Act[] {
  return useSyncExternalStore(
    subscribe,
    () => listed,
    () => NONE,
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) addEventListener("keydown", onKeyDown);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("keydown", onKeyDown);
  };
}

let first: { key: string; atMs: number } | undefined;

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat || isBusy(event.target)) return;
  const key = toStroke(event);
  if (key === undefined) return;
  const before = first && performance.now() - first.atMs < SEQUENCE_MS ? first.key : undefined;
  first = undefined;
  const allowed = event.ctrlKey || event.metaKey || event.altKey || usesSingleKeys();
  if (!allowed) return;
  const act = (before !== undefined && find(`${before} ${key}`)) || find(key);
  if (act) {
    event.preventDefault();
    act.run();
  } else if (listed.some(({ keys }) => waysOf(keys).some((way) => way.startsWith(`${key} `))))
    first = { key, atMs: performance.now() };
}

const find = (stroke: string): Act | undefined => listed.find(({ keys }) => waysOf(keys).includes(stroke));

export const waysOf = (keys: string | undefined): readonly string[] => keys?.split(", ") ?? [];

/** As it is written in `Act.keys`. Shift says itself through the key: `?`. */
export function toStroke(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "getModifierState">,
): string | undefined {
  const { key, code, ctrlKey, metaKey, altKey } = event;
  if (["Control", "Meta", "Alt", "Shift", "AltGraph"].includes(key)) return undefined;
  // AltGr writes `[` on many keyboards, and Windows reports it as Ctrl with Alt.
  if (event.getModifierState("AltGraph")) return key;
  // Alt makes other letters on a Mac: the key's place says which one was meant.
  const plain = altKey && /^Key[A-Z]$/.test(code) ? code.slice(3) : key;
  const modifiers = `${ctrlKey || metaKey ? "mod+" : ""}${altKey ? "alt+" : ""}`;
  return modifiers === "" ? plain : modifiers + plain.toLowerCase();
}

/** Somebody types, or something lies over the page and has its own keys. */
function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open], [role="menu"]')) return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches(
        'textarea, select, [role="textbox"], input:not([type="checkbox"], [type="radio"], [type="button"])',
      ))
  );
}

// ------------------------------------------------------------------ switched off

/** Keys without a modifier disturb who dictates or hits keys by mistake, so they can be switched off (WCAG 2.1.4). */
export const usesSingleKeys = (): boolean => {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== "off";
  } catch {
    return true;
  }
};

export function setSingleKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(SINGLE_KEYS);
    else localStorage.setItem(SINGLE_KEYS, "off");
  } catch {
    // A browser that keeps nothing: they stay on.
  }
}

// ------------------------------------------------------------------ shown

const NAMES: Readonly<Record<string, string>> = { alt: "Alt", " ": "Space" };

/** The keys of one way, as they are printed on a keyboard. */
export function Keys({ way }: { way: string }) {
  const mac = useIsMac();
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      {way.split(" ").map((stroke, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a way never changes
        <span key={i} className="inline-flex items-center gap-1">
          {i > 0 && <span className="text-ink-faint text-xs">then</span>}
          {stroke.split("+").map((key) => (
            <kbd
              key={key}
              className="inline-flex h-5 min-w-5 items-center justify-center rounded border border-line-strong bg-surface px-1 font-sans text-2xs text-ink-soft"
            >
              {key === "mod"
                ? mac
                  ? "⌘"
                  : "Ctrl"
                : (NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
}

const never = () => () => {};
const useIsMac = (): boolean =>
  useSyncExternalStore(
    never,
    () => /Mac|iPhone|iPad/.test(navigator.platform),
    () => false,
  );
