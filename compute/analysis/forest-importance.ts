import type { MarginalPoint, PairImportance, ParameterImportance } from "@/core/importance";
import type { Goal } from "@/core/sweep";
import { type Column, type Forest, growForest, outOfBagR2, type Table } from "@/math/forest";
import { openWords } from "@/math/forest/words";
import { correlationsOf, toMetric } from "./correlation";
import { directionOf, toPointValue } from "./curve";
import { drawPoints, effectsOf, pairIndex } from "./forest-effects";
import { impurityShares, permutationShares } from "./forest-gains";
import { type Found, WEAK_R2, Z90 } from "./found";
import { deviationOf, momentsOf, standardized } from "./moments";
import { activeShare, categoriesOf, categoryMasses, type Runs, type VariedColumn } from "./read-runs";

/** fANOVA's usual number, and rows of each beyond which the shares of the test functions no longer change. */
const TREES = 64;
const MOST_DRAWS = 4_000;
/** Columns tried at each split: fANOVA's own. Trees that differ more foretell better, Ishigami's function to R2 0.94 instead of 0.92. */
const COLUMN_SHARE = 5 / 6;
/** For intervals: forests of half the runs, which differ as much as samples of all runs would. */
const BAGS = 12;
const TREES_OF_BAG = 4;
const MOST_BAG_ROWS = 2_000;
/** Functional ANOVA of a random forest. */
export function byForest({ columns, target }: Runs, goal: Goal): Found {
  const runs = target.length;
  const table = toTable(columns, standardized(target));
  // Leaves of single runs learn their noise, and cost as many nodes as there are runs.
  const growth = { columnShare: COLUMN_SHARE, minLeaf: runs < 300 ? 1 : runs < 1_000 ? 3 : 5 };
  const forest = growForest(table, { ...growth, seed: "importance", trees: TREES, draws: MOST_DRAWS });
  const bagRows = Math.min(MOST_BAG_ROWS, Math.ceil(runs / 2));
  const bagged = growForest(table, {
    ...{ ...growth, seed: "intervals", trees: BAGS * TREES_OF_BAG, binning: forest.binning },
    bags: { trees: TREES_OF_BAG, rows: bagRows },
  });
  const masses = columns.map((column, at) => massesOf(column, forest, at));
  const points = drawPoints(masses);
  const [effects] = effectsOf(forest, masses, { pairs: true, points });
  if (!effects) throw new Error("a forest has trees");
  const samples = effectsOf(bagged, masses, { groupSize: TREES_OF_BAG, points });
  // Var(m of n without replacement) x m / (n - m) is the variance of all n (Politis and Romano 1994).
  const z = Z90 * Math.sqrt(bagRows / (runs - bagRows));
  const impurity = impurityShares(forest);
  const permutation = permutationShares(forest, table, openWords("importance", "permutation"));
  const r2 = outOfBagR2(forest, table);
  const { mean, deviation } = momentsOf(target);
  const metric = toMetric(target);
  const pairs = toPairs(columns, effects.pairShares);
  const parameters = columns.map((column, at): ParameterImportance => {
    const share = effects.shares[at] ?? 0;
    const half = z * deviationOf(samples.map(({ shares }) => shares[at] ?? 0));
    const marginal = toMarginal(column, forest, at, (code) => {
      const center = mean + (effects.marginals[at]?.[code] ?? 0) * deviation;
      const around = z * deviationOf(samples.map(({ marginals }) => marginals[at]?.[code] ?? 0)) * deviation;
      return { mean: center, low: center - around, high: center + around };
    });
    return {
      name: column.name,
      importance: share,
      low: Math.max(0, share - half),
      high: Math.min(1, share + half),
      total: Math.min(1, share + sumOfPairs(pairs, column.name)),
      ...{ totalLow: null, totalHigh: null },
      impurity: impurity[at] ?? 0,
      permutation: Math.max(0, permutation[at] ?? 0),
      ...correlationsOf(column, metric),
      direction: directionOf(column.parameter, marginal, goal),
      active: activeShare(column),
      marginal,
    };
  });
  return {
    ...{ parameters, pairs, outOfBagR2: Number.isNaN(r2) ? null : r2 },
    warnings: r2 >= WEAK_R2 ? [] : ["WEAK_FIT"],
  };
}

function toTable(columns: readonly VariedColumn[], target: Float64Array): Table {
  const values = new Float64Array(columns.length * target.length);
  for (const [at, { units }] of columns.entries()) values.set(units, at * target.length);
  return {
    rows: target.length,
    columns: columns.map(
      ({ parameter }): Column =>
        parameter.kind === "categorical"
          ? { kind: "category", size: categoriesOf(parameter) }
          : { kind: "number" },
    ),
    values,
    target,
  };
}

/** How probable each code is in the space; the share of runs without a value is taken as the space's. */
function massesOf(column: VariedColumn, { binning }: Forest, at: number): Float64Array {
  const { parameter } = column;
  const masses = new Float64Array(binning.sizes[at] ?? 0);
  const missing = binning.missing[at] ?? -1;
  const lacking = missing >= 0 ? 1 - activeShare(column) : 0;
  if (missing >= 0) masses[missing] = lacking;
  if (parameter.kind === "categorical")
    for (const [code, mass] of categoryMasses(parameter).entries()) masses[code] = mass * (1 - lacking);
  else {
    const ends = [0, ...(binning.cuts[at] ?? []), 1];
    for (let code = 0; code + 1 < ends.length; code++)
      masses[code] = ((ends[code + 1] ?? 1) - (ends[code] ?? 0)) * (1 - lacking);
  }
  const sum = masses.reduce((all, mass) => all + mass, 0);
  return masses.map((mass) => mass / sum);
}

function toMarginal(
  { parameter }: VariedColumn,
  { binning }: Forest,
  at: number,
  curve: (code: number) => Omit<MarginalPoint, "value">,
): MarginalPoint[] {
  const ends = [0, ...(binning.cuts[at] ?? []), 1];
  const points: MarginalPoint[] = [];
  for (let code = 0; code < (binning.sizes[at] ?? 0); code++) {
    if (code === binning.missing[at]) continue;
    const middle = ((ends[code] ?? 0) + (ends[code + 1] ?? 1)) / 2;
    const value = toPointValue(parameter, parameter.kind === "categorical" ? code : middle);
    if (value !== undefined) points.push({ value, ...curve(code) });
  }
  return points;
}

function toPairs(columns: readonly VariedColumn[], shares: Float64Array): PairImportance[] {
  const pairs = columns.flatMap((a, i) =>
    columns.slice(i + 1).map((b, j) => ({
      ...{ a: a.name, b: b.name },
      importance: shares[pairIndex(i, i + 1 + j, columns.length)] ?? 0,
    })),
  );
  return pairs.sort((x, y) => y.importance - x.importance);
}

export const sumOfPairs = (pairs: readonly PairImportance[], name: string): number =>
  pairs.reduce((sum, { a, b, importance }) => (a === name || b === name ? sum + importance : sum), 0);
