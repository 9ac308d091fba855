/**
 * One metric of one run as its chart keeps it while points go on arriving: the history as it was read, then what came
 * live, without asking again. A line that grows long is folded by halves into buckets that keep their extremes.
 */
export interface LiveSeries {
  readonly key: string;
  /** Rising: steps, or milliseconds since the run's start. */
  readonly x: readonly number[];
  /** The last value at or within each x; null where it was no finite number. */
  readonly values: readonly (number | null)[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  /** Points that were logged. */
  readonly points: number;
  /** NaN and infinities among them. */
  readonly nonFinite: number;
  /** Each x is one point. */
  readonly exact: boolean;
}

/** About two a pixel of the widest chart; the double of it is folded. */
const BUCKETS = 750;

/** What the history's query brought for one metric; either points or buckets are set. */
export interface ReadSeries {
  readonly key: string;
  readonly total: number;
  readonly exact: boolean;
  readonly points: { readonly x: readonly number[]; readonly values: readonly unknown[] } | null;
  readonly buckets: {
    readonly x: readonly number[];
    readonly last: readonly (number | null)[];
    readonly min: readonly (number | null)[];
    readonly max: readonly (number | null)[];
    readonly nonFinite: readonly number[];
  } | null;
}

export function toLiveSeries({ key, total, exact, points, buckets }: ReadSeries): LiveSeries {
  if (buckets) {
    const { x, last, min, max } = buckets;
    const nonFinite = buckets.nonFinite.reduce((sum, count) => sum + count, 0);
    return { key, x, values: last, min, max, points: total, nonFinite, exact };
  }
  const values = (points?.values ?? []).map(toFinite);
  const nonFinite = (points?.values ?? []).filter(isNonFinite).length;
  return { key, x: points?.x ?? [], values, min: values, max: values, points: total, nonFinite, exact };
}

/** Points in columns, `x` rising. One that comes again replaces the one before; what lies before the end is known already. */
export function appendPoints(
  series: LiveSeries,
  logged: { readonly x: readonly number[]; readonly values: readonly unknown[] },
): LiveSeries {
  const columns = {
    x: [...series.x],
    values: [...series.values],
    min: [...series.min],
    max: [...series.max],
  };
  let { points, nonFinite } = series;
  for (const [i, x] of logged.x.entries()) {
    const raw = logged.values[i];
    if (raw === null || raw === undefined) continue;
    const end = columns.x.at(-1);
    if (end !== undefined && x < end) continue;
    const value = toFinite(raw);
    if (x === end) {
      const at = columns.x.length - 1;
      columns.values[at] = value;
      columns.min[at] = series.exact ? value : least(columns.min[at], value);
      columns.max[at] = series.exact ? value : greatest(columns.max[at], value);
      continue;
    }
    points++;
    if (isNonFinite(raw)) nonFinite++;
    columns.x.push(x);
    columns.values.push(value);
    columns.min.push(value);
    columns.max.push(value);
  }
  const grown = { ...series, ...columns, points, nonFinite };
  return grown.x.length > 2 * BUCKETS ? fold(grown) : grown;
}

/** Each two neighbours become one. */
function fold(series: LiveSeries): LiveSeries {
  const count = Math.ceil(series.x.length / 2);
  const pair = <T>(column: readonly T[], join: (a: T | undefined, b: T | undefined) => T): T[] =>
    Array.from({ length: count }, (_, i) => join(column[2 * i], column[2 * i + 1]));
  return {
    ...series,
    x: pair(series.x, (a, b) => b ?? a ?? 0),
    values: pair(series.values, (a, b) => b ?? a ?? null),
    min: pair(series.min, least),
    max: pair(series.max, greatest),
    exact: false,
  };
}

type Maybe = number | null | undefined;
const least = (a: Maybe, b: Maybe): number | null =>
  a === null || a === undefined ? (b ?? null) : b === null || b === undefined ? a : Math.min(a, b);
const greatest = (a: Maybe, b: Maybe): number | null =>
  a === null || a === undefined ? (b ?? null) : b === null || b === undefined ? a : Math.max(a, b);

const NON_FINITE: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);
const isNonFinite = (value: unknown): boolean => NON_FINITE.has(value);
const toFinite = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
