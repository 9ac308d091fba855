"use client";

import { useEffect, useRef, useState } from "react";
import { isActive } from "@/core/run";
import { type RunHead, RunSystem, type SystemSeries } from "@/graphql/operations/run-page";
import { request } from "./request";

/** Machines are looked at each ten seconds or so; nobody is told of a sample, since all who watch a sweep would be. */
const ASK_EVERY_MS = 5_000;

/** What the run's machine did: as the server drew it, then asked for again while the run works and somebody looks. */
export function useSystem(
  { id, state, attempt }: Pick<RunHead, "id" | "state" | "attempt">,
  initial: readonly SystemSeries[],
): readonly SystemSeries[] {
  const [series, setSeries] = useState(initial);
  const fresh = useRef(true);
  const active = isActive(state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt has samples of its own
  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      if (document.visibilityState === "hidden") return;
      try {
        const { run } = await request(RunSystem, { id }, left.signal);
        if (run && !left.signal.aborted) setSeries(run.system);
      } catch {
        // The banner says that the connection is lost; the next time is soon.
      }
    };
    if (!fresh.current) void ask();
    fresh.current = false;
    const timer = active ? setInterval(() => void ask(), ASK_EVERY_MS) : undefined;
    return () => {
      left.abort();
      clearInterval(timer);
    };
  }, [id, active, attempt]);
  return series;
}
