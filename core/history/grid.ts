/** A stretch of the x axis, both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A range cut into `size` buckets; the first one begins at `base` times `width`. */
export interface Grid {
  readonly range: Range;
  /** A power of two. */
  readonly width: number;
  readonly base: number;
  readonly size: number;
}

/**
 * The range in at most `samples` buckets, as narrow as that allows. Widths are powers of two and edges multiples of
 * them, so that buckets stay where they are while a run grows, two become one when the width doubles, and charts of
 * different runs share their edges. Arithmetic on edges is exact. Zero is an edge of every width: a range through it
 * has two buckets at least, and up to four where it leaves 2^1023, the widest there is.
 * @param least the narrowest bucket: 1 where x is whole (steps, milliseconds)
 */
export function gridOf(range: Range, samples: number, least = narrowest(range)): Grid {
  const { min, max } = range;
  if (!(samples >= 1)) throw new RangeError(`samples is ${samples}, expected 1 or more`);
  if (!(min <= max)) throw new RangeError(`no place lies between ${min} and ${max}`);
  const most = min < 0 && max >= 0 ? Math.max(samples, 2) : samples;
  let width = least;
  while (width < WIDEST && Math.floor(max / width) - Math.floor(min / width) + 1 > most) width *= 2;
  // Never -0: JSON and people know one zero.
  const base = Math.floor(min / width) + 0;
  return { range, width, base, size: Math.floor(max / width) - base + 1 };
}

/** Where bucket `i` begins; the lowest of all at the least double, which JSON can say. */
export const edgeOf = ({ base, width }: Grid, i: number): number =>
  Math.max((base + i) * width, -Number.MAX_VALUE);

/** Twice as wide a bucket would be infinite. */
const WIDEST = 2 ** 1023;

/** Narrower buckets would have edges that no double stands for. */
function narrowest({ min, max }: Range): number {
  const greatest = Math.max(Math.abs(min), Math.abs(max));
  if (greatest === 0) return 1;
  return Math.max(2 ** (Math.floor(Math.log2(greatest)) - 51), Number.MIN_VALUE);
}

export const joinRanges = (a: Range | undefined, b: Range): Range =>
  a === undefined ? b : { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
