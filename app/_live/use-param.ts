"use client";

import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from "react";

/** What stands in the address behind `?`, as state that a page shares: an address alone restores the view. */
export interface AddressStore {
  /** Without the question mark. */
  search(): string;
  /** Undefined takes a key away. */
  set(changes: Readonly<Record<string, string | undefined>>, how: How): void;
  subscribe(listener: () => void): () => void;
  /** Takes over what stands in the address and follows the browser's Back and Forward, until the returned function is called. */
  follow(): () => void;
}

/** push: Back undoes it (a filter, a tab); replace: it only has to survive a reload (a slider, a width). */
export type How = "push" | "replace";

/** What changes with each frame of a drag reaches the address this often: browsers count its changes. */
const WRITE_MS = 200;

export function createAddressStore(initial: string): AddressStore {
  let search = initial;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writtenMs = 0;
  /** The page that this is the address of: what is still to be written must not reach the next one. */
  let path: string | undefined;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const write = (how: How) => {
    clearTimeout(timer);
    timer = undefined;
    writtenMs = performance.now();
    if (path !== undefined && path !== location.pathname) return;
    const url = `${location.pathname}${search === "" ? "" : `?${search}`}${location.hash}`;
    // Null: Next's router adds its own state, and then knows of the change.
    if (how === "push") history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  };
  return {
    search: () => search,
    set(changes, how) {
      const params = new URLSearchParams(search);
      for (const [key, text] of Object.entries(changes))
        if (text === undefined) params.delete(key);
        else params.set(key, text);
      const next = params.toString();
      if (next === search) return;
      if (how === "push") {
        // What a slider did before belongs to the view that Back returns to.
        if (timer !== undefined) write("replace");
        search = next;
        write("push");
      } else {
        search = next;
        const restMs = writtenMs + WRITE_MS - performance.now();
        if (restMs <= 0) write("replace");
        else timer ??= setTimeout(() => write("replace"), restMs);
      }
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow() {
      path = location.pathname;
      const read = () => {
        clearTimeout(timer);
        timer = undefined;
        // To another page: this one is about to go.
        if (path !== location.pathname) return;
        search = location.search.slice(1);
        tell();
      };
      // A link to this very page, from the palette say, was Next's own.
      if (timer === undefined && search !== location.search.slice(1)) read();
      window.addEventListener("popstate", read);
      return () => {
        if (timer !== undefined) write("replace");
        window.removeEventListener("popstate", read);
      };
    },
  };
}

export const AddressContext = createContext<AddressStore | undefined>(undefined);

export function useAddress(): AddressStore {
  const store = useContext(AddressContext);
  if (!store) throw new Error("useParam stands outside AddressContext");
  return store;
}

/** How a value stands in the address. Whatever somebody types there must be read as something. */
export interface ParamCodec<T> {
  read(text: string | undefined): T;
  /** Undefined: as without it, the key is left out. */
  write(value: T): string | undefined;
}

/** One key of the address as state. `codec` must not change between renders. */
export function useParam<T>(
  key: string,
  codec: ParamCodec<T>,
  how: How = "replace",
): [value: T, set: (value: T) => void] {
  const store = useAddress();
  const read = () => new URLSearchParams(store.search()).get(key) ?? undefined;
  const text = useSyncExternalStore(store.subscribe, read, read);
  const value = useMemo(() => codec.read(text), [codec, text]);
  const set = useCallback(
    (next: T) => store.set({ [key]: codec.write(next) }, how),
    [store, key, codec, how],
  );
  return [value, set];
}

/** One of these words; the first is the default and stands in no address. */
export const oneOf = <T extends string>(words: readonly [T, ...T[]]): ParamCodec<T> => ({
  read: (text) => words.find((word) => word === text) ?? words[0],
  write: (value) => (value === words[0] ? undefined : value),
});

export const FLAG: ParamCodec<boolean> = {
  read: (text) => text === "1",
  write: (value) => (value ? "1" : undefined),
};

export const TEXT: ParamCodec<string> = {
  read: (text) => text ?? "",
  write: (value) => value || undefined,
};

/** A number in these bounds. */
export const within = (low: number, high: number, usual: number): ParamCodec<number> => ({
  read: (text) => {
    const value = Number(text);
    return text === undefined || !Number.isFinite(value) ? usual : Math.min(high, Math.max(low, value));
  },
  write: (value) => (value === usual ? undefined : String(value)),
});

/** Names with commas between; a comma inside one is written `%2C`. */
export const NAMES: ParamCodec<readonly string[]> = {
  read: (text) =>
    text ? text.split(",").map((part) => part.replaceAll("%2C", ",").replaceAll("%25", "%")) : [],
  write: (names) =>
    names.length > 0
      ? names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",")
      : undefined,
};
