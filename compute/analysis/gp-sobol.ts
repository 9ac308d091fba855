import {
  type MarginalPoint,
  MOST_GP_RUNS,
  type PairImportance,
  type ParameterImportance,
} from "@/core/importance";
import { snapUnit } from "@/core/space";
import type { Goal } from "@/core/sweep";
import { inverseFromCholesky } from "@/math/cholesky";
import { openWords, shuffleFirst } from "@/math/forest/words";
import { openSobol } from "@/math/sobol";
import { mostLikely } from "../search/gp/fit";
import { defaultTheta, toHyper } from "../search/gp/hyper";
import { ABSENT, type Axes, type AxisKind } from "../search/gp/kernel";
import { appendPoints, type Model, openModel, setTargets } from "../search/gp/posterior";
import { correlationsOf, toMetric } from "./correlation";
import { directionOf, toPointValue } from "./curve";
import { type Found, WEAK_R2, Z90 } from "./found";
import { Paths } from "./gp-paths";
import { deviationOf, momentsOf, standardized } from "./moments";
import { activeShare, categoriesOf, categoryMasses, type Runs, type VariedColumn } from "./read-runs";
import { Indices } from "./sobol-indices";

/** Likelihoods cost n^3: 300 points pin down what there is to know about length scales. */
const FIT_POINTS = 300;
/** Of the posterior, for intervals: a deviation to a sixth. */
const DRAWS = 20;
const FEATURES = 256;
/**
 * Points of the space, and evaluations of the kernel at all of them together. The mean is integrated over many points, 1 s of 1,000
 * runs; the draws, which cost four times as much a point, over few: what they differ from the mean at the same points is added.
 */
const OF_MEAN = { points: 4_096, kernels: 128e6 };
const OF_DRAWS = { points: 512, kernels: 16e6 };
const OF_CURVES = { points: 64, kernels: 16e6 };
const FEWEST_POINTS = 32;
/** Pairs are looked for among so many parameters, those that do most together with others. */
const PAIRED = 6;
/** Of a curve of numbers. */
const PLACES = 17;

/**
 * Sobol indices of a Gaussian process: of its posterior mean and of functions drawn from its posterior (see gp-paths.ts), each over the
 * sweep's space with independent parameters. Its kernel is the search's own, Matérn-5/2 of a weighted sum of distances, which
 * is no product over dimensions: there is no closed form, so the integrals are means over scrambled Sobol points. The
 * share is the mean's; functions drawn from the posterior (Le Gratiet, Cannamela, Iooss 2014) say how sure it is, the hyperparameters at
 * their most likely.
 */
export function byGaussianProcess(all: Runs, goal: Goal): Found {
  const { columns, target, isDrawn } = drawRuns(all);
  const { mean, deviation } = momentsOf(target);
  const axes = axesOf(columns);
  const points = toPoints(columns, standardized(target));
  const model = fitModel(axes, points);
  const space = columns.map((column, d) => openColumn(column, axes.kinds[d] as AxisKind));
  const sizes = space.map(({ size }) => size);
  const words = openWords("importance", "gp");
  const paths = new Paths(model, points.y, sizes, DRAWS, FEATURES, words);
  const drawn = integrate(paths, space, OF_DRAWS);
  const meanPath = new Paths(model, points.y, sizes, 0, 0, words);
  const whole = integrate(meanPath, space, OF_MEAN, drawn.mostTogether(PAIRED));
  const curves = drawCurves(paths, space);
  const r2 = leaveOneOutR2(model, points);
  const metric = toMetric(target);
  const parameters = columns.map((column, d): ParameterImportance => {
    const marginal = toMarginal(column, space[d] as SpaceColumn, (place) => {
      const values = (curves[d] as Float64Array[])[place] as Float64Array;
      const center = mean + deviation * (values[0] as number);
      const around = Z90 * deviation * deviationOf([...values.subarray(1)]);
      return { mean: center, low: center - around, high: center + around };
    });
    const first = toInterval(drawn.first(d), whole.first(d));
    const total = toInterval(drawn.total(d), whole.total(d));
    return {
      name: column.name,
      ...{ importance: first.share, low: first.low, high: first.high },
      ...{ total: total.share, totalLow: total.low, totalHigh: total.high },
      ...{ impurity: null, permutation: null },
      ...correlationsOf(column, metric),
      direction: directionOf(column.parameter, marginal, goal),
      active: activeShare(column),
      marginal,
    };
  });
  return {
    ...{ parameters, pairs: toPairs(columns, drawn, whole), outOfBagR2: r2, runs: target.length },
    warnings: [
      ...(isDrawn ? ["SAMPLED_RUNS" as const] : []),
      ...(r2 >= WEAK_R2 ? [] : ["WEAK_FIT" as const]),
    ],
  };
}

// ------------------------------------------------------------------ the model

function drawRuns({ columns, target }: Runs) {
  if (target.length <= MOST_GP_RUNS) return { columns, target, isDrawn: false };
  const order = Int32Array.from(target.keys());
  shuffleFirst(order, MOST_GP_RUNS, openWords("importance", "runs"));
  const rows = order.subarray(0, MOST_GP_RUNS).sort();
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] as number);
  return {
    columns: columns.map((column) => ({
      ...column,
      units: pick(column.units),
      numbers: pick(column.numbers),
    })),
    target: pick(target),
    isDrawn: true,
  };
}

function axesOf(columns: readonly VariedColumn[]): Axes {
  const kinds = columns.map(({ parameter, units }): AxisKind => {
    if (parameter.kind === "categorical") return "category";
    return units.some(Number.isNaN) ? "conditional" : "number";
  });
  return { count: kinds.length, kinds };
}

interface Points {
  readonly count: number;
  readonly x: readonly Float64Array[];
  /** The mean of each one's runs. */
  readonly y: Float64Array;
  readonly runs: Float64Array;
  /** Squared differences of runs from their point's mean. */
  readonly scatters: Float64Array;
}

/** Runs with the same parameters are one point: what it says of itself is no foresight. */
function toPoints(columns: readonly VariedColumn[], target: Float64Array): Points {
  const found = new Map<string, { x: Float64Array; values: number[] }>();
  for (let row = 0; row < target.length; row++) {
    const x = Float64Array.from(columns, ({ units }) => {
      const unit = units[row] as number;
      return Number.isNaN(unit) ? ABSENT : unit;
    });
    const key = x.join(" ");
    const known = found.get(key);
    if (known) known.values.push(target[row] as number);
    else found.set(key, { x, values: [target[row] as number] });
  }
  const all = [...found.values()];
  const y = Float64Array.from(
    all,
    ({ values }) => values.reduce((sum, value) => sum + value, 0) / values.length,
  );
  return {
    ...{ count: all.length, x: all.map(({ x }) => x), y },
    runs: Float64Array.from(all, ({ values }) => values.length),
    scatters: Float64Array.from(all, ({ values }, i) =>
      values.reduce((sum, value) => sum + (value - (y[i] as number)) ** 2, 0),
    ),
  };
}

function fitModel(axes: Axes, points: Points): Model {
  const order = Int32Array.from({ length: points.count }, (_, i) => i);
  const count = Math.min(points.count, FIT_POINTS);
  shuffleFirst(order, count, openWords("importance", "fit"));
  const taken = order.subarray(0, count);
  const X = new Float64Array(axes.count * count);
  for (const [i, from] of taken.entries())
    for (let d = 0; d < axes.count; d++) X[d * count + i] = points.x[from]?.[d] as number;
  const pick = (values: Float64Array) => Float64Array.from(taken, (i) => values[i] as number);
  const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);
  const data = {
    ...{ axes, X, count, y: pick(points.y), runs: pick(points.runs) },
    extraRuns: sum(pick(points.runs)) - count,
    scatter: sum(pick(points.scatters)),
    noisy: 0,
  };
  // All signal, and half of it noise: either may be a peak of its own. A third start, of rough functions, led nowhere else.
  const smooth = defaultTheta(axes.count);
  const noisy = smooth.map((t, i) => (i < axes.count ? t - Math.LN2 : i === axes.count ? t : -Math.LN2));
  const theta = mostLikely(data, [smooth, noisy], count > 150 ? 30 : 60);
  const hyper = toHyper(theta, axes.count);
  const model = openModel(axes, hyper, points.count);
  appendPoints(model, points.x, (i) => hyper.s / (points.runs[i] as number));
  setTargets(model, points.y);
  return model;
}

/**
 * The share of the variation that the model foretells at points that it is not told of, its hyperparameters as they are: the
 * residual of a point left out is α_i / (K⁻¹)_ii (Dubrule 1983).
 */
function leaveOneOutR2({ L, capacity, alpha }: Model, { count, y }: Points): number {
  const inverse = inverseFromCholesky(L, count, capacity);
  const center = y.reduce((sum, value) => sum + value, 0) / count;
  let [error, spread] = [0, 0];
  for (let i = 0; i < count; i++) {
    error += ((alpha[i] as number) / (inverse[i * count + i] as number)) ** 2;
    spread += ((y[i] as number) - center) ** 2;
  }
  return 1 - error / spread;
}

// ------------------------------------------------------------------ the space

interface SpaceColumn {
  /** Codes of a category, one for "no value" included; 0 of numbers. */
  readonly size: number;
  /** Where a uniform draw leads. */
  toCoordinate(unit: number): number;
  /** Places of its curve. */
  readonly places: readonly number[];
}

/** The share of runs without a value is taken as the space's. */
function openColumn(column: VariedColumn, kind: AxisKind): SpaceColumn {
  const { parameter } = column;
  const lacking = 1 - activeShare(column);
  const known = (unit: number) => Math.min((unit - lacking) / (1 - lacking), 1 - 2 ** -32);
  if (kind === "category" && parameter.kind === "categorical") {
    const masses = categoryMasses(parameter);
    const size = categoriesOf(parameter);
    return {
      size: size + 1,
      places: [...masses.keys()],
      toCoordinate(unit) {
        if (unit < lacking) return ABSENT;
        let rest = known(unit);
        for (let code = 0; code < size; code++) {
          if (rest < (masses[code] as number)) return code;
          rest -= masses[code] as number;
        }
        return size - 1;
      },
    };
  }
  const isDiscrete = parameter.kind === "int_uniform" || "quantum" in parameter;
  const snap = (unit: number) => (isDiscrete ? snapUnit(parameter, unit) : unit);
  const places = Array.from({ length: PLACES }, (_, i) => snap((i + 0.5) / PLACES));
  return {
    size: 0,
    places: places.filter((place, i) => place !== places[i - 1]),
    toCoordinate: (unit) => (unit < lacking ? ABSENT : snap(known(unit))),
  };
}

interface Budget {
  readonly points: number;
  readonly kernels: number;
}

/**
 * Indices from points A and B, and A with one coordinate of B, or two (Saltelli et al. 2010).
 *
 * @param paired dimensions whose pairs are looked at; those that do most together when absent
 */
function integrate(
  paths: Paths,
  space: readonly SpaceColumn[],
  budget: Budget,
  paired?: readonly number[],
): Indices {
  const D = space.length;
  const evaluations = D + 2 + (PAIRED * (PAIRED - 1)) / 2;
  const count = pointsFor(evaluations * paths.cost, budget);
  const sobol = openSobol(2 * D, "importance", ["indices"]);
  const units = new Float64Array(2 * D);
  const [a, b] = [new Float64Array(D), new Float64Array(D)];
  const ofA = new Float64Array(paths.functions);
  const ofB = new Float64Array(paths.functions);
  const ofBoth = new Float64Array(paths.functions);
  const indices = new Indices(D, paths.functions);
  const visit = (work: () => void) => {
    for (let i = 0; i < count; i++) {
      sobol.at(i, units);
      for (let d = 0; d < D; d++) {
        a[d] = (space[d] as SpaceColumn).toCoordinate(units[d] as number);
        b[d] = (space[d] as SpaceColumn).toCoordinate(units[D + d] as number);
      }
      paths.moveTo(b);
      paths.values(ofB);
      paths.moveTo(a);
      paths.values(ofA);
      work();
    }
  };
  visit(() => {
    indices.addPoint(ofA, ofB);
    for (let d = 0; d < D; d++) {
      paths.valuesWith(d, b[d] as number, ofBoth);
      indices.addSingle(d, ofA, ofB, ofBoth);
    }
  });
  const most = paired ?? indices.mostTogether(PAIRED);
  visit(() => {
    for (const [at, d] of most.entries())
      for (const other of most.slice(at + 1)) {
        paths.valuesWith(d, b[d] as number, ofBoth, other, b[other] as number);
        indices.addPair(d, other, ofA, ofB, ofBoth);
      }
  });
  return indices;
}

/** A power of two: Sobol points are at their most even then. */
function pointsFor(kernelsOfPoint: number, { points, kernels }: Budget): number {
  let count = points;
  while (count > FEWEST_POINTS && count * kernelsOfPoint > kernels) count /= 2;
  return count;
}

/** Of each dimension and place of its curve: all functions' means over the other dimensions. */
function drawCurves(paths: Paths, space: readonly SpaceColumn[]): Float64Array[][] {
  const D = space.length;
  const places = space.reduce((sum, column) => sum + column.places.length, 0);
  const count = pointsFor(places * paths.cost, OF_CURVES);
  const sobol = openSobol(D, "importance", ["curves"]);
  const units = new Float64Array(D);
  const x = new Float64Array(D);
  const out = new Float64Array(paths.functions);
  const curves = space.map((column) => column.places.map(() => new Float64Array(paths.functions)));
  for (let i = 0; i < count; i++) {
    sobol.at(i, units);
    for (let d = 0; d < D; d++) x[d] = (space[d] as SpaceColumn).toCoordinate(units[d] as number);
    paths.moveTo(x);
    for (const [d, column] of space.entries())
      for (const [at, place] of column.places.entries()) {
        paths.valuesWith(d, place, out);
        const sum = (curves[d] as Float64Array[])[at] as Float64Array;
        for (let s = 0; s < out.length; s++) sum[s] = (sum[s] as number) + (out[s] as number) / count;
      }
  }
  return curves;
}

// ------------------------------------------------------------------ what is said

/**
 * The mean's share. Draws, of which what is not known yet lies in interactions as the kernel has it, have less of a strong first-order one:
 * the interval reaches from the lower of the mean's and theirs to the higher, and as far beyond as the draws differ.
 *
 * @param shares of the mean, then of the draws
 * @param whole of the mean over many points
 */
function toInterval(shares: Float64Array, whole: Float64Array) {
  const { mean, deviation } = momentsOf(shares.subarray(1));
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  const share = clamp(whole[0] as number);
  const drawn = share + mean - (shares[0] as number);
  return {
    share,
    low: clamp(Math.min(share, drawn) - Z90 * deviation),
    high: clamp(Math.max(share, drawn) + Z90 * deviation),
  };
}

function toPairs(columns: readonly VariedColumn[], drawn: Indices, whole: Indices): PairImportance[] {
  const wholes = whole.pairs();
  const pairs = drawn.pairs().map(({ d, other, shares }, at) => ({
    a: columns[Math.min(d, other)]?.name ?? "",
    b: columns[Math.max(d, other)]?.name ?? "",
    importance: toInterval(shares, wholes[at]?.shares ?? shares).share,
  }));
  return pairs.sort((x, y) => y.importance - x.importance);
}

function toMarginal(
  { parameter }: VariedColumn,
  { places }: SpaceColumn,
  curve: (at: number) => Omit<MarginalPoint, "value">,
): MarginalPoint[] {
  return places.flatMap((place, at) => {
    const value = toPointValue(parameter, place);
    return value === undefined ? [] : [{ value, ...curve(at) }];
  });
}
