import type { OpenSoftConstraint } from "@/core/constraint";
import type { Metric } from "@/core/sweep-config";
import { log1p } from "@/math/elementary";
import { compareNumbers } from "@/math/order";
import { median, quantileOfSorted } from "@/math/stats";
import type { Row, Sample } from "./gp/surrogate";
import { fitWarp, type Warp } from "./gp/warp";
import { countsEarly, hasOwnValue, imputedValue } from "./imputed";
import { groupByHash, type Ledger, type Trial } from "./ledger";

/**
 * What a model is fitted to: the ledger's runs, one row a configuration, each metric as targets of which more is better.
 *
 * Failed runs count as the metric's `impute` says (W&B's rule) as long as there are fewer than FAILURES_TO_LEARN of them; from then
 * on a model of their own learns where runs fail, and the metric's model is not bent by values nobody measured.
 */
export interface Study {
  /** Settled configurations with a result, and those that `impute` gives one, in the order of their first outcome. */
  readonly configurations: readonly Configuration[];
  readonly warps: readonly Warp[];
  /** By metric: targets of `configurations`. */
  readonly samples: readonly Sample[];
  /** By soft constraint: above 0 where the metric keeps to its bound. Runs that did not log it have no row. */
  readonly constraints: readonly Sample[];
  /** +1 where runs end well and -1 where they fail; null while there are too few failures to learn from. */
  readonly failures: Sample | null;
}

export interface Configuration {
  readonly x: Float64Array;
  readonly trials: readonly Trial[];
}

export const FAILURES_TO_LEARN = 3;

type ToKernel = (x: Float64Array) => Float64Array;

/** @param toKernel in place, from the domain's coordinates to the kernel's */
export function openStudy(
  ledger: Ledger,
  metrics: readonly Metric[],
  constraints: readonly OpenSoftConstraint[],
  toKernel: ToKernel,
): Study {
  const early = ledger.pending.filter((trial) => countsEarly(trial, metrics));
  const all = groupByHash([...ledger.settled, ...early]).map((trials) => ({
    x: toKernel((trials[0]?.x ?? new Float64Array(0)).slice()),
    trials,
  }));
  const failed = all.filter(({ trials }) => trials.every(({ state }) => state === "failed"));
  const learnsFailures = failed.length >= FAILURES_TO_LEARN;
  const isImputed = ({ trials }: Configuration): boolean =>
    trials.some((trial) => hasOwnValue(trial, metrics));
  const configurations = all.filter((each) => !failed.includes(each) || !learnsFailures || isImputed(each));
  const values = metrics.map((_, m) =>
    configurations.flatMap(({ trials }) => trials.flatMap((trial) => resultOf(trial, m) ?? [])),
  );
  const warps = metrics.map(({ goal }, m) => fitWarp(values[m] ?? [], goal));
  return {
    configurations,
    warps,
    samples: metrics.map((metric, m) =>
      toSample(configurations, { m, ...metric }, warps[m] as Warp, values[m] ?? []),
    ),
    constraints: constraints.map((constraint) => toSlacks(all, constraint)),
    failures: learnsFailures ? toLabels(all) : null,
  };
}

/** Coordinates of what is under way and has no target. */
export function listPending(
  ledger: Ledger,
  metrics: readonly Metric[],
  toKernel: ToKernel,
): readonly Float64Array[] {
  return ledger.pending
    .filter((trial) => !countsEarly(trial, metrics))
    .flatMap(({ x }) => (x ? [toKernel(x.slice())] : []));
}

const resultOf = ({ state, outcome }: Trial, metric: number): number | undefined =>
  state === "observed" ? outcome?.objectives[metric] : undefined;

function toSample(
  configurations: readonly Configuration[],
  metric: Metric & { readonly m: number },
  warp: Warp,
  values: readonly number[],
): Sample {
  const { m } = metric;
  const known = values.map(warp.toTarget).sort((a, b) => a - b);
  const worst = known[0] ?? 0;
  const best = known.at(-1) ?? 0;
  const stopped = rankStopped(configurations, m, warp, known);
  /** The target of a run without a result of its own. */
  const stand = (trial: Trial): number => {
    if (trial.state === "pruned") return stopped.get(trial.number) ?? worst;
    const own = imputedValue(trial, m, metric);
    if (own === undefined) return worst;
    // The warp has not seen this value: one of 1e300 would lie as many deviations away.
    const target = warp.toTarget(own);
    return Number.isNaN(target) ? worst : Math.min(Math.max(target, worst - BEYOND), best + BEYOND);
  };
  let extraRuns = 0;
  let scatter = 0;
  const rows = configurations.map(({ x, trials }): Row => {
    const results = trials.flatMap((trial) => resultOf(trial, m) ?? []).map(warp.toTarget);
    const targets = results.length > 0 ? results : trials.map(stand);
    const y = targets.reduce((sum, target) => sum + target, 0) / targets.length;
    if (results.length > 1) {
      extraRuns += results.length - 1;
      for (const target of results) scatter += (target - y) * (target - y);
    }
    return { x, y, runs: Math.max(1, results.length) };
  });
  return { rows, extraRuns, scatter };
}

/**
 * By number the targets of runs that were stopped early. What they would have come to is unknown, but hardly a good place: they
 * are spread over the worse half of the finished results in the order in which they stand behind these (standing.ts), those that
 * came further before the others, then by value. So the model still learns which of them was the better one, and none looks better than
 * the median of the finished.
 */
function rankStopped(
  configurations: readonly Configuration[],
  metric: number,
  warp: Warp,
  /** Targets of the finished, rising. */
  known: readonly number[],
): ReadonlyMap<number, number> {
  const stopped = configurations
    .flatMap(({ trials }) => trials.filter(({ state }) => state === "pruned"))
    .map(({ number, progress, outcome }) => ({
      number,
      count: progress?.count ?? 0,
      target: warp.toTarget(outcome?.objectives[metric] ?? Number.NaN),
    }))
    .sort((a, b) => a.count - b.count || compareNumbers(a.target, b.target));
  const targets = new Map<number, number>();
  for (let from = 0; from < stopped.length; ) {
    const { count, target } = stopped[from] as (typeof stopped)[number];
    let to = from + 1;
    while (stopped[to]?.count === count && stopped[to]?.target === target) to++;
    const middle = (0.5 * (from + to)) / 2 / stopped.length;
    for (const { number } of stopped.slice(from, to)) targets.set(number, quantileOfSorted(known, middle));
    from = to;
  }
  return targets;
}

/** In deviations: how far beyond all results a value counts that a run had reached which did not come to its end. */
const BEYOND = 3;

function toLabels(all: readonly Configuration[]): Sample {
  const rows = all.map(({ x, trials }): Row => {
    const good = trials.filter(({ state }) => state !== "failed").length;
    return { x, y: (2 * good) / trials.length - 1, runs: trials.length };
  });
  return { rows, extraRuns: 0, scatter: 0 };
}

/**
 * How far inside its bound a metric lies, as ± ln(1 + |slack| / median |slack|): the bound itself stays at 0, whatever the
 * unit, and a run far beyond it does not flatten what is near it.
 */
function toSlacks(all: readonly Configuration[], { metric, slack }: OpenSoftConstraint): Sample {
  const known = all.flatMap(({ x, trials }) => {
    const own = trials.flatMap(({ outcome, params }) => {
      const value = outcome?.metrics?.[metric];
      return value === undefined || Number.isNaN(value) ? [] : [slack(value, params)];
    });
    return own.length > 0 ? [{ x, own }] : [];
  });
  const sizes = known.flatMap(({ own }) => own.filter(Number.isFinite).map(Math.abs));
  const unit = median(sizes) > 0 ? median(sizes) : 1;
  const toTarget = (each: number): number =>
    Math.sign(each) * log1p(Math.min(Math.abs(each) / unit, FAR_INSIDE));
  const rows = known.map(({ x, own }): Row => {
    const targets = own.map(toTarget);
    return { x, y: targets.reduce((sum, target) => sum + target, 0) / targets.length, runs: targets.length };
  });
  return { rows, extraRuns: 0, scatter: 0 };
}

/** Where there is no bound at all the slack is infinite. */
const FAR_INSIDE = 100;
