import { log } from "@/math/elementary";
import { solveLower } from "@/math/triangular";
import { type Data, levelOf, mostLikely } from "./fit";
import { defaultTheta, toHyper } from "./hyper";
import type { Axes } from "./kernel";
import { appendPoints, type Model, openModel, setTargets, truncate } from "./posterior";

/**
 * One modelled quantity: its rows, the hyperparameters fitted to them, and the factor, which is kept between proposals.
 *
 * Above FIT_ROWS rows a fit looks at a part of them: the best third and of the rest every so-many-th by rank, since a
 * likelihood costs n³ and 300 rows pin down what there is to know about length scales.
 */
export interface Row {
  /** In the kernel's coordinates. */
  readonly x: Float64Array;
  /** Target, the mean of its runs. */
  readonly y: number;
  readonly runs: number;
}

export interface Sample {
  readonly rows: readonly Row[];
  /** Runs beyond the first of each row, and the squared differences of runs from their row's mean. */
  readonly extraRuns: number;
  readonly scatter: number;
}

const FIT_ROWS = 300;
/** From here on a fit begins where the last one ended, and at much noise: few results no longer lead to another explanation. */
const SETTLED_ROWS = 100;

/** Begun with little noise alone, a fit of 150 rows of which half is noise ended 22 nats short, at short length scales without any. */
const NOISY_START = 0.3;

/** @param memory θ of the fit before, or null */
export function fitTheta(
  axes: Axes,
  sample: Sample,
  memory: Float64Array | null,
  levelVariance = 0,
): Float64Array {
  const rows = selectRows(sample.rows, FIT_ROWS).map((i) => sample.rows[i] as Row);
  const data: Data = {
    axes,
    X: columnsOf(axes, rows),
    count: rows.length,
    y: Float64Array.from(rows, ({ y }) => y),
    runs: Float64Array.from(rows, ({ runs }) => runs),
    extraRuns: sample.extraRuns,
    scatter: sample.scatter,
    levelVariance,
  };
  const fresh = defaultTheta(axes.count);
  const noisy = fresh.slice();
  noisy[axes.count + 1] = log(NOISY_START);
  const starts =
    memory === null ? [fresh, noisy] : rows.length > SETTLED_ROWS ? [memory, noisy] : [memory, fresh, noisy];
  return mostLikely(data, starts, rows.length > 150 ? 10 : rows.length > 60 ? 20 : 40);
}

function columnsOf(axes: Axes, rows: readonly Row[]): Float64Array {
  const X = new Float64Array(axes.count * rows.length);
  for (const [i, { x }] of rows.entries())
    for (let d = 0; d < axes.count; d++) X[d * rows.length + i] = x[d] as number;
  return X;
}

/** Numbers of at most `limit` rows, rising: the best third of that many, and of the others one from each stretch of ranks. */
export function selectRows(rows: readonly Row[], limit: number): number[] {
  const all = rows.map((_, i) => i);
  if (rows.length <= limit) return all;
  const byRank = all.sort((a, b) => (rows[b]?.y ?? 0) - (rows[a]?.y ?? 0) || a - b);
  const best = Math.floor(limit / 3);
  const [others, rest] = [limit - best, rows.length - best];
  const places = Array.from({ length: others }, (_, i) => best + Math.floor(((i + 0.5) * rest) / others));
  const taken = [...byRank.slice(0, best), ...places.map((place) => byRank[place] ?? 0)];
  return taken.sort((a, b) => a - b);
}

/** A model that remembers what it was made of, so that the next one may be the same with more rows. */
export interface Grown {
  readonly theta: Float64Array;
  readonly rows: Row[];
  readonly model: Model;
}

/**
 * The model of these rows under this θ, with their targets set. `before` is used as far as it begins with the same points: a
 * row costs n², all of them n³.
 */
export function grow(
  axes: Axes,
  theta: Float64Array,
  rows: readonly Row[],
  room: number,
  before: Grown | null,
): Grown {
  const isUsable =
    before !== null &&
    before.model.capacity >= rows.length + room &&
    before.theta.every((t, i) => t === theta[i]);
  const hyper = toHyper(theta, axes.count);
  // half as much again, so that few proposals have to begin anew for want of space
  const grown = isUsable
    ? before
    : { theta, rows: [], model: openModel(axes, hyper, Math.ceil(1.5 * (rows.length + room)) + 8) };
  let kept = 0;
  while (kept < grown.rows.length && kept < rows.length && isSameRow(grown.rows[kept], rows[kept])) kept++;
  truncate(grown.model, kept);
  grown.rows.length = kept;
  const fresh = rows.slice(kept);
  appendPoints(
    grown.model,
    fresh.map(({ x }) => x),
    (i) => hyper.s / (fresh[i] as Row).runs,
  );
  grown.rows.push(...fresh);
  setTargets(
    grown.model,
    Float64Array.from(rows, ({ y }) => y),
  );
  return grown;
}

/** Targets may differ: they change with every result, and cost n² to set. */
const isSameRow = (a: Row | undefined, b: Row | undefined): boolean =>
  a !== undefined && b !== undefined && a.runs === b.runs && a.x.every((at, d) => at === b.x[d]);

/**
 * The level of a model whose targets are set, which are then measured from it: y - β. A search has most of its points where it is good,
 * so their mean is far better than the space's, and corners that nobody looked at were worth a run.
 */
export function setLevel({ model }: Grown, rows: readonly Row[], variance: number): number {
  const ones = new Float64Array(rows.length).fill(1);
  solveLower(model.L, rows.length, model.capacity, ones, ones);
  const level = levelOf(ones, model.t, rows.length, variance);
  setTargets(
    model,
    Float64Array.from(rows, ({ y }) => y - level),
  );
  return level;
}
