/**
 * How history is held in memory: columns over a shared axis of steps. Shapes: n = steps of the axis,
 * k <= n = values of one metric.
 */

/** Steps rise strictly; times are milliseconds since 1970 and may jump (clocks do). Both of length n. */
export interface Axis {
  readonly steps: Float64Array;
  readonly times: Float64Array;
}

/** One metric's values along an axis. */
export interface Column {
  /** Which steps have a value: k rising indices into the axis; absent when all n do. */
  readonly at?: Uint32Array;
  /** k numbers, NaN and infinities among them; NaN also stands where `others` has the value. */
  readonly values: Float64Array;
  /** Values that are no numbers, as JSON text, by index into `values`. */
  readonly others?: ReadonlyMap<number, string>;
}

/** A finite or non-finite number, or JSON text of anything else. */
export type Cell = number | { readonly json: string };

/** A metric's own points, no axis shared any more. All of length k. */
export interface Points {
  readonly steps: Float64Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly others?: ReadonlyMap<number, string>;
}

export const EMPTY_POINTS: Points = {
  steps: new Float64Array(0),
  times: new Float64Array(0),
  values: new Float64Array(0),
};

/**
 * Points whose times are made when somebody asks for them. Charts along steps or a metric never do, and the times are
 * most of an axis's bytes and work.
 */
export function lazyPoints(
  { steps, values, others }: Omit<Points, "times">,
  makeTimes: () => Float64Array,
): Points {
  let times: Float64Array | undefined;
  return {
    steps,
    get times() {
      times ??= makeTimes();
      return times;
    },
    values,
    ...(others && { others }),
  };
}

/** The column with its own steps and times; copies only when the column has gaps. */
export function toPoints(axis: Axis, { at, values, others }: Column): Points {
  const rest = { values, ...(others && { others }) };
  if (at === undefined) return lazyPoints({ steps: axis.steps, ...rest }, () => axis.times);
  return lazyPoints({ steps: pickRows(axis.steps, at), ...rest }, () => pickRows(axis.times, at));
}

export function pickRows(column: Float64Array, rows: Uint32Array): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = column[rows[i] as number] as number;
  return picked;
}

/** Points from index `from` up to, not including, `to`. */
export function slicePoints(points: Points, from: number, to: number): Points {
  if (from === 0 && to === points.steps.length) return points;
  const others = sliceOthers(points.others, from, to);
  const steps = points.steps.subarray(from, to);
  const values = points.values.subarray(from, to);
  return lazyPoints({ steps, values, ...(others && { others }) }, () => points.times.subarray(from, to));
}

function sliceOthers(others: Points["others"], from: number, to: number): Map<number, string> | undefined {
  if (others === undefined) return undefined;
  const kept = new Map<number, string>();
  for (const [index, json] of others) if (index >= from && index < to) kept.set(index - from, json);
  return kept.size > 0 ? kept : undefined;
}

/**
 * One row of points from pieces in the order they were logged. Pieces may meet at one step (the same step logged
 * by two batches): the later piece has it.
 */
export function concatPoints(pieces: readonly Points[]): Points {
  const kept = withoutOverlaps(pieces);
  const [only] = kept;
  if (only === undefined) return EMPTY_POINTS;
  if (kept.length === 1) return only;
  const length = kept.reduce((sum, piece) => sum + piece.steps.length, 0);
  const others = new Map<number, string>();
  let offset = 0;
  for (const piece of kept) {
    if (piece.others) for (const [index, json] of piece.others) others.set(offset + index, json);
    offset += piece.steps.length;
  }
  const join = (name: "steps" | "times" | "values") => {
    const joined = new Float64Array(length);
    let end = 0;
    for (const piece of kept) {
      joined.set(piece[name], end);
      end += piece.steps.length;
    }
    return joined;
  };
  return lazyPoints(
    { steps: join("steps"), values: join("values"), ...(others.size > 0 && { others }) },
    () => join("times"),
  );
}

/** Drops from each piece the steps that a later one has again. Empty pieces go. */
export function withoutOverlaps(pieces: readonly Points[]): Points[] {
  const kept: Points[] = [];
  let before = Number.POSITIVE_INFINITY;
  for (let i = pieces.length - 1; i >= 0; i--) {
    const piece = pieces[i] as Points;
    let length = piece.steps.length;
    while (length > 0 && (piece.steps[length - 1] as number) >= before) length--;
    if (length === 0) continue;
    kept.push(slicePoints(piece, 0, length));
    before = piece.steps[0] as number;
  }
  return kept.reverse();
}

/** Points with min <= step <= max, by binary search. */
export function clipPoints(points: Points, min: number, max: number): Points {
  return slicePoints(points, lowerBound(points.steps, min), lowerBound(points.steps, max + 1));
}

/** The first index whose step is >= `step`. */
export function lowerBound(steps: Float64Array, step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
