import type { SweepHead } from "@/graphql/operations/pages";

/** Why there is no best run, or no front, to show. */
export function sayNoBest({
  state,
  constrained,
  counts,
}: Pick<SweepHead, "state" | "constrained"> & { counts: Pick<SweepHead["counts"], "finished"> }): string {
  const isOver = state === "finished" || state === "canceled";
  if (constrained && counts.finished > 0)
    return isOver
      ? "None: no run keeps to the constraints on metrics."
      : "None yet: no run that has ended keeps to the constraints on metrics.";
  return isOver ? "None." : "None yet.";
}
