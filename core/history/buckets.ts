import type { Placed } from "./axis";
import { edgeOf, type Grid } from "./grid";
import { SUM_SCALE } from "./summary";

/** What a bucket keeps of the finite values in it. `first` and `last` are in order of x; at one x, of step. */
export const BUCKET_COLUMNS = [
  "first",
  "firstStep",
  "last",
  "lastStep",
  "min",
  "max",
  "mean",
  "count",
  "nonFinite",
] as const;
export type BucketColumn = (typeof BUCKET_COLUMNS)[number];

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

type Column = Float64Array;

/**
 * Folds points and whole chunks, in order of step, into buckets. A thousand lines of 1,500 buckets are folded for one
 * answer, so a bucket is 88 bytes in flat columns until somebody asks for one of them.
 */
export class BucketFold {
  readonly #grid: Grid;
  readonly #first: Column;
  readonly #firstX: Column;
  readonly #firstStep: Column;
  readonly #last: Column;
  readonly #lastX: Column;
  readonly #lastStep: Column;
  readonly #min: Column;
  readonly #max: Column;
  readonly #sum: Column;
  readonly #count: Column;
  readonly #nonFinite: Column;

  constructor(grid: Grid) {
    const { size } = grid;
    const columns = new Float64Array(size * 11);
    const column = (i: number) => columns.subarray(i * size, (i + 1) * size);
    this.#grid = grid;
    this.#first = column(0);
    this.#firstX = column(1).fill(Number.POSITIVE_INFINITY);
    this.#firstStep = column(2);
    this.#last = column(3);
    this.#lastX = column(4).fill(Number.NEGATIVE_INFINITY);
    this.#lastStep = column(5);
    this.#min = column(6).fill(Number.POSITIVE_INFINITY);
    this.#max = column(7).fill(Number.NEGATIVE_INFINITY);
    this.#sum = column(8);
    this.#count = column(9);
    this.#nonFinite = column(10);
  }

  /** All of a chunk, which lies within one bucket. */
  addChunk(stats: ChunkStats, { firstX, lastX }: { firstX: number; lastX: number }): void {
    const { width, base } = this.#grid;
    const b = Math.floor(firstX / width) - base;
    this.#nonFinite[b] = at(this.#nonFinite, b) + stats.nonFinite;
    if (stats.count === 0) return;
    if (firstX < at(this.#firstX, b)) {
      this.#first[b] = stats.first as number;
      this.#firstX[b] = firstX;
      this.#firstStep[b] = stats.firstStep as number;
    }
    if (lastX >= at(this.#lastX, b)) {
      this.#last[b] = stats.last as number;
      this.#lastX[b] = lastX;
      this.#lastStep[b] = stats.lastStep as number;
    }
    this.#count[b] = at(this.#count, b) + stats.count;
    this.#min[b] = Math.min(at(this.#min, b), stats.min as number);
    this.#max[b] = Math.max(at(this.#max, b), stats.max as number);
    this.#sum[b] = at(this.#sum, b) + ((stats.mean as number) / SUM_SCALE) * stats.count;
  }

  /**
   * Points outside of the range are left out, values that are no numbers too. Neighbours mostly share a bucket, so a
   * bucket is worked on in locals until x leaves it: 3 ns a point where a look into the columns for each took 11.
   */
  addPoints({ points, x }: Placed): void {
    const { steps, values, others } = points;
    const grid = this.#grid;
    const { range, base, width } = grid;
    const n = steps.length;
    let i = 0;
    while (i < n) {
      let here = x[i] as number;
      if (!(here >= range.min && here <= range.max)) {
        i++;
        continue;
      }
      const b = Math.floor(here / width) - base;
      const low = Math.max(edgeOf(grid, b), range.min);
      const end = edgeOf(grid, b + 1);
      let firstAt = -1;
      let firstX = at(this.#firstX, b);
      let lastAt = -1;
      let lastX = at(this.#lastX, b);
      let min = at(this.#min, b);
      let max = at(this.#max, b);
      let sum = at(this.#sum, b);
      let count = 0;
      let nonFinite = 0;
      do {
        const value = values[i] as number;
        if (value - value !== 0) {
          if (!others?.has(i)) nonFinite++;
        } else {
          if (here < firstX) {
            firstX = here;
            firstAt = i;
          }
          if (here >= lastX) {
            lastX = here;
            lastAt = i;
          }
          if (value < min) min = value;
          if (value > max) max = value;
          sum += value / SUM_SCALE;
          count++;
        }
        here = ++i < n ? (x[i] as number) : Number.NaN;
      } while (here >= low && here < end && here <= range.max);
      this.#nonFinite[b] = at(this.#nonFinite, b) + nonFinite;
      if (count === 0) continue;
      if (firstAt >= 0) {
        this.#first[b] = values[firstAt] as number;
        this.#firstX[b] = firstX;
        this.#firstStep[b] = steps[firstAt] as number;
      }
      if (lastAt >= 0) {
        this.#last[b] = values[lastAt] as number;
        this.#lastX[b] = lastX;
        this.#lastStep[b] = steps[lastAt] as number;
      }
      this.#min[b] = min;
      this.#max[b] = max;
      this.#sum[b] = sum;
      this.#count[b] = at(this.#count, b) + count;
    }
  }

  finish(): Buckets {
    return new Buckets(this.#grid, {
      first: this.#first,
      firstStep: this.#firstStep,
      last: this.#last,
      lastStep: this.#lastStep,
      min: this.#min,
      max: this.#max,
      mean: this.#means(),
      count: this.#count,
      nonFinite: this.#nonFinite,
    });
  }

  /** Rounding may put a mean of equal values beside them: it stays between the bounds. */
  #means(): Column {
    const sums = this.#sum;
    for (let b = 0; b < sums.length; b++) {
      const mean = (at(sums, b) / at(this.#count, b)) * SUM_SCALE;
      sums[b] = Math.min(Math.max(mean, at(this.#min, b)), at(this.#max, b));
    }
    return sums;
  }
}

/**
 * A long line as a chart can hold it: the range is cut into buckets, and each bucket keeps what was in it, so that a
 * spike is never lost. Columns of equal length, one entry a bucket that has a point, in order of x.
 */
export class Buckets {
  readonly grid: Grid;
  readonly #columns: Readonly<Record<BucketColumn, Float64Array>>;
  /** Numbers of the buckets that have a point. */
  readonly #kept: Uint32Array;

  constructor(grid: Grid, columns: Readonly<Record<BucketColumn, Float64Array>>) {
    const kept = new Uint32Array(grid.size);
    let k = 0;
    for (let b = 0; b < grid.size; b++)
      if (at(columns.count, b) + at(columns.nonFinite, b) > 0) kept[k++] = b;
    this.grid = grid;
    this.#columns = columns;
    this.#kept = kept.subarray(0, k);
  }

  /** What a bucket spans along x; a power of two. It holds `start` <= x < start + width. */
  get width(): number {
    return this.grid.width;
  }

  get length(): number {
    return this.#kept.length;
  }

  start(): number[] {
    const starts: number[] = [];
    for (const b of this.#kept) starts.push(edgeOf(this.grid, b));
    return starts;
  }

  /** Null in a bucket without a finite value: a gap is not a zero. */
  column(name: BucketColumn): (number | null)[] {
    const from = this.#columns[name];
    const counts = this.#columns.count;
    const always = name === "count" || name === "nonFinite";
    const entries: (number | null)[] = [];
    for (const b of this.#kept) entries.push(always || at(counts, b) > 0 ? at(from, b) : null);
    return entries;
  }

  /** The columns as they are: entry b is bucket b of the grid, meaningless where `count` is 0. */
  get raw(): Readonly<Record<BucketColumn, Float64Array>> {
    return this.#columns;
  }
}

const at = (column: Column, b: number): number => column[b] as number;
