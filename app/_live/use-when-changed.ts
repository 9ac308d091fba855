"use client";

import { useEffect, useRef } from "react";
import type { RunHead } from "@/graphql/operations/run-page";

/** A run that logs is heard of ten times a second; what it saved beside numbers is looked for at this pace. */
const ASK_EVERY_MS = 3_000;
/** After a question that was not answered, or whose answer is still on its way. */
export const AGAIN_MS = 4_000;
/** What takes the server long is asked for so much less often. */
const REST_TIMES = 10;

/**
 * Asks at once, and again, not too often, whenever the run has changed.
 * @param tries another number is a reason, too
 */
export function useWhenChanged(
  head: RunHead,
  near: boolean,
  ask: (signal: AbortSignal) => Promise<unknown>,
  tries: number,
): void {
  const nextAt = useRef(Number.NEGATIVE_INFINITY);
  const asking = useRef(ask);
  asking.current = ask;
  const pending = useRef<ReturnType<typeof setTimeout>>(undefined);
  const left = useRef<AbortController>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of the run is the reason
  useEffect(() => {
    if (!near) return;
    pending.current ??= setTimeout(
      () => {
        pending.current = undefined;
        left.current ??= new AbortController();
        const began = performance.now();
        nextAt.current = began + ASK_EVERY_MS;
        void asking.current(left.current.signal).then(() => {
          nextAt.current = Math.max(nextAt.current, began + REST_TIMES * (performance.now() - began));
        });
      },
      Math.max(0, nextAt.current - performance.now()),
    );
  }, [head, near, tries]);
  useEffect(
    () => () => {
      clearTimeout(pending.current);
      pending.current = undefined;
      left.current?.abort();
      left.current = undefined;
    },
    [],
  );
}
