import type { MarginalPoint, ParameterImportance } from "@/core/importance";
import { multiplesOf } from "@/core/space";
import type { Goal } from "@/core/sweep";
import { below, openWords, shuffleFirst, type Words } from "@/math/forest/words";
import { normalCdf } from "@/math/special";
import { correlationsOf, toMetric } from "./correlation";
import { directionOf, toPointValue } from "./curve";
import { type Found, Z90 } from "./found";
import { deviationOf } from "./moments";
import { activeShare, categoriesOf, type Runs, type VariedColumn } from "./read-runs";

/**
 * PED-ANOVA (Watanabe, Bansal, Hutter, IJCAI 2023): what tells the best runs from all. Of each parameter the density among the best
 * quantile is held against that among all runs, by Pearson's divergence
 *
 *     D = sum_x p_all(x) (p_good(x) / p_all(x) - 1)^2
 *
 * which is, up to a factor that all parameters share, the variance that its marginal explains of the indicator "is among the best".
 * Against all runs, not against the space: where a search went by itself is no merit of the parameter. Of one that some runs do
 * not have, a^2 / b times the divergence among those that have it, with a and b their shares of the good and of all runs
 * (conditional PED-ANOVA, 2026): that it exists is the doing of the parameter that it depends on.
 *
 * | symbol | meaning                                                                               |
 * | ------ | ------------------------------------------------------------------------------------- |
 * | G      | places of a parameter: its values, or 50 steps of its distribution                      |
 * | p      | of numbers a Parzen estimate with Scott's bandwidth as Optuna's, of categories counts; either with one run more that lies anywhere |
 * | D_0    | the mean divergence of as many runs drawn at random: few runs differ from all by chance |
 *
 * A share is max(0, D - D_0) of the sum of those.
 */
export function byGoodRuns({ columns, target }: Runs, goal: Goal, quantile: number): Found {
  const study = openStudy(columns, target, goal, quantile);
  const { good, grids } = study;
  const own = measure(study, null, good);
  const words = openWords("importance", "good");
  const { means, isChance } = drawChance(study, own, words);
  const shares = toShares(own, means, 1);
  const resampled = Array.from({ length: RESAMPLES }, () => resample(study, words));
  // Noise of the runs at hand and noise of drawing from them: twice what chance brings.
  const others = resampled.map((one) => toShares(one, means, 2));
  const metric = toMetric(target);
  const parameters = columns.map((column, at): ParameterImportance => {
    const share = shares[at] ?? 0;
    const half = Z90 * deviationOf(others.map((one) => one[at] ?? 0));
    const marginal = toMarginal(column, grids[at] as Grid, (place) => {
      const mean = own.chances[at]?.[place] ?? 0;
      const around = Z90 * deviationOf(resampled.map(({ chances }) => chances[at]?.[place] ?? 0));
      return { mean, low: Math.max(0, mean - around), high: Math.min(1, mean + around) };
    });
    return {
      name: column.name,
      importance: share,
      low: Math.max(0, share - half),
      high: Math.min(1, share + half),
      ...{ total: null, totalLow: null, totalHigh: null, impurity: null, permutation: null },
      ...correlationsOf(column, metric),
      // The curve is a chance of being good, whichever way the metric goes.
      direction: directionOf(column.parameter, marginal, "maximize"),
      active: activeShare(column),
      marginal,
    };
  });
  return {
    ...{ parameters, good, pairs: [], outOfBagR2: null },
    warnings: [
      ...(good < FEW_GOOD_RUNS ? ["FEW_RUNS" as const] : []),
      ...(isChance ? ["WEAK_FIT" as const] : []),
    ],
  };
}

/** D of each parameter, before chance is taken off: what Optuna's evaluator gives up to a factor. */
export const divergencesOf = ({ columns, target }: Runs, goal: Goal, quantile: number): Float64Array => {
  const study = openStudy(columns, target, goal, quantile);
  return measure(study, null, study.good).divergences;
};

/** Beyond 50 places nothing is gained: Optuna's number. */
const MOST_PLACES = 50;
const FEW_GOOD_RUNS = 10;
/** Of bootstrap samples, and of draws of as many runs as are good: a deviation to 7 %, a chance of 0.05 to 0.02. */
const RESAMPLES = 100;

interface Grid {
  /** Of each run, the best first: -1 without a value. */
  readonly codes: Int16Array;
  readonly size: number;
  /** Neighbours have to do with each other. */
  readonly ordered: boolean;
}

interface Study {
  readonly grids: readonly Grid[];
  readonly runs: number;
  /** The best so many, and all that are as good as the last of them. */
  readonly good: number;
  readonly quantile: number;
  /** Targets, the best first. */
  readonly ranked: Float64Array;
}

function openStudy(
  columns: readonly VariedColumn[],
  target: Float64Array,
  goal: Goal,
  quantile: number,
): Study {
  const sign = goal === "minimize" ? 1 : -1;
  const order = Int32Array.from(target.keys());
  order.sort((a, b) => sign * ((target[a] as number) - (target[b] as number)) || a - b);
  const ranked = Float64Array.from(order, (row) => target[row] as number);
  const runs = target.length;
  const last = ranked[Math.max(1, Math.ceil(quantile * runs)) - 1];
  let good = 0;
  while (good < runs && (ranked[good] === last || good < Math.ceil(quantile * runs))) good++;
  return { grids: columns.map((column) => toGrid(column, order)), runs, good, quantile, ranked };
}

function toGrid(column: VariedColumn, order: Int32Array): Grid {
  const { parameter, units, numbers } = column;
  const codes = new Int16Array(order.length);
  const fill = (size: number, ordered: boolean, place: (row: number) => number): Grid => {
    for (let i = 0; i < order.length; i++) {
      const row = order[i] as number;
      codes[i] = Number.isNaN(units[row]) ? -1 : Math.max(0, Math.min(size - 1, place(row)));
    }
    return { codes, size, ordered };
  };
  if (parameter.kind === "categorical")
    return fill(categoriesOf(parameter), false, (row) => units[row] as number);
  if ("quantum" in parameter) {
    const { first, last } = multiplesOf(parameter);
    if (last - first < MOST_PLACES)
      return fill(
        last - first + 1,
        true,
        (row) => Math.round((numbers[row] as number) / parameter.quantum.q) - first,
      );
  }
  const values = parameter.kind === "int_uniform" ? parameter.max - parameter.min + 1 : MOST_PLACES;
  const size = Math.min(values, MOST_PLACES);
  return fill(size, true, (row) => Math.floor((units[row] as number) * size));
}

// ------------------------------------------------------------------ good runs against all

interface Measured {
  readonly divergences: Float64Array;
  /** Of each parameter by place: the chance that a run there is good. */
  readonly chances: readonly Float64Array[];
}

/** @param times how often each run counts, the best first; once when null. The first `end` of them are the good ones */
function measure({ grids, runs }: Study, times: Uint8Array | null, end: number): Measured {
  let good = 0;
  for (let i = 0; i < end; i++) good += times === null ? 1 : (times[i] as number);
  const divergences = new Float64Array(grids.length);
  const chances = grids.map((grid, at) => {
    const { codes, size } = grid;
    const [all, best] = [new Float64Array(size), new Float64Array(size)];
    for (let i = 0; i < runs; i++) {
      const code = codes[i] as number;
      if (code < 0) continue;
      const count = times === null ? 1 : (times[i] as number);
      all[code] = (all[code] as number) + count;
      if (i < end) best[code] = (best[code] as number) + count;
    }
    const { divergence, chance } = compare(grid, all, best, runs, good);
    divergences[at] = divergence;
    return chance;
  });
  return { divergences, chances };
}

function compare(grid: Grid, all: Float64Array, best: Float64Array, runs: number, good: number) {
  const [active, activeGood] = [sumOf(all), sumOf(best)];
  const [ofAll, ofGood] = [densityOf(grid, all, active), densityOf(grid, best, activeGood)];
  const [a, b] = [activeGood / good, active / runs];
  const chance = new Float64Array(grid.size);
  let divergence = 0;
  for (let place = 0; place < grid.size; place++) {
    const ratio = (ofGood[place] as number) / (ofAll[place] as number);
    divergence += (ofAll[place] as number) * (ratio - 1) ** 2;
    chance[place] = active > 0 ? Math.min(1, ((good / runs) * ratio * a) / b) : 0;
  }
  return { divergence: active > 1 ? (divergence * a * a) / b : 0, chance };
}

/** Of these counts and one run that lies anywhere. */
function densityOf({ size, ordered }: Grid, counts: Float64Array, sum: number): Float64Array {
  const density = new Float64Array(size);
  const each = 1 / (sum + 1);
  if (!ordered) {
    for (let code = 0; code < size; code++) density[code] = ((counts[code] as number) + 1 / size) * each;
    return density;
  }
  addKernels(density, counts, bandwidthOf(counts, sum), each);
  addKernel(density, (size - 1) / 2, size, each);
  return density;
}

/** Scott's, with the smaller of deviation and quartiles as Optuna takes them; 90 % of a kernel within its own place at least. */
function bandwidthOf(counts: Float64Array, sum: number): number {
  let [mean, square] = [0, 0];
  for (let code = 0; code < counts.length; code++)
    mean += ((counts[code] as number) * code) / Math.max(1, sum);
  for (let code = 0; code < counts.length; code++) square += (counts[code] as number) * (code - mean) ** 2;
  const [quarter, most] = [Math.floor(sum / 4), Math.floor((sum * 3) / 4)];
  let [seen, low, high, last] = [0, -1, -1, 0];
  for (let code = 0; code < counts.length; code++) {
    if (counts[code] === 0) continue;
    seen += counts[code] as number;
    last = code;
    if (low < 0 && seen >= quarter) low = code;
    if (high < 0 && seen > most) high = code;
  }
  const quartiles = (high < 0 ? last : high) - low;
  const deviation = Math.sqrt(square / Math.max(1, sum - 1));
  return Math.max((1.059 * Math.min(quartiles / 1.34, deviation)) / Math.max(1, sum) ** 0.2, 0.5 / 1.64);
}

/** A normal about each place that occurs, cut off at the ends of the grid. */
function addKernels(density: Float64Array, counts: Float64Array, bandwidth: number, each: number): void {
  const size = density.length;
  // Below each half place from -size to size.
  const below = new Float64Array(2 * size + 1);
  for (let i = 0; i <= 2 * size; i++) below[i] = normalCdf((i - size - 0.5) / bandwidth);
  for (let code = 0; code < size; code++) {
    const count = counts[code] as number;
    if (count === 0) continue;
    const start = size - code;
    const share = (count * each) / ((below[start + size] as number) - (below[start] as number));
    for (let place = 0; place < size; place++)
      density[place] =
        (density[place] as number) +
        share * ((below[start + place + 1] as number) - (below[start + place] as number));
  }
}

function addKernel(density: Float64Array, center: number, bandwidth: number, weight: number): void {
  const end = (place: number) => normalCdf((place - 0.5 - center) / bandwidth);
  const all = end(density.length) - end(0);
  for (let place = 0; place < density.length; place++)
    density[place] = (density[place] as number) + (weight * (end(place + 1) - end(place))) / all;
}

// ------------------------------------------------------------------ chance

/** The runs drawn anew with replacement, and the best quantile of those. */
function resample(study: Study, words: Words): Measured {
  const { runs, quantile, ranked } = study;
  const times = new Uint8Array(runs);
  for (let i = 0; i < runs; i++) {
    const row = below(words, runs);
    if ((times[row] as number) < 255) times[row] = (times[row] as number) + 1;
  }
  const wanted = Math.max(1, Math.ceil(quantile * runs));
  let [end, seen] = [0, 0];
  while (end < runs && seen < wanted) seen += times[end++] as number;
  while (end < runs && ranked[end] === ranked[end - 1]) end++;
  return measure(study, times, end);
}

/** Each parameter's mean divergence of as many runs drawn at random, and whether their largest is often as large as the real one. */
function drawChance(study: Study, own: Measured, words: Words): { means: Float64Array; isChance: boolean } {
  const { grids, runs, good } = study;
  const drawn = Int32Array.from({ length: runs }, (_, i) => i);
  const alls = grids.map(({ codes, size }) => {
    const all = new Float64Array(size);
    for (const code of codes) if (code >= 0) all[code] = (all[code] as number) + 1;
    return all;
  });
  const draws = Array.from({ length: RESAMPLES }, () => {
    shuffleFirst(drawn, good, words);
    return Float64Array.from(grids, (grid, at) => {
      const best = new Float64Array(grid.size);
      for (let i = 0; i < good; i++) {
        const code = grid.codes[drawn[i] as number] as number;
        if (code >= 0) best[code] = (best[code] as number) + 1;
      }
      return compare(grid, alls[at] as Float64Array, best, runs, good).divergence;
    });
  });
  const means = Float64Array.from(
    grids,
    (_, at) => sumOf(draws.map((draw) => draw[at] as number)) / RESAMPLES,
  );
  // By parameter in units of what chance brings there: those with many places differ more by chance.
  const largest = (divergences: Float64Array) =>
    divergences.reduce(
      (most, value, at) => Math.max(most, value / (means[at] || Number.POSITIVE_INFINITY)),
      0,
    );
  const real = largest(own.divergences);
  const asLarge = draws.filter((draw) => largest(draw) >= real).length;
  return { means, isChance: asLarge > 0.05 * RESAMPLES };
}

function toShares({ divergences }: Measured, chance: Float64Array, times: number): Float64Array {
  const beyond = divergences.map((value, at) => Math.max(0, value - times * (chance[at] as number)));
  const sum = sumOf(beyond);
  return beyond.map((value) => (sum > 0 ? value / sum : 0));
}

function toMarginal(
  { parameter }: VariedColumn,
  { size, ordered }: Grid,
  curve: (place: number) => Omit<MarginalPoint, "value">,
): MarginalPoint[] {
  const multiples = "quantum" in parameter ? multiplesOf(parameter) : undefined;
  const byMultiple = multiples !== undefined && multiples.last - multiples.first < MOST_PLACES;
  return Array.from({ length: size }, (_, place): MarginalPoint[] => {
    const value = byMultiple
      ? multiples.number(multiples.first + place)
      : toPointValue(parameter, ordered ? (place + 0.5) / size : place);
    return value === undefined ? [] : [{ value, ...curve(place) }];
  }).flat();
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}
