import type {
  Importance,
  ImportanceMethod,
  ImportanceWarning,
  MarginalPoint,
  ParameterImportance,
  UnfinishedChoice,
} from "@/core/importance";
import { type Leaf, listLeaves } from "@/core/leaves";
import type { LeafParameter } from "@/core/parameter";
import { toPythonText } from "@/core/python";
import { fromUnit, isWithin, toUnit } from "@/core/space";
import type { Goal } from "@/core/sweep";
import { deserializeConfig } from "@/core/sweep-config";
import { isValueMap, parseJson, toIdentity, toNumber, type Value } from "@/core/value";
import { type Column, type Forest, growForest, outOfBagR2, type Table } from "@/math/forest";
import { drawUnit, openStream } from "@/math/random";
import { ranks } from "@/math/stats";
import { effectsOf, impurityShares, type Masses, pairIndex, permutationShares } from "./forest-effects";

/** Equal runs may come several times. */
export interface ImportanceInput {
  /** `serializeConfig`: the space that the shares are shares of. */
  readonly config: string;
  readonly goal: Goal;
  /** `forest` when absent. */
  readonly method?: ImportanceMethod;
  /** Of `good`: the share of the runs that are the best ones; GOOD_QUANTILE when absent. */
  readonly quantile?: number;
  /** JSON text of each run's parameters. */
  readonly params: readonly string[];
  /** Null, NaN or infinite where a run has none. */
  readonly values: readonly (number | null)[];
  /** By `worst` runs without a finite value get the worst one of all, else they are left out: `last` is for whoever reads the runs. */
  readonly unfinished?: UnfinishedChoice;
  /** Runs that are not among them because they have no finite value. */
  readonly without: number;
}

/** Below this many runs a forest says nothing about anything. */
export const NEEDED_RUNS = 10;
/** From here on a ranking is worth reading. */
const ENOUGH_RUNS = 30;
/** The share of the variation foretold in unseen runs below which a ranking is mostly noise. */
const WEAK_R2 = 0.3;
/** fANOVA's usual number, and rows of each beyond which the shares of the test functions no longer change. */
const TREES = 64;
const MOST_DRAWS = 4_000;
/** For intervals: forests of half the runs, which differ as much as samples of all runs would. */
const BAGS = 12;
const TREES_OF_BAG = 4;
const MOST_BAG_ROWS = 2_000;
/** 5 % and 95 % of a normal distribution. */
const Z90 = 1.6449;
const MOST_PAIRS = 30;
/** A forest's column holds so many categories; what a space has beyond them is taken as one. */
const MOST_CATEGORIES = 250;

/** What mattered, from the runs so far. The same runs in the same order give the same answer, to the last digit. */
export function importanceOf(input: ImportanceInput): Importance {
  const leaves = listLeaves(deserializeConfig(input.config).parameters);
  const read = readRuns(leaves, input);
  const { rows, columns } = read;
  const runs = rows.length;
  const leftOut = input.without + input.params.length - runs;
  const nothing = (warnings: ImportanceWarning[]): Importance => ({
    ...{ method: "forest", good: null, imputed: read.imputed },
    ...{ runs, needed: NEEDED_RUNS, leftOut, parameters: [], pairs: [], outOfBagR2: null, warnings },
    constant: read.constant,
  });
  if (runs < NEEDED_RUNS) return nothing(["TOO_FEW_RUNS"]);
  if (columns.length === 0) return nothing(["NOTHING_VARIES"]);
  const target = Float64Array.from(rows, ({ value }) => value);
  if (target.every((value) => value === target[0])) return nothing(["METRIC_CONSTANT"]);

  const table = toTable(columns, rows, standardized(target));
  // Leaves of single runs learn their noise, and cost as many nodes as there are runs.
  const growth = { columnShare: 1, minLeaf: runs < 300 ? 1 : 3 };
  const forest = growForest(table, { ...growth, seed: "importance", trees: TREES, draws: MOST_DRAWS });
  const bagRows = Math.min(MOST_BAG_ROWS, Math.ceil(runs / 2));
  const bagged = growForest(table, {
    ...{ ...growth, seed: "intervals", trees: BAGS * TREES_OF_BAG },
    bags: { trees: TREES_OF_BAG, rows: bagRows },
  });
  const stream = openStream("importance", ["effects"]);
  let counter = 0n;
  const draw = () => drawUnit(stream, counter++);
  const masses = columns.map((column, at) => massesOf(column, forest, at, rows));
  const [effects] = effectsOf(forest, masses, draw, { pairs: true });
  if (!effects) throw new Error("a forest has trees");
  const samples = effectsOf(bagged, masses, draw, { groupSize: TREES_OF_BAG });
  // Var(m of n without replacement) x m / (n - m) is the variance of all n (Politis and Romano 1994).
  const z = Z90 * Math.sqrt(bagRows / (runs - bagRows));
  const impurity = impurityShares(forest);
  const permutation = permutationShares(forest, table, draw);
  const r2 = outOfBagR2(forest, table);
  const { mean, deviation } = momentsOf(target);
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
      ...correlationsOf(column, at, rows, target),
      direction: directionOf(column, marginal, input.goal),
      active: rows.filter(({ units }) => !Number.isNaN(units[at])).length / runs,
      marginal,
    };
  });
  return {
    ...{ method: "forest", good: null, imputed: read.imputed },
    ...{ runs, needed: NEEDED_RUNS, leftOut, constant: read.constant },
    parameters: parameters.sort((a, b) => b.importance - a.importance || (a.name < b.name ? -1 : 1)),
    pairs: pairs.slice(0, MOST_PAIRS),
    outOfBagR2: Number.isNaN(r2) ? null : r2,
    warnings: [
      ...(runs < ENOUGH_RUNS ? ["FEW_RUNS" as const] : []),
      ...(!(r2 >= WEAK_R2) ? ["WEAK_FIT" as const] : []),
    ],
  };
}

// ------------------------------------------------------------------ runs to columns

interface VariedColumn {
  /** Its place among the leaves. */
  readonly leaf: number;
  readonly name: string;
  readonly parameter: LeafParameter;
}

interface ReadRun {
  /** Of each column: the unit interval's place, a category's code, NaN without a value. */
  readonly units: Float64Array;
  /** As numbers, NaN where it is none. */
  readonly numbers: Float64Array;
  readonly value: number;
}

/** Runs whose values lie in the space, and the parameters that vary among them. */
function readRuns(leaves: readonly Leaf[], { params, values, goal, unfinished }: ImportanceInput) {
  const inside: { units: Float64Array; numbers: Float64Array; value: number }[] = [];
  for (const [i, text] of params.entries()) {
    const own = parseJson(text);
    const units = new Float64Array(leaves.length);
    const numbers = new Float64Array(leaves.length);
    const fits = leaves.every(({ path, parameter }, at) => {
      const value = valueAt(own, path);
      numbers[at] = value === undefined ? Number.NaN : (toNumber(value) ?? Number.NaN);
      const unit = value === undefined ? Number.NaN : codeOf(parameter, value);
      units[at] = unit ?? 0;
      return unit !== undefined;
    });
    if (fits) inside.push({ units, numbers, value: values[i] ?? Number.NaN });
  }
  const finite = inside.filter(({ value }) => Number.isFinite(value));
  const imputes = unfinished === "worst" && finite.length > 0;
  const worst = finite.reduce(
    (worst, { value }) => (goal === "minimize" ? Math.max(worst, value) : Math.min(worst, value)),
    goal === "minimize" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
  );
  const read = imputes
    ? inside.map((run) => (Number.isFinite(run.value) ? run : { ...run, value: worst }))
    : finite;
  const names = leaves.map(({ path }) => path.join("."));
  const varies = leaves.map((_, at) => read.some(({ units }) => !Object.is(units[at], read[0]?.units[at])));
  const columns = leaves.flatMap(({ parameter }, leaf): VariedColumn[] =>
    varies[leaf] ? [{ leaf, name: names[leaf] ?? "", parameter }] : [],
  );
  const rows = read.map(
    ({ units, numbers, value }): ReadRun => ({
      units: Float64Array.from(columns, ({ leaf }) => units[leaf] ?? Number.NaN),
      numbers: Float64Array.from(columns, ({ leaf }) => numbers[leaf] ?? Number.NaN),
      value,
    }),
  );
  const imputed = read.length - finite.length;
  return { rows, columns, imputed, constant: names.filter((_, at) => !varies[at]) };
}

function valueAt(params: Value, path: readonly string[]): Value | undefined {
  let inside: Value | undefined = params;
  for (const name of path) inside = inside !== undefined && isValueMap(inside) ? inside[name] : undefined;
  return inside;
}

/** @returns undefined for a value that the space does not have */
function codeOf(parameter: LeafParameter, value: Value): number | undefined {
  if (parameter.kind !== "categorical")
    return isOutside(parameter, value) ? undefined : toUnit(parameter, value);
  let codes = codesOf.get(parameter);
  if (codes === undefined) {
    // The first of values that are the same.
    codes = new Map(parameter.values.map((known, code) => [toIdentity(known), code] as const).reverse());
    codesOf.set(parameter, codes);
  }
  const code = codes.get(toIdentity(value));
  return code === undefined ? undefined : Math.min(code, MOST_CATEGORIES - 1);
}

/** A number beyond the bounds, which `toUnit` would take for the nearest one. */
function isOutside(parameter: Exclude<LeafParameter, { kind: "categorical" }>, value: Value): boolean {
  if (parameter.kind === "constant") return false;
  const number = toNumber(value) ?? Number.NaN;
  return parameter.kind === "int_uniform"
    ? number < parameter.min || number > parameter.max
    : !isWithin(parameter, number);
}

/** Of long lists: 10,000 runs of 10,000 values would take minutes to be looked for one by one. */
const codesOf = new WeakMap<LeafParameter, ReadonlyMap<string, number>>();

function toTable(columns: readonly VariedColumn[], rows: readonly ReadRun[], target: Float64Array): Table {
  const values = new Float64Array(columns.length * rows.length);
  for (const [row, { units }] of rows.entries())
    for (const [at, unit] of units.entries()) values[at * rows.length + row] = unit;
  return {
    rows: rows.length,
    columns: columns.map(
      ({ parameter }): Column =>
        parameter.kind === "categorical"
          ? { kind: "category", size: Math.min(parameter.values.length, MOST_CATEGORIES) }
          : { kind: "number" },
    ),
    values,
    target,
  };
}

/** How probable each code is in the space; the share of runs without a value is taken as the space's. */
function massesOf(
  { parameter }: VariedColumn,
  forest: Forest,
  at: number,
  rows: readonly ReadRun[],
): Masses[number] {
  const { sizes, cuts, missing } = forest.binning;
  const masses = new Float64Array(sizes[at] ?? 0);
  const lacking =
    (missing[at] ?? -1) >= 0 ? rows.filter(({ units }) => Number.isNaN(units[at])).length / rows.length : 0;
  if (lacking > 0) masses[missing[at] ?? 0] = lacking;
  if (parameter.kind === "categorical") {
    for (const code of parameter.values.keys()) {
      const own = Math.min(code, MOST_CATEGORIES - 1);
      masses[own] =
        (masses[own] ?? 0) + (parameter.probabilities?.[code] ?? 1 / parameter.values.length) * (1 - lacking);
    }
  } else {
    const ends = [0, ...(cuts[at] ?? []), 1];
    for (let code = 0; code + 1 < ends.length; code++)
      masses[code] = ((ends[code + 1] ?? 1) - (ends[code] ?? 0)) * (1 - lacking);
  }
  const sum = masses.reduce((all, mass) => all + mass, 0);
  return masses.map((mass) => mass / sum);
}

// ------------------------------------------------------------------ what is said of a parameter

function toMarginal(
  { parameter }: VariedColumn,
  forest: Forest,
  at: number,
  curve: (code: number) => Omit<MarginalPoint, "value">,
): MarginalPoint[] {
  const { cuts, missing, sizes } = forest.binning;
  const ends = [0, ...(cuts[at] ?? []), 1];
  const points: MarginalPoint[] = [];
  for (let code = 0; code < (sizes[at] ?? 0); code++) {
    if (code === missing[at]) continue;
    const value =
      parameter.kind === "categorical"
        ? parameter.values[code]
        : fromUnit(parameter, ((ends[code] ?? 0) + (ends[code + 1] ?? 1)) / 2);
    if (value === undefined) continue;
    const number = parameter.kind === "categorical" ? undefined : toNumber(value);
    points.push({ value: number ?? toPythonText(value), ...curve(code) });
  }
  return points;
}

/** Of a curve of numbers: which end is better, where the way there is one way for nine tenths of it. */
function directionOf(
  { parameter }: VariedColumn,
  marginal: readonly MarginalPoint[],
  goal: Goal,
): ParameterImportance["direction"] {
  if (parameter.kind === "categorical" || marginal.length < 2) return "mixed";
  let [up, down] = [0, 0];
  for (let i = 1; i < marginal.length; i++) {
    const step = (marginal[i]?.mean ?? 0) - (marginal[i - 1]?.mean ?? 0);
    if (step > 0) up += step;
    else down -= step;
  }
  if (Math.max(up, down) < 0.9 * (up + down) || up === down) return "mixed";
  return up > down === (goal === "maximize") ? "higher" : "lower";
}

type Correlations = Pick<ParameterImportance, "correlation" | "correlationOf" | "rankCorrelation">;

/** W&B's: Pearson's with the values as they are, or with each category as a column of zeros and ones. */
function correlationsOf(
  { parameter }: VariedColumn,
  at: number,
  rows: readonly ReadRun[],
  target: Float64Array,
): Correlations {
  return parameter.kind === "categorical" && parameter.values.some((value) => toNumber(value) === undefined)
    ? ofCategories(parameter.values, at, rows, target)
    : ofNumbers(at, rows, target);
}

function ofNumbers(at: number, rows: readonly ReadRun[], target: Float64Array): Correlations {
  const known = rows.flatMap(({ numbers }, row) => (Number.isFinite(numbers[at]) ? [row] : []));
  const x = Float64Array.from(known, (row) => rows[row]?.numbers[at] ?? 0);
  const y = Float64Array.from(known, (row) => target[row] ?? 0);
  return {
    correlation: pearson(x, y),
    correlationOf: null,
    rankCorrelation: x.length > 1 ? pearson(ranks(x), ranks(y)) : null,
  };
}

/** The category that is furthest from all others: of two, what one loses the other gains, and the later one is named. */
function ofCategories(
  values: readonly Value[],
  at: number,
  rows: readonly ReadRun[],
  target: Float64Array,
): Correlations {
  let best: Correlations = { correlation: null, correlationOf: null, rankCorrelation: null };
  for (const [code, value] of values.slice(0, MOST_CATEGORIES).entries()) {
    const isIt = Float64Array.from(rows, ({ units }) => (units[at] === code ? 1 : 0));
    const correlation = pearson(isIt, target);
    if (correlation !== null && Math.abs(correlation) >= Math.abs(best.correlation ?? 0) - 1e-9)
      best = { correlation, correlationOf: toPythonText(value), rankCorrelation: null };
  }
  return best;
}

/** Null where one of them does not vary. */
function pearson(x: Float64Array, y: Float64Array): number | null {
  const [a, b] = [momentsOf(x), momentsOf(y)];
  if (!(a.deviation > 0) || !(b.deviation > 0)) return null;
  let sum = 0;
  for (const [i, value] of x.entries())
    sum += ((value - a.mean) / a.deviation) * (((y[i] ?? 0) - b.mean) / b.deviation);
  return Math.max(-1, Math.min(1, sum / (x.length - 1)));
}

function toPairs(columns: readonly VariedColumn[], shares: Float64Array): Importance["pairs"] {
  const pairs = columns.flatMap((a, i) =>
    columns.slice(i + 1).map((b, j) => ({
      ...{ a: a.name, b: b.name },
      importance: shares[pairIndex(i, i + 1 + j, columns.length)] ?? 0,
    })),
  );
  return pairs.sort((x, y) => y.importance - x.importance);
}

const sumOfPairs = (pairs: Importance["pairs"], name: string): number =>
  pairs.reduce((sum, { a, b, importance }) => (a === name || b === name ? sum + importance : sum), 0);

/** To mean 0 and deviation 1: sums of squares of values near 1e300 would leave the range of doubles. */
function standardized(values: Float64Array): Float64Array {
  const { mean, deviation } = momentsOf(values);
  return values.map((value) => (value - mean) / deviation);
}

const deviationOf = (values: readonly number[]): number => momentsOf(Float64Array.from(values)).deviation;

/** Scaled first, so that no square overflows. */
function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  let [mean, square] = [0, 0];
  for (const [i, value] of values.entries()) {
    const step = value / scale - mean;
    mean += step / (i + 1);
    square += step * (value / scale - mean);
  }
  return { mean: mean * scale, deviation: Math.sqrt(square / Math.max(1, values.length - 1)) * scale };
}
