import type { ChartRun, Dimension } from "./dimension";

/**
 * What one axis lets through: a union of ranges or of categories, and perhaps the runs that have no value there. Brushes of
 * several axes intersect.
 */
export interface Brush {
  /** Both ends inside; of numbers and times. */
  readonly ranges?: readonly (readonly [low: number, high: number])[];
  /** Whole texts, as `Dimension.categories` has them. */
  readonly values?: readonly string[];
  /** Runs without a value pass too. */
  readonly missing?: boolean;
}

export function passes(brush: Brush, dimension: Dimension, run: ChartRun): boolean {
  const value = dimension.valueOf(run);
  if (value === undefined) return brush.missing === true;
  if (typeof value === "string") return brush.values?.includes(value) ?? false;
  return brush.ranges?.some(([low, high]) => value >= low && value <= high) ?? false;
}
