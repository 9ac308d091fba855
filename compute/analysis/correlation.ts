import type { ParameterImportance } from "@/core/importance";
import { toPythonText } from "@/core/python";
import { toNumber, type Value } from "@/core/value";
import { ranks } from "@/math/stats";
import { standardized } from "./moments";
import { MOST_CATEGORIES, type VariedColumn } from "./read-runs";

export type Correlations = Pick<ParameterImportance, "correlation" | "correlationOf" | "rankCorrelation">;

/** What all parameters are correlated with. */
export interface Metric {
  readonly target: Float64Array;
  readonly standard: Float64Array;
  readonly ranks: Float64Array;
}

export const toMetric = (target: Float64Array): Metric => ({
  target,
  standard: standardized(target),
  ranks: standardized(ranks(target)),
});

/** W&B's: Pearson's with the values as they are, or with each category as a column of zeros and ones. */
export function correlationsOf(column: VariedColumn, metric: Metric): Correlations {
  const { parameter } = column;
  return parameter.kind === "categorical" && parameter.values.some((value) => toNumber(value) === undefined)
    ? ofCategories(parameter.values, column, metric)
    : ofNumbers(column, metric);
}

function ofNumbers({ numbers }: VariedColumn, metric: Metric): Correlations {
  const known = numbers.filter(Number.isFinite);
  const own =
    known.length === numbers.length
      ? metric
      : toMetric(metric.target.filter((_, i) => Number.isFinite(numbers[i])));
  return {
    correlation: pearson(standardized(known), own.standard),
    correlationOf: null,
    rankCorrelation: known.length > 1 ? pearson(standardized(ranks(known)), own.ranks) : null,
  };
}

/** The category that is furthest from all others: of two, what one loses the other gains, and the later one is named. */
function ofCategories(values: readonly Value[], { units }: VariedColumn, { standard }: Metric): Correlations {
  let best: Correlations = { correlation: null, correlationOf: null, rankCorrelation: null };
  for (const [code, value] of values.slice(0, MOST_CATEGORIES).entries()) {
    const isIt = units.map((unit) => (unit === code ? 1 : 0));
    const correlation = pearson(standardized(isIt), standard);
    if (correlation !== null && Math.abs(correlation) >= Math.abs(best.correlation ?? 0) - 1e-9)
      best = { correlation, correlationOf: toPythonText(value), rankCorrelation: null };
  }
  return best;
}

/** Of standardised values. Null where one of them does not vary: NaN, since it had no deviation to be divided by. */
function pearson(x: Float64Array, y: Float64Array): number | null {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  const r = sum / (x.length - 1);
  return Number.isNaN(r) ? null : Math.max(-1, Math.min(1, r));
}
