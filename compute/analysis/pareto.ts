/**
 * Several objectives at once: which points no other beats in all of them, and how much of the space these dominate. More is
 * better in each coordinate; negate those that are to be small.
 */
export type Point = readonly number[];

/** Indices of the points that no other dominates, in their order; of equal points the first. A NaN dominates nothing and is never in front. */
export function paretoFront(points: readonly Point[]): number[] {
  return points.flatMap((point, i) => {
    if (point.some(Number.isNaN)) return [];
    const isBeaten = points.some((other, j) => j !== i && beats(other, point, j < i));
    return isBeaten ? [] : [i];
  });
}

/** Whether a is at least as good in all coordinates, and better in one or `orEqual`. */
export function beats(a: Point, b: Point, orEqual: boolean): boolean {
  let isBetter = orEqual;
  for (let j = 0; j < b.length; j++) {
    const [x, y] = [a[j] as number, b[j] as number];
    if (!(x >= y)) return false;
    if (x > y) isBetter = true;
  }
  return isBetter;
}

/** A box whose sides are [lower, upper]; upper may be infinite. */
export interface Box {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/**
 * The volume between the reference and the points. Points not better than the reference in each coordinate count nothing.
 * By slices along the last coordinate: exact, n² log n steps for three.
 */
export function hypervolume(points: readonly Point[], reference: Point): number {
  const inside = points.filter((point) => reference.every((r, j) => (point[j] as number) > r));
  return volume(inside, reference, reference.length);
}

function volume(points: readonly Point[], reference: Point, dimensions: number): number {
  const last = dimensions - 1;
  const base = reference[last] ?? 0;
  if (points.length === 0) return 0;
  if (dimensions === 1)
    return points.reduce((most, point) => Math.max(most, point[0] as number), base) - base;
  const sorted = [...points].sort((a, b) => (b[last] as number) - (a[last] as number));
  let sum = 0;
  if (dimensions === 2) {
    let top = reference[0] as number;
    for (let i = 0; i < sorted.length; i++) {
      top = Math.max(top, sorted[i]?.[0] as number);
      const end = (sorted[i + 1]?.[1] as number | undefined) ?? base;
      sum += (top - (reference[0] as number)) * ((sorted[i]?.[1] as number) - end);
    }
    return sum;
  }
  for (let i = 0; i < sorted.length; i++) {
    const height = (sorted[i]?.[last] as number) - ((sorted[i + 1]?.[last] as number | undefined) ?? base);
    if (height > 0) sum += height * volume(sorted.slice(0, i + 1), reference, last);
  }
  return sum;
}

/**
 * The region above the reference that no point dominates, cut into boxes that do not overlap: a new point's gain in
 * hypervolume is the sum of what it covers of each. For n points of two coordinates n + 1 boxes at most, of three 2 n + 1.
 */
export function boxesAbove(points: readonly Point[], reference: Point): Box[] {
  const inside = points.filter((point) => reference.every((r, j) => (point[j] as number) > r));
  return cut(inside, reference, reference.length);
}

function cut(points: readonly Point[], reference: Point, dimensions: number): Box[] {
  const last = dimensions - 1;
  const base = reference[last] as number;
  if (dimensions === 1) {
    const top = points.reduce((most, point) => Math.max(most, point[0] as number), base);
    return [{ lower: [top], upper: [Number.POSITIVE_INFINITY] }];
  }
  if (dimensions === 3) return cutThree(points, reference);
  const levels = [...new Set(points.map((point) => point[last] as number))].sort((a, b) => a - b);
  return [base, ...levels].flatMap((from, i) => {
    const to = levels[i] ?? Number.POSITIVE_INFINITY;
    // within this slab the points that reach its upper end are in the way
    const above = points.filter((point) => (point[last] as number) >= to);
    return cut(above, reference, last).map(({ lower, upper }) => ({
      lower: [...lower, from],
      upper: [...upper, to],
    }));
  });
}

/** Above a stretch of x, from y up without an end, and below `top` in z as far as nothing has come in the way. */
interface Strip {
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly top: number;
}

/**
 * From the highest z down. The points passed so far leave a staircase of x and y free, in strips: further right is lower. The next
 * point ends those that it reaches under, and one or two begin below it, so that n points make 2 n + 1 strips in all.
 */
function cutThree(points: readonly Point[], [left, floor, bottom]: Point): Box[] {
  const boxes: Box[] = [];
  const close = ({ from, to, y, top }: Strip, z: number): void => {
    // of points with the same z the strips between have no height
    if (z < top) boxes.push({ lower: [from, y, z], upper: [to, Number.POSITIVE_INFINITY, top] });
  };
  const end = Number.POSITIVE_INFINITY;
  let strips: Strip[] = [{ from: left as number, to: end, y: floor as number, top: end }];
  for (const point of [...points].sort((a, b) => (b[2] as number) - (a[2] as number))) {
    const [x, y, z] = point as [number, number, number];
    const first = strips.findIndex((strip) => strip.y < y);
    const behind = strips.findIndex((strip) => strip.to >= x) + 1;
    const reached = strips.slice(Math.max(first, 0), behind);
    const [start, last] = [reached[0], reached.at(-1)];
    // a point that reaches under none is dominated by one before it
    if (first < 0 || !start || !last) continue;
    for (const strip of reached) close(strip, z);
    const below = [{ from: start.from, to: x, y, top: z }];
    if (last.to > x) below.push({ from: x, to: last.to, y: last.y, top: z });
    strips = [...strips.slice(0, first), ...below, ...strips.slice(behind)];
  }
  for (const strip of strips) close(strip, bottom as number);
  return boxes;
}
