/** Metric history as it is written and read: what the other rooms need of `core/history/`. */
import type { Points } from "./history/column";

export { HISTORY_AXES, type HistoryAxis, type HistoryX } from "./history/axis";
export { type Band, toBands } from "./history/band";
export { type Batch, MAX_BATCH_BYTES, type MetricBatch, parseMetricBatch } from "./history/batch";
export { BUCKET_COLUMNS, type BucketColumn, type Buckets } from "./history/buckets";
export type { Points } from "./history/column";
export { roundDigits } from "./history/digits";
export { edgeOf, type Grid } from "./history/grid";
export type { BucketedSeries, ExactSeries, HistorySeries, Layout } from "./history/line";
export type { Summary } from "./history/summary";

/** The most points or buckets that one line comes back with. */
export const MAX_SAMPLES = 1_500;

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
