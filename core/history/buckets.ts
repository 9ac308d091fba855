import type { Points } from "./column";
import { SUM_SCALE } from "./summary";

/**
 * A long line as a chart can hold it: the range of steps is cut into buckets, and each bucket keeps what was in it,
 * so that a spike is never lost. Columns of equal length, one entry a bucket that has a point, in order of step.
 */
export interface Buckets {
  /** Steps a bucket spans; a power of two. A bucket holds the steps from its `start` to start + width - 1. */
  readonly width: number;
  readonly start: number[];
  /** Of the finite values; null in a bucket that has none (a gap is not a zero). */
  readonly first: (number | null)[];
  readonly firstStep: (number | null)[];
  readonly last: (number | null)[];
  readonly lastStep: (number | null)[];
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly mean: (number | null)[];
  /** Finite values. */
  readonly count: number[];
  /** NaN and infinities. */
  readonly nonFinite: number[];
}

export interface StepRange {
  readonly min: number;
  readonly max: number;
}

/** What a stored chunk tells about its points without its block being read: as `Summary`, with the axis it lies on. */
export interface ChunkStats {
  readonly axisFirst: number;
  readonly axisLast: number;
  readonly count: number;
  readonly nonFinite: number;
  readonly first: number | null;
  readonly firstStep: number | null;
  readonly last: number | null;
  readonly lastStep: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
}

/**
 * The least power of two that covers the range with at most `samples` buckets. Powers of two at multiples of
 * themselves, so that buckets stay where they are while a run grows, and two become one when the width doubles.
 */
export function bucketWidth({ min, max }: StepRange, samples: number): number {
  let width = 1;
  while (Math.floor(max / width) - Math.floor(min / width) + 1 > samples) width *= 2;
  return width;
}

/** Folds points and whole chunks, in order of step, into buckets. */
export class BucketFold {
  readonly #width: number;
  readonly #range: StepRange;
  /** Number of the bucket that holds the range's first step. */
  readonly #base: number;
  readonly #first: Float64Array;
  readonly #firstStep: Float64Array;
  readonly #last: Float64Array;
  readonly #lastStep: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #sum: Float64Array;
  readonly #count: Float64Array;
  readonly #nonFinite: Float64Array;

  constructor(range: StepRange, samples: number) {
    if (!(samples >= 1)) throw new RangeError(`samples is ${samples}, expected 1 or more`);
    if (!(range.min <= range.max)) throw new RangeError(`no step lies between ${range.min} and ${range.max}`);
    this.#range = range;
    this.#width = bucketWidth(range, samples);
    this.#base = Math.floor(range.min / this.#width);
    const size = Math.floor(range.max / this.#width) - this.#base + 1;
    const columns = new Float64Array(size * 9);
    const column = (i: number) => columns.subarray(i * size, (i + 1) * size);
    this.#first = column(0);
    this.#firstStep = column(1);
    this.#last = column(2);
    this.#lastStep = column(3);
    this.#min = column(4).fill(Number.POSITIVE_INFINITY);
    this.#max = column(5).fill(Number.NEGATIVE_INFINITY);
    this.#sum = column(6);
    this.#count = column(7);
    this.#nonFinite = column(8);
  }

  /** Would all of the chunk go into one bucket? Then `addChunk` says as much as its points. */
  holdsChunk({ axisFirst, axisLast }: Pick<ChunkStats, "axisFirst" | "axisLast">): boolean {
    return (
      axisFirst >= this.#range.min &&
      axisLast <= this.#range.max &&
      Math.floor(axisFirst / this.#width) === Math.floor(axisLast / this.#width)
    );
  }

  addChunk({
    axisFirst,
    count,
    nonFinite,
    first,
    firstStep,
    last,
    lastStep,
    min,
    max,
    mean,
  }: ChunkStats): void {
    const bucket = Math.floor(axisFirst / this.#width) - this.#base;
    this.#nonFinite[bucket] = (this.#nonFinite[bucket] as number) + nonFinite;
    if (count === 0) return;
    const before = this.#count[bucket] as number;
    if (before === 0) {
      this.#first[bucket] = first as number;
      this.#firstStep[bucket] = firstStep as number;
    }
    this.#last[bucket] = last as number;
    this.#lastStep[bucket] = lastStep as number;
    this.#count[bucket] = before + count;
    this.#min[bucket] = Math.min(this.#min[bucket] as number, min as number);
    this.#max[bucket] = Math.max(this.#max[bucket] as number, max as number);
    this.#sum[bucket] = (this.#sum[bucket] as number) + ((mean as number) / SUM_SCALE) * count;
  }

  /** Points outside of the range are left out, values that are no numbers too. */
  addPoints({ steps, values, others }: Points): void {
    const { min: low, max: high } = this.#range;
    const width = this.#width;
    const base = this.#base;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as number;
      if (step < low || step > high) continue;
      const value = values[i] as number;
      const bucket = Math.floor(step / width) - base;
      if (value - value !== 0) {
        if (!others?.has(i)) this.#nonFinite[bucket] = (this.#nonFinite[bucket] as number) + 1;
        continue;
      }
      const count = this.#count[bucket] as number;
      if (count === 0) {
        this.#first[bucket] = value;
        this.#firstStep[bucket] = step;
      }
      this.#last[bucket] = value;
      this.#lastStep[bucket] = step;
      this.#count[bucket] = count + 1;
      if (value < (this.#min[bucket] as number)) this.#min[bucket] = value;
      if (value > (this.#max[bucket] as number)) this.#max[bucket] = value;
      this.#sum[bucket] = (this.#sum[bucket] as number) + value / SUM_SCALE;
    }
  }

  finish(): Buckets {
    const kept: number[] = [];
    for (let b = 0; b < this.#count.length; b++)
      if ((this.#count[b] as number) + (this.#nonFinite[b] as number) > 0) kept.push(b);
    const finite = (column: Float64Array) =>
      kept.map((b) => (this.#count[b] === 0 ? null : (column[b] as number)));
    return {
      width: this.#width,
      start: kept.map((b) => (this.#base + b) * this.#width),
      first: finite(this.#first),
      firstStep: finite(this.#firstStep),
      last: finite(this.#last),
      lastStep: finite(this.#lastStep),
      min: finite(this.#min),
      max: finite(this.#max),
      mean: finite(this.#sum.map((_, b) => this.#meanOf(b))),
      count: kept.map((b) => this.#count[b] as number),
      nonFinite: kept.map((b) => this.#nonFinite[b] as number),
    };
  }

  /** Rounding may put a mean of equal values beside them: it stays between the bounds. */
  #meanOf(bucket: number): number {
    const mean = ((this.#sum[bucket] as number) / (this.#count[bucket] as number)) * SUM_SCALE;
    return Math.min(Math.max(mean, this.#min[bucket] as number), this.#max[bucket] as number);
  }
}
