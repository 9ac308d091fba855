"use client";

import { useMemo } from "react";
import { useAskedAgain } from "@/app/_live/use-asked-again";
import type { AgentLine } from "@/graphql/operations/pages";
import { SweepTimeline } from "@/graphql/operations/timeline";
import type { TimedRun } from "@/ui/charts/prepare/timeline";

/** A try at a run. */
export interface Attempt extends Pick<TimedRun, "state" | "startMs" | "endMs" | "agent" | "slot"> {
  readonly number: number;
  readonly reason: string | null;
}

/** Of each run that was tried more than once, or has a slot, its attempts in order; by its id. */
export function useAttempts(
  sweepId: string,
  agents: readonly AgentLine[],
  active: boolean,
): ReadonlyMap<string, readonly Attempt[]> {
  const { answer } = useAskedAgain(SweepTimeline, sweepId, active);
  return useMemo(() => {
    const byRun = new Map<string, Attempt[]>();
    const known = new Map(agents.map(({ id, host }) => [id, { id, host }]));
    const {
      run = [],
      number,
      agent,
      slot,
      startedAt,
      endedAt,
      state,
      reason,
    } = answer?.sweep?.attempts ?? {};
    for (const [i, id] of run.entries()) {
      const holder = agent?.[i] ?? null;
      const attempt: Attempt = {
        number: number?.[i] ?? 1,
        reason: reason?.[i] ?? null,
        state: state?.[i] ?? "running",
        startMs: startedAt?.[i] ?? 0,
        endMs: endedAt?.[i] ?? null,
        slot: slot?.[i] ?? null,
        agent:
          holder === null
            ? null
            : (known.get(String(holder)) ?? { id: String(holder), host: `agent ${holder}` }),
      };
      const before = byRun.get(String(id));
      if (before) before.push(attempt);
      else byRun.set(String(id), [attempt]);
    }
    return byRun;
  }, [answer, agents]);
}
