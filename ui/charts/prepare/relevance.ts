import type { ChartRun, Dimension } from "./dimension";

/**
 * How much a parameter seems to matter, without a model: the share of the runs' ranking by the metric that lies between
 * groups of the parameter's values (fifths of a number's, each of a category's), less what chance alone would give.
 * It sees a valley as well as a slope, and is blind to what parameters do only together.
 */
export interface Relevance {
  readonly id: string;
  /** 0 to 1. */
  readonly share: number;
  /** Spearman's rank correlation; undefined for a category. */
  readonly correlation: number | undefined;
  /** Runs with both values. */
  readonly runs: number;
}

/** Numbers are cut into so many groups of equal size. */
const GROUPS = 5;
/** Below this nothing is said. */
export const RELEVANCE_MIN_RUNS = 8;

export function relevanceOf(parameter: Dimension, metric: Dimension, runs: readonly ChartRun[]): Relevance {
  const values: (number | string)[] = [];
  const results: number[] = [];
  for (const run of runs) {
    const value = parameter.valueOf(run);
    const result = metric.valueOf(run);
    if (value === undefined || typeof result !== "number" || !Number.isFinite(result)) continue;
    values.push(value);
    results.push(result);
  }
  const none = { id: parameter.id, share: 0, correlation: undefined, runs: results.length };
  if (results.length < RELEVANCE_MIN_RUNS) return none;
  const ranks = toRanks(results);
  const numeric = parameter.kind !== "category";
  const own = numeric ? toRanks(values.map(Number)) : undefined;
  return {
    ...none,
    share: shareBetween(ranks, own ? toFifths(own) : toGroups(values)),
    correlation: own && correlate(own, ranks),
  };
}

/** The most telling first; equal ones keep their order. */
export function rankParameters(
  parameters: readonly Dimension[],
  metric: Dimension,
  runs: readonly ChartRun[],
): Relevance[] {
  return parameters
    .map((parameter) => relevanceOf(parameter, metric, runs))
    .sort((a, b) => b.share - a.share);
}

/** From 0; equal values share the mean of their places. */
function toRanks(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to++;
    for (let i = from; i <= to; i++) ranks[order[i] ?? 0] = (from + to) / 2;
    from = to + 1;
  }
  return ranks;
}

const toFifths = (ranks: Float64Array): Int32Array =>
  Int32Array.from(ranks, (rank) => Math.min(GROUPS - 1, Math.floor((rank * GROUPS) / ranks.length)));

function toGroups(values: readonly (number | string)[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(values, (value) => {
    const text = String(value);
    const group = known.get(text) ?? known.size;
    known.set(text, group);
    return group;
  });
}

/** Epsilon squared: the correlation ratio less its expectation under chance (Kelley 1935). */
function shareBetween(ranks: Float64Array, groups: Int32Array): number {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const [i, group] of groups.entries()) {
    const known = sums.get(group) ?? { sum: 0, count: 0 };
    known.sum += ranks[i] ?? 0;
    known.count++;
    sums.set(group, known);
  }
  const n = ranks.length;
  const mean = (n - 1) / 2;
  let [between, total] = [0, 0];
  for (const { sum, count } of sums.values()) between += count * (sum / count - mean) ** 2;
  for (const rank of ranks) total += (rank - mean) ** 2;
  const k = sums.size;
  if (total === 0 || k < 2 || n <= k) return 0;
  return Math.max(0, 1 - ((1 - between / total) * (n - 1)) / (n - k));
}

function correlate(a: Float64Array, b: Float64Array): number | undefined {
  const mean = (a.length - 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] ?? 0) - mean, (b[i] ?? 0) - mean];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : undefined;
}
