import { log, quickExp } from "@/math/elementary";
import { normalCdf } from "@/math/special";
import type { Dice } from "../gp/dice";
import { ABSENT, type Axes } from "./axes";
import { openCategory, openOrdinal } from "./listed";

/**
 * A density over a mixed and conditional space: a weighted sum of kernels, one around each point, and one that is the
 * uniform prior.
 *
 * | symbol | meaning                                                                             | shape |
 * | ------ | ----------------------------------------------------------------------------------- | ----- |
 * | n, D   | points, dimensions                                                                  |       |
 * | X      | points, a column a dimension (see axes.ts)                                          | D x n |
 * | w      | weights, the prior's last; their sum is 1                                           | n + 1 |
 * | s_d    | width of the kernels along a range or an ordinal                                    | D     |
 * | b_d    | what a kernel leaves to the prior in a category                                     | D     |
 *
 * A kernel is a product over dimensions: along a range a normal distribution cut off at 0 and 1, along an ordinal its
 * share at each value, in a category 1 - b + b p at the point's own value and b p at the others. In a dimension that its point does not have
 * it is the prior: a run says nothing of parameters that it had not.
 */
export interface Parzen {
  /** ln of the density at `count` points, rows of D coordinates. */
  logDensities(points: Float64Array, count: number, out: Float64Array): void;
  /** A draw, in place; it has all dimensions, those included that then do not exist. */
  draw(dice: Dice, x: Float64Array): void;
  /** Of the density at a point, what each kernel and the prior are of it; they sum to 1. */
  partsAt(x: Float64Array): { readonly kernels: Float64Array; readonly prior: number };
}

export interface Widths {
  readonly s: Float64Array;
  readonly b: Float64Array;
}

export function openParzen(
  { list }: Pick<Axes, "list">,
  points: readonly Float64Array[],
  weights: Float64Array,
  { s, b }: Widths,
): Parzen {
  const n = points.length;
  const D = list.length;
  const logWeights = weights.map(log);
  const X = list.map((_, d) => columnOf(points, d));
  /** ln of the kernel at its middle where it is a range. */
  const tops = list.map((axis, d) =>
    axis.kind === "range" ? topsOf(X[d] as Float64Array, s[d] as number) : null,
  );
  const tables = list.map((axis, d) =>
    axis.kind === "range"
      ? null
      : axis.kind === "category"
        ? openCategory(axis, b[d] as number)
        : openOrdinal(axis, s[d] as number, X[d] as Float64Array),
  );
  const cumulated = cumulate(weights);
  const own = new Float64Array(n + 1);

  /** ln of each kernel's term into `own`. @returns the largest */
  const termsAt = (x: Float64Array): number => {
    own.set(logWeights);
    for (let d = 0; d < D; d++) {
      const at = x[d] as number;
      if (at === ABSENT) continue;
      const table = tables[d];
      if (table) table.addTo(own, X[d] as Float64Array, at);
      else addRange(own, X[d] as Float64Array, tops[d] as Float64Array, at, s[d] as number);
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i <= n; i++) if ((own[i] as number) > most) most = own[i] as number;
    return most;
  };

  return {
    logDensities(at, count, out) {
      for (let c = 0; c < count; c++) {
        const most = termsAt(at.subarray(c * D, (c + 1) * D));
        let sum = 0;
        for (let i = 0; i <= n; i++) {
          const below = (own[i] as number) - most;
          if (below > NOTHING) sum += quickExp(below);
        }
        out[c] = most + log(sum);
      }
    },
    draw(dice, x) {
      const i = pick(cumulated, dice.unit());
      for (let d = 0; d < D; d++) {
        const axis = list[d];
        const at = i < n ? (X[d]?.[i] as number) : ABSENT;
        const table = tables[d];
        if (axis?.kind !== "range" && axis && table) {
          x[d] = pick(cumulate(at === ABSENT ? axis.shares : table.sharesOf(at)), dice.unit());
        } else x[d] = at === ABSENT ? dice.unit() : near(dice, at, s[d] as number);
      }
    },
    partsAt(x) {
      const most = termsAt(x);
      const parts = own.map((term) => quickExp(term - most));
      const sum = parts.reduce((all, part) => all + part, 0);
      const shares = parts.map((part) => part / sum);
      return { kernels: shares.subarray(0, n), prior: shares[n] as number };
    },
  };
}

/** A loop over thousands of kernels, which touches nothing but its arguments. */
function addRange(own: Float64Array, column: Float64Array, top: Float64Array, at: number, s: number): void {
  const steep = 0.5 / (s * s);
  for (let i = 0; i < column.length; i++) {
    const from = column[i] as number;
    const away = from < 0 ? 0 : from - at;
    own[i] = (own[i] as number) + (top[i] as number) - steep * away * away;
  }
}

/** e^-45 of the largest term changes no bit of a sum of 10,000. */
const NOTHING = -45;
const HALF_LOG_TWO_PI = 0.5 * log(2 * Math.PI);

function columnOf(points: readonly Float64Array[], d: number): Float64Array {
  const column = new Float64Array(points.length);
  for (let i = 0; i < column.length; i++) column[i] = points[i]?.[d] as number;
  return column;
}

function topsOf(column: Float64Array, s: number): Float64Array {
  const level = -log(s) - HALF_LOG_TWO_PI;
  const tops = new Float64Array(column.length);
  for (let i = 0; i < column.length; i++) {
    const at = column[i] as number;
    // what the bounds cut off of most kernels is nothing
    const inside = at < 0 ? 0 : cdf(at / s) + cdf((1 - at) / s) - 1;
    tops[i] = at < 0 ? 0 : inside === 1 ? level : level - log(inside);
  }
  return tops;
}

const STEPS_A_DEVIATION = 64;
const LAST_DEVIATION = 8;
const CDF = Float64Array.from({ length: STEPS_A_DEVIATION * LAST_DEVIATION + 2 }, (_, step) =>
  normalCdf(step / STEPS_A_DEVIATION),
);

/** The normal distribution function for t >= 0, on straight lines between 513 places: within 1e-5, and 50 times as fast. */
function cdf(t: number): number {
  if (!(t < LAST_DEVIATION)) return 1;
  const at = t * STEPS_A_DEVIATION;
  const step = Math.floor(at);
  const below = CDF[step] as number;
  return below + (at - step) * ((CDF[step + 1] as number) - below);
}

/** A normal step that stays within 0 .. 1; the point lies within, so a try succeeds with a chance of a third at least. */
function near(dice: Dice, at: number, s: number): number {
  for (let i = 0; i < 30; i++) {
    const x = at + s * dice.step();
    if (x >= 0 && x <= 1) return x;
  }
  return at;
}

function cumulate(shares: Float64Array): Float64Array {
  let sum = 0;
  return shares.map((share) => {
    sum += share;
    return sum;
  });
}

/** The first whose sum is above the draw; the last where rounding left the sum below 1. */
function pick(cumulated: Float64Array, unit: number): number {
  let low = 0;
  let high = cumulated.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulated[middle] as number) > unit) high = middle;
    else low = middle + 1;
  }
  return low;
}
