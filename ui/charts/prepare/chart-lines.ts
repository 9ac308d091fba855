import type { LineInput } from "./lines";

/** What a chart draws of one line of an answer: points or buckets in columns, as `prepareLines` takes them. */
export type ChartLine = Pick<
  LineInput,
  "x" | "values" | "min" | "max" | "runs" | "nonFinite" | "points" | "unpaired"
> & {
  /** Of a group: standard deviation over its runs. */
  readonly sd?: readonly (number | null)[];
};

/** A line as the API sends it; either points or buckets are set. */
export interface SentLine {
  readonly total: number;
  readonly unpaired: number;
  readonly points: { readonly x: readonly number[]; readonly values: readonly unknown[] } | null;
  readonly buckets: {
    readonly start?: readonly number[];
    readonly lastStep?: readonly number[];
    readonly last: readonly (number | null)[];
    readonly min: readonly (number | null)[];
    readonly max: readonly (number | null)[];
    readonly nonFiniteTotal: number;
  } | null;
}

/** @param width of a bucket: along steps it stands at its last one, else in its middle */
export function toChartLine({ total, unpaired, points, buckets }: SentLine, width: number): ChartLine {
  if (buckets) {
    const { start = [], lastStep, last, min, max, nonFiniteTotal: nonFinite } = buckets;
    const x = lastStep ?? start.map((edge) => edge + width / 2);
    return { x, values: last, min, max, nonFinite, points: total, unpaired };
  }
  const sent = points?.values ?? [];
  const values = sent.map((value) => (typeof value === "number" && Number.isFinite(value) ? value : null));
  const nonFinite = sent.filter((value) => typeof value === "string" && NON_FINITE.has(value)).length;
  return { x: points?.x ?? [], values, nonFinite, points: total, unpaired };
}

const NON_FINITE: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);

export interface SentBand {
  readonly start: readonly number[];
  readonly runs: readonly number[];
  readonly mean: readonly (number | null)[];
  readonly sd: readonly (number | null)[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** Many runs as one line; a bucket of one step stands at that step. */
export const toGroupLine = ({ start, runs, mean, sd, min, max }: SentBand, width: number): ChartLine => ({
  x: width <= 1 ? start : start.map((edge) => edge + width / 2),
  values: mean,
  min,
  max,
  sd,
  runs,
});

/** What is drawn around the mean of a group. */
export const SPREADS = ["range", "sd", "se"] as const;
export type Spread = (typeof SPREADS)[number];

/** The group's line with the band that was chosen. Where one run alone has a value, its deviation is unknown: no band. */
export function withSpread(line: ChartLine, spread: Spread): ChartLine {
  const { values, sd, runs } = line;
  if (spread === "range" || !sd || !runs) return line;
  const around = (sign: 1 | -1) =>
    values.map((value, i) => {
      const deviation = sd[i] ?? null;
      if (value === null || deviation === null) return value;
      const n = runs[i] as number;
      return value + (sign * deviation) / (spread === "se" ? Math.sqrt(n) : 1);
    });
  return { ...line, min: around(-1), max: around(1) };
}

/** What the band of groups shows, as a note of the chart. */
export const SPREAD_NOTES: Readonly<Record<Spread, string>> = {
  range: "The line is the mean of the runs, the band reaches from the least to the greatest of any run",
  sd: "The line is the mean of the runs, the band one standard deviation to either side",
  se: "The line is the mean of the runs, the band one standard error to either side",
};

/** The same numbers: what was read again has not grown, and its chart keeps still. */
export function isSameLine(a: ChartLine | undefined, b: ChartLine | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const last = a.x.length - 1;
  return (
    a.x.length === b.x.length &&
    a.points === b.points &&
    a.nonFinite === b.nonFinite &&
    a.x[last] === b.x[last] &&
    a.values[last] === b.values[last] &&
    a.runs?.[last] === b.runs?.[last]
  );
}
