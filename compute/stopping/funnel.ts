import type { Funnel } from "@/core/sweep-config";
import type { Crowd } from "./ranks";

/**
 * Stops a run that is behind the best `percent` of 100 of all runs, a share that narrows as runs get longer and tell more
 * of how they will end: percent · √(grace / band), never below `final`. All runs are those that came to the band and those that were
 * stopped before it, which count as worse: the other rules compare with those alone that came, where a third of a third of the runs is left
 * at the second band. What came by chance is not held against a run: its place may be behind the share by one standard error
 * of a share of so many, √(n·p·(1-p)).
 *
 * Its numbers were chosen on the digits of bench/stopping; on five other sets of curves no setting that spends as much was clearly better
 * (docs/early-stopping.md).
 */
export function funnelPlace(
  rule: Pick<Funnel, "grace" | "every" | "minRuns" | "percent" | "final">,
  band: number,
  { others, gone }: Crowd,
): number | null {
  const all = others + gone;
  if (all < rule.minRuns) return null;
  const share = shareAt(rule, band);
  // So many of the others may be better, and the best of all goes on in any case.
  const place = Math.floor(share * all + Math.sqrt(share * (1 - share) * all));
  return place < others ? place : null;
}

/** Of 1. */
function shareAt({ grace, every, percent, final }: Omit<Funnel, "type" | "minRuns">, band: number): number {
  const first = grace > 0 ? grace : every;
  return Math.max(Math.min(final, percent), percent * Math.sqrt(first / band)) / 100;
}
