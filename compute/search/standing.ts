import type { OpenSoftConstraint } from "@/core/constraint";
import { isBetter } from "@/core/sweep";
import type { Metric } from "@/core/sweep-config";
import { compareNumbers } from "@/math/order";
import { median } from "@/math/stats";
import { beats } from "../analysis/pareto";
import { countsEarly, hasOwnValue, imputedValue } from "./imputed";
import { groupByHash, type Ledger, type Trial } from "./ledger";

/**
 * The configurations of a ledger from the best to the worst: all that methods by rank (tpe, cmaes) ask of results, so that a
 * metric's unit, its tails and what a failure would have come to do not matter to them.
 *
 * 1. Those with a result that keeps to the soft constraints, by the mean of their repeats; several metrics by non-dominated
 *    fronts, and within a front by how much room there is around a point (Deb's crowding distance, NSGA-II, 2002).
 * 2. Those with a result that breaks a soft constraint, or did not log its metric, by how far they break them in all. (With
 *    repeats, what counts is how far inside its bound a configuration lies on average.)
 * 3. Stopped runs, which are no better than what they had reached: who came further first, then by value.
 * 4. Failed ones, but for those to which `impute: best` or `latest` gives the value that they had reached; what it does not
 *    give (of several metrics some) is then the worst that is known.
 */
export interface Configuration {
  /** The domain's coordinates. */
  readonly x: Float64Array;
  readonly trials: readonly Trial[];
  /** By metric the mean of its results; null without any. */
  readonly values: readonly number[] | null;
}

/** @param top so many are put in order; behind them several metrics' results stand as they came */
export function rankConfigurations(
  ledger: Pick<Ledger, "settled" | "pending">,
  metrics: readonly Metric[],
  constraints: readonly OpenSoftConstraint[],
  top: number,
): Configuration[] {
  const early = ledger.pending.filter((trial) => countsEarly(trial, metrics));
  const worst = worstOf(ledger.settled, metrics);
  const all = groupByHash([...ledger.settled, ...early]).map((trials): Configuration => {
    return { x: trials[0]?.x as Float64Array, trials, values: meansOf(trials, metrics, worst) };
  });
  const withResult = all.filter(({ values }) => values !== null);
  const broken = breaches(withResult, constraints);
  const held = withResult.filter((_, i) => broken[i] === undefined);
  const signs = metrics.map(({ goal }) => (goal === "maximize" ? -1 : 1));
  const key = ({ values }: Configuration): number => (signs[0] ?? 1) * (values?.[0] ?? 0);
  const first = metrics.length > 1 ? byFronts(held, signs, top) : sortBy(held, (a, b) => key(a) - key(b));
  const order = new Map(withResult.map((each, i) => [each, broken[i]]));
  const breaking = withResult.filter((_, i) => broken[i] !== undefined);
  const second = sortBy(
    breaking,
    (a, b) => compareNumbers(order.get(a) ?? 0, order.get(b) ?? 0) || key(a) - key(b),
  );
  const rest = all.filter(({ values }) => values === null);
  const stopped = rest.filter(({ trials }) => trials.some(({ state }) => state === "pruned"));
  const reached = ({ trials }: Configuration) => {
    const own = trials.filter(({ state }) => state === "pruned");
    const count = Math.max(...own.map(({ progress }) => progress?.count ?? 0));
    const value = Math.min(...own.map(({ outcome }) => (signs[0] ?? 1) * (outcome?.objectives[0] ?? 0)));
    return { count, value };
  };
  const marks = new Map(stopped.map((each) => [each, reached(each)]));
  const third = sortBy(stopped, (a, b) => {
    const [one, other] = [marks.get(a), marks.get(b)];
    return (
      compareNumbers(other?.count ?? 0, one?.count ?? 0) || compareNumbers(one?.value ?? 0, other?.value ?? 0)
    );
  });
  const failed = rest.filter((each) => !marks.has(each));
  return [...first, ...second, ...third, ...failed];
}

function meansOf(
  trials: readonly Trial[],
  metrics: readonly Metric[],
  worst: readonly number[] | null,
): number[] | null {
  const results = trials.flatMap((trial): (readonly number[])[] => {
    const { state, outcome } = trial;
    if (state === "observed") return outcome ? [outcome.objectives] : [];
    if ((state !== "failed" && state !== "pending") || !hasOwnValue(trial, metrics)) return [];
    const values = metrics.flatMap((metric, m) => imputedValue(trial, m, metric) ?? worst?.[m] ?? []);
    return values.length === metrics.length ? [values] : [];
  });
  if (results.length === 0) return null;
  return metrics.map((_, m) =>
    results.reduce((mean, result) => mean + (result[m] as number) / results.length, 0),
  );
}

/** By metric; null before there is a result. */
function worstOf(settled: readonly Trial[], metrics: readonly Metric[]): number[] | null {
  const known = settled.flatMap(({ state, outcome }) =>
    state === "observed" && outcome ? [outcome.objectives] : [],
  );
  const [first] = known;
  if (first === undefined) return null;
  return metrics.map(({ goal }, m) =>
    known.reduce(
      (worst, objectives) =>
        isBetter(goal, worst, objectives[m] as number) ? (objectives[m] as number) : worst,
      first[m] as number,
    ),
  );
}

/** Stable. */
const sortBy = <T>(list: readonly T[], order: (a: T, b: T) => number): T[] => [...list].sort(order);

/**
 * By configuration how far it breaks the constraints in all, each in units of its median distance from the bound; undefined
 * where it keeps to all of them. On a bound that excludes itself it breaks by 0.
 */
function breaches(
  all: readonly Configuration[],
  constraints: readonly OpenSoftConstraint[],
): (number | undefined)[] {
  const sums: (number | undefined)[] = all.map(() => undefined);
  for (const { metric, slack, allows } of constraints) {
    const slacks = all.map(({ trials }) => {
      const own = trials.flatMap(({ outcome, params }) => {
        const value = outcome?.metrics?.[metric];
        return value === undefined ? [] : [slack(value, params)];
      });
      const mean = own.reduce((total, each) => total + each / own.length, 0);
      if (Number.isNaN(mean)) return Number.NEGATIVE_INFINITY;
      return own.length > 0 ? mean : slack(undefined, trials[0]?.params ?? {});
    });
    const unit = median(slacks.map(Math.abs).filter(Number.isFinite));
    for (const [i, each] of slacks.entries())
      if (!allows(each)) sums[i] = (sums[i] ?? 0) - each / (unit > 0 ? unit : 1);
  }
  return sums;
}

/** Fronts one behind the other until `top` are placed. */
function byFronts(all: readonly Configuration[], signs: readonly number[], top: number): Configuration[] {
  const costs = all.map(({ values }) => signs.map((sign, m) => sign * (values?.[m] ?? 0)));
  let rest = sortBy([...all.keys()], (a, b) => lexical(costs[a] as number[], costs[b] as number[]) || a - b);
  const placed: number[] = [];
  while (rest.length > 0 && placed.length < top) {
    const front: number[] = [];
    const behind: number[] = [];
    // Whoever stands before in this order is no worse in the first metric, so nobody is beaten by one that comes later.
    for (const i of rest) {
      // of costs the higher "beats" the lower
      const isBeaten = front.some((other) => beats(costs[i] as number[], costs[other] as number[], false));
      (isBeaten ? behind : front).push(i);
    }
    placed.push(...byCrowding(front, costs));
    rest = behind;
  }
  return [...placed, ...rest.sort((a, b) => a - b)].map((i) => all[i] as Configuration);
}

function lexical(a: readonly number[], b: readonly number[]): number {
  for (let m = 0; m < a.length; m++) {
    const order = compareNumbers(a[m] as number, b[m] as number);
    if (order !== 0) return order;
  }
  return 0;
}

/** Those with the most room around them first; the ends of a front have all the room. */
function byCrowding(front: readonly number[], costs: readonly (readonly number[])[]): number[] {
  const room = new Map(front.map((i) => [i, 0]));
  const J = costs[front[0] ?? 0]?.length ?? 0;
  for (let m = 0; m < J; m++) {
    const cost = (i: number | undefined): number => costs[i ?? 0]?.[m] ?? 0;
    const sorted = sortBy(front, (a, b) => compareNumbers(cost(a), cost(b)) || a - b);
    const width = cost(sorted.at(-1)) - cost(sorted[0]);
    for (const [k, i] of sorted.entries()) {
      const isEnd = k === 0 || k === sorted.length - 1;
      const own = isEnd ? Number.POSITIVE_INFINITY : (cost(sorted[k + 1]) - cost(sorted[k - 1])) / width;
      if (width > 0) room.set(i, (room.get(i) ?? 0) + own);
    }
  }
  return sortBy(front, (a, b) => compareNumbers(room.get(b) ?? 0, room.get(a) ?? 0) || a - b);
}
