import type { Points } from "./column";

/**
 * What is kept of one metric so that nobody reads its history to know it. Steps stand beside the values they belong
 * to; the earliest step wins among equal minima and maxima. Null where there is no finite value.
 */
export interface Summary {
  /** Finite values: what early stopping calls iterations. */
  count: number;
  nonFinite: number;
  /** Values that are no numbers. */
  others: number;
  first: number | null;
  firstStep: number | null;
  last: number | null;
  lastStep: number | null;
  min: number | null;
  minStep: number | null;
  max: number | null;
  maxStep: number | null;
  sum: number | null;
  /** The last value that is no number, as JSON text. */
  lastOther: string | null;
}

export function summarize({ steps, values, others }: Points): Summary {
  let count = 0;
  let nonFinite = 0;
  let firstAt = -1;
  let lastAt = -1;
  let minAt = -1;
  let maxAt = -1;
  let sum = 0;
  let lastOther: string | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      const other = others?.get(i);
      if (other === undefined) nonFinite++;
      else lastOther = other;
      continue;
    }
    count++;
    sum += value;
    lastAt = i;
    if (firstAt < 0) firstAt = minAt = maxAt = i;
    else if (value < (values[minAt] as number)) minAt = i;
    else if (value > (values[maxAt] as number)) maxAt = i;
  }
  const valueAt = (i: number) => (i < 0 ? null : (values[i] as number));
  const stepAt = (i: number) => (i < 0 ? null : (steps[i] as number));
  return {
    count,
    nonFinite,
    others: others?.size ?? 0,
    first: valueAt(firstAt),
    firstStep: stepAt(firstAt),
    last: valueAt(lastAt),
    lastStep: stepAt(lastAt),
    min: valueAt(minAt),
    minStep: stepAt(minAt),
    max: valueAt(maxAt),
    maxStep: stepAt(maxAt),
    sum: count === 0 ? null : sum,
    lastOther,
  };
}

/** The summary of `a`'s points followed by `b`'s. */
export function joinSummaries(a: Summary, b: Summary): Summary {
  if (b.count === 0 || a.count === 0) {
    const known = a.count === 0 ? b : a;
    return {
      ...known,
      nonFinite: a.nonFinite + b.nonFinite,
      others: a.others + b.others,
      lastOther: b.lastOther ?? a.lastOther,
    };
  }
  const lower = (b.min as number) < (a.min as number) ? b : a;
  const higher = (b.max as number) > (a.max as number) ? b : a;
  return {
    count: a.count + b.count,
    nonFinite: a.nonFinite + b.nonFinite,
    others: a.others + b.others,
    first: a.first,
    firstStep: a.firstStep,
    last: b.last,
    lastStep: b.lastStep,
    min: lower.min,
    minStep: lower.minStep,
    max: higher.max,
    maxStep: higher.maxStep,
    sum: (a.sum as number) + (b.sum as number),
    lastOther: b.lastOther ?? a.lastOther,
  };
}

/** The mean that a sum and a count stand for; where the sum has overflowed, the middle of the bounds. */
export function meanOf({
  count,
  sum,
  min,
  max,
}: Pick<Summary, "count" | "sum" | "min" | "max">): number | null {
  if (count === 0 || sum === null || min === null || max === null) return null;
  const mean = sum / count;
  if (!Number.isFinite(mean)) return min / 2 + max / 2;
  return Math.min(Math.max(mean, min), max);
}

/** Sums are scaled down by 2^32, exactly, so that no sum of fewer than 2^32 doubles overflows. */
export const SUM_SCALE = 2 ** 32;

/** Of the finite values themselves, at any scale. */
export function meanOfValues(values: Float64Array): number | null {
  let count = 0;
  let scaled = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value - value !== 0) continue;
    count++;
    scaled += value / SUM_SCALE;
  }
  return count === 0 ? null : (scaled / count) * SUM_SCALE;
}
