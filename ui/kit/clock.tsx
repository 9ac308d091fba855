"use client";

import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";
import { formatAgo, formatDuration } from "@/ui/format";

/**
 * One clock for the page. It starts at the time the server drew the page, so that the first paint in the browser
 * says the same, then ticks each second by the server's clock: heartbeats are dated by it, and a laptop's own may
 * be minutes off.
 */
interface Clock {
  subscribe(listener: () => void): () => void;
  nowMs(): number;
  startMs: number;
}

const ClockContext = createContext<Clock | undefined>(undefined);

export function ClockProvider({ serverNowMs, children }: { serverNowMs: number; children: ReactNode }) {
  return <ClockContext value={clockFor(serverNowMs)}>{children}</ClockContext>;
}

let latest: Clock | undefined;

/**
 * Same start, same clock: React may render the provider more than once. An earlier start is a page that the router has
 * kept for the browser's Back: it would set the clock back by as long as one was away. The server, which serves many,
 * keeps none.
 */
function clockFor(serverNowMs: number): Clock {
  if (latest && serverNowMs <= latest.startMs) return latest;
  const clock = createClock(serverNowMs);
  if (typeof window !== "undefined") latest = clock;
  return clock;
}

function createClock(startMs: number): Clock {
  const offsetMs = startMs - Date.now();
  const listeners = new Set<() => void>();
  let nowMs = startMs;
  let timer: ReturnType<typeof setInterval> | undefined;
  const read = () => {
    nowMs = Date.now() + offsetMs;
  };
  const tick = () => {
    read();
    for (const listener of listeners) listener();
  };
  return {
    startMs,
    nowMs: () => nowMs,
    subscribe(listener) {
      listeners.add(listener);
      // Nobody looked for a while, perhaps: React asks again once it has subscribed.
      if (timer === undefined) read();
      timer ??= setInterval(tick, 1_000);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

/** Server time in ms, new each second. */
export function useNow(): number {
  const clock = useContext(ClockContext);
  if (!clock) throw new Error("useNow needs a ClockProvider above it");
  return useSyncExternalStore(clock.subscribe, clock.nowMs, () => clock.startMs);
}

/** "8 s ago", with the moment itself on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={toMoment(at)} className="figures whitespace-nowrap">
      {formatAgo(now - Date.parse(at))}
    </time>
  );
}

/** How long something took, or has taken by now. */
export function Duration({ from, to }: { from: string | null; to: string | null }) {
  return to === null && from !== null ? <Growing from={from} /> : <span>{between(from, to)}</span>;
}

function Growing({ from }: { from: string }) {
  return <span>{formatDuration(useNow() - Date.parse(from))}</span>;
}

const between = (from: string | null, to: string | null): string =>
  from === null || to === null ? "" : formatDuration(Date.parse(to) - Date.parse(from));

/** The day alone, for what lies weeks away: an expiry. */
export function Day({ at }: { at: string }) {
  return (
    <time dateTime={at} title={toMoment(at)} className="figures whitespace-nowrap">
      {at.slice(0, 10)}
    </time>
  );
}

/** In UTC, so that server and browser write the same text whatever zone they stand in. */
export const toMoment = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
