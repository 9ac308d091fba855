import type { Verdict } from "@/core/stopping";
import { type Goal, isBetter } from "@/core/sweep";
import type { Funnel } from "@/core/sweep-config";
import { bestFirst, type Contender, rankOf } from "./ranks";

/**
 * Stops a run that is surely not among the best `percent` of 100 of all runs, a share that narrows as runs get longer and tell more
 * of how they will end: percent · √(grace / band), never below `final`. All runs are those that came to the band and those that were
 * stopped before it, which count as worse: the other rules compare with those alone that came, where a third of a third of the runs is left
 * at the second band. What came by chance is not held against a run: its place may be behind the share by one standard error
 * of a share of so many, √(n·p·(1-p)).
 *
 * On the curves of bench/stopping it spends a third of the training and stops one in a hundred of the best tenth. Its numbers are
 * chosen on these curves, in the midst of the forty and more of 576 settings that spent at most 33.5 % and lost at most 2.5 % (0 to 1.5
 * standard errors, 20 to 40 % at first, exponents 0 to 0.7).
 * @param field all runs that have reached the band, the judged one among them
 * @param gone how many were stopped early before they came to the band
 */
export function judgeFunnel(
  rule: Pick<Funnel, "grace" | "every" | "minRuns" | "percent" | "final">,
  goal: Goal,
  band: number,
  { field, gone }: { readonly field: readonly Contender[]; readonly gone: number },
  runId: number,
): Verdict {
  const own = field.find((run) => run.runId === runId);
  if (own === undefined) throw new Error(`run ${runId} has not reached band ${band}`);
  const others = field.filter((run) => run !== own).map(({ best }) => best);
  const all = others.length + gone;
  const threshold =
    all < rule.minRuns ? null : (bestFirst(goal, others)[placesOf(shareAt(rule, band), all) - 1] ?? null);
  const value = own.best;
  return {
    stop: threshold !== null && isBetter(goal, threshold, value),
    rule: "funnel",
    band,
    value,
    threshold,
    rank: rankOf(goal, value, others),
    of: field.length + gone,
  };
}

/** How many of the others may be better: the best of all runs goes on in any case. */
const placesOf = (share: number, all: number): number =>
  1 + Math.floor(share * all + Math.sqrt(share * (1 - share) * all));

/** Of 1. */
function shareAt(
  { grace, every, percent, final }: Omit<Parameters<typeof judgeFunnel>[0], "minRuns">,
  band: number,
): number {
  const first = grace > 0 ? grace : every;
  return Math.max(Math.min(final, percent), percent * Math.sqrt(first / band)) / 100;
}
