import type { Points } from "./column";

/**
 * A long line as a chart can hold it: the range of steps is cut into buckets, and each bucket keeps what was in it,
 * so that a spike is never lost. Columns of equal length, one entry a bucket that has a point, in order of step.
 */
export interface Buckets {
  /** Steps a bucket spans; a power of two, and bucket b holds the steps from b*width to (b+1)*width - 1. */
  readonly width: number;
  /** Steps of the first and the last point in the bucket, non-finite ones included. */
  readonly firstStep: number[];
  readonly lastStep: number[];
  /** Of the finite values; null in a bucket that has none (a gap is not a zero). */
  readonly first: (number | null)[];
  readonly last: (number | null)[];
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

/** What a stored chunk tells about its points without its block being read. */
export interface ChunkStats {
  /** Of the chunk's axis. */
  readonly firstStep: number;
  readonly lastStep: number;
  readonly count: number;
  readonly nonFinite: number;
  readonly first: number | null;
  readonly last: number | null;
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

/** Sums are scaled down by 2^32, exactly, so that no sum of fewer than 2^32 doubles overflows. */
const SCALE = 2 ** 32;

/** Folds points and whole chunks, in order of step, into buckets. */
export class BucketFold {
  readonly #width: number;
  readonly #range: StepRange;
  /** Number of the bucket that holds the range's first step. */
  readonly #base: number;
  readonly #firstStep: Float64Array;
  readonly #lastStep: Float64Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
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
    this.#firstStep = column(0).fill(Number.NaN);
    this.#lastStep = column(1);
    this.#first = column(2);
    this.#last = column(3);
    this.#min = column(4).fill(Number.POSITIVE_INFINITY);
    this.#max = column(5).fill(Number.NEGATIVE_INFINITY);
    this.#sum = column(6);
    this.#count = column(7);
    this.#nonFinite = column(8);
  }

  /** Would all of the chunk go into one bucket? Then `addChunk` says as much as its points. */
  holdsChunk({ firstStep, lastStep }: Pick<ChunkStats, "firstStep" | "lastStep">): boolean {
    return (
      firstStep >= this.#range.min &&
      lastStep <= this.#range.max &&
      Math.floor(firstStep / this.#width) === Math.floor(lastStep / this.#width)
    );
  }

  addChunk({ firstStep, lastStep, count, nonFinite, first, last, min, max, mean }: ChunkStats): void {
    const bucket = Math.floor(firstStep / this.#width) - this.#base;
    if (count + nonFinite === 0) return;
    if (Number.isNaN(this.#firstStep[bucket])) this.#firstStep[bucket] = firstStep;
    this.#lastStep[bucket] = lastStep;
    this.#nonFinite[bucket] = (this.#nonFinite[bucket] as number) + nonFinite;
    if (first === null || last === null || min === null || max === null || mean === null) return;
    const before = this.#count[bucket] as number;
    if (before === 0) this.#first[bucket] = first;
    this.#last[bucket] = last;
    this.#count[bucket] = before + count;
    this.#min[bucket] = Math.min(this.#min[bucket] as number, min);
    this.#max[bucket] = Math.max(this.#max[bucket] as number, max);
    this.#sum[bucket] = (this.#sum[bucket] as number) + (mean / SCALE) * count;
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
      const finite = value - value === 0;
      if (!finite && others?.has(i)) continue;
      const bucket = Math.floor(step / width) - base;
      const firstStep = this.#firstStep[bucket] as number;
      if (Number.isNaN(firstStep)) this.#firstStep[bucket] = step;
      this.#lastStep[bucket] = step;
      if (!finite) {
        this.#nonFinite[bucket] = (this.#nonFinite[bucket] as number) + 1;
        continue;
      }
      const count = this.#count[bucket] as number;
      if (count === 0) this.#first[bucket] = value;
      this.#last[bucket] = value;
      this.#count[bucket] = count + 1;
      if (value < (this.#min[bucket] as number)) this.#min[bucket] = value;
      if (value > (this.#max[bucket] as number)) this.#max[bucket] = value;
      this.#sum[bucket] = (this.#sum[bucket] as number) + value / SCALE;
    }
  }

  finish(): Buckets {
    const buckets: Buckets = {
      width: this.#width,
      firstStep: [],
      lastStep: [],
      first: [],
      last: [],
      min: [],
      max: [],
      mean: [],
      count: [],
      nonFinite: [],
    };
    for (let b = 0; b < this.#count.length; b++) {
      const firstStep = this.#firstStep[b] as number;
      if (Number.isNaN(firstStep)) continue;
      const count = this.#count[b] as number;
      buckets.firstStep.push(firstStep);
      buckets.lastStep.push(this.#lastStep[b] as number);
      buckets.count.push(count);
      buckets.nonFinite.push(this.#nonFinite[b] as number);
      const min = this.#min[b] as number;
      const max = this.#max[b] as number;
      buckets.first.push(count === 0 ? null : (this.#first[b] as number));
      buckets.last.push(count === 0 ? null : (this.#last[b] as number));
      buckets.min.push(count === 0 ? null : min);
      buckets.max.push(count === 0 ? null : max);
      const mean = ((this.#sum[b] as number) / count) * SCALE;
      buckets.mean.push(count === 0 ? null : Math.min(Math.max(mean, min), max));
    }
    return buckets;
  }
}
