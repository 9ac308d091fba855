"use client";

import { useAskedAgain } from "@/app/_live/use-asked-again";
import { SweepStopping, type SweepStoppingView } from "@/graphql/operations/stopping";

/** undefined: not answered yet; null: the sweep stops no run early. */
export function useStopping(
  sweepId: string,
  active: boolean,
): { stopping: SweepStoppingView | null | undefined; failed: boolean } {
  const { answer, failed } = useAskedAgain(SweepStopping, sweepId, active);
  return { stopping: answer && (answer.sweep?.stopping ?? null), failed };
}
