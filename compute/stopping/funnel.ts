import { type Goal, isBetter } from "@/core/sweep";
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
  if (all < rule.minRuns || band < firstLook(rule)) return null;
  const share = shareAt(rule, band);
  // So many of the others may be better, and the best of all goes on in any case.
  const place = Math.floor(share * all + Math.sqrt(share * (1 - share) * all));
  return place < others ? place : null;
}

const firstLook = ({ grace, every }: Pick<Funnel, "grace" | "every">): number => (grace > 0 ? grace : every);

/** Of what a run improved by over the second half of its way. An eighth and a half are as good for what they spend (bench/stopping/variants.ts). */
const AHEAD = 1 / 4;

/**
 * Curves cross because those that end well need not begin well: a run that is behind the threshold goes on all the same while it is
 * catching up, which is that it would be there if it improved by a quarter as much again as over the second half of its way.
 * @param before the best it had after half as many values; null where that is not known
 */
export function isCatchingUp(
  goal: Goal,
  { value, before, threshold }: { value: number; before: number | null; threshold: number },
): boolean {
  return before !== null && !isBetter(goal, threshold, value + AHEAD * (value - before));
}

/** Of 1. */
function shareAt({ grace, every, percent, final }: Omit<Funnel, "type" | "minRuns">, band: number): number {
  const first = firstLook({ grace, every });
  return Math.max(Math.min(final, percent), percent * Math.sqrt(first / band)) / 100;
}
