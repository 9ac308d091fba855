"use client";

import { useEffect, useState } from "react";
import { request } from "@/app/_live/request";
import { SweepStopping, type SweepStoppingView } from "@/graphql/operations/stopping";

/** While runs go on, what early stopping looked at is asked for again at this pace: a run comes to a band every few minutes. */
const ASK_EVERY_MS = 5_000;

/** undefined: not answered yet; null: the sweep stops no run early. */
export function useStopping(
  sweepId: string,
  active: boolean,
): { stopping: SweepStoppingView | null | undefined; failed: boolean } {
  const [answer, setAnswer] = useState<{ stopping: SweepStoppingView | null | undefined; failed: boolean }>({
    stopping: undefined,
    failed: false,
  });
  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      try {
        const { sweep } = await request(SweepStopping, { id: sweepId }, left.signal);
        if (!left.signal.aborted) setAnswer({ stopping: sweep?.stopping ?? null, failed: false });
      } catch {
        // What was shown stays; the next time is soon.
        if (!left.signal.aborted) setAnswer((known) => ({ ...known, failed: true }));
      }
    };
    void ask();
    const timer = active
      ? setInterval(() => document.visibilityState === "hidden" || void ask(), ASK_EVERY_MS)
      : undefined;
    return () => {
      left.abort();
      clearInterval(timer);
    };
  }, [sweepId, active]);
  return answer;
}
