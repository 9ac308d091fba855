/** Metric history as it is read: shapes, and the wire form of single values. */
import type { Buckets } from "./history/buckets";
import type { Points } from "./history/column";

export { type Batch, MAX_BATCH_BYTES, type MetricBatch, parseMetricBatch } from "./history/batch";
export type { Buckets, StepRange } from "./history/buckets";
export type { Points } from "./history/column";
export type { Summary } from "./history/summary";

/** The most points or buckets that one line comes back with. */
export const MAX_SAMPLES = 1_500;

/** One line: a metric of a run. Exact when the range has no more points than samples were asked for, else buckets. */
export type HistorySeries = ExactSeries | BucketedSeries;

interface SeriesKey {
  readonly runId: number;
  readonly key: string;
  /** Points in the range, values that are no numbers included. */
  readonly total: number;
}

export interface ExactSeries extends SeriesKey {
  readonly exact: true;
  readonly points: Points;
}

export interface BucketedSeries extends SeriesKey {
  readonly exact: false;
  readonly buckets: Buckets;
}

/** What stands for a value in JSON: non-finite numbers are strings, other values are themselves. */
export type WireValue = number | string | boolean | null | object;

/** Points' values in the form that a `MetricBatch` has them. */
export function toWireValues({ values, others }: Pick<Points, "values" | "others">): WireValue[] {
  return Array.from(values, (value, i) => {
    if (Number.isFinite(value)) return value;
    const other = others?.get(i);
    return other === undefined ? String(value) : (JSON.parse(other) as WireValue);
  });
}
