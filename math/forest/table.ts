/** Rows and columns that a forest learns from. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Column after column, `rows` numbers each: NaN where a row has no value, a category's code from 0. */
  readonly values: Float64Array;
  readonly target: Float64Array;
  /** Of each row, above 0; all equal when absent. */
  readonly weights?: Float64Array;
}

export type Column = { readonly kind: "number" } | { readonly kind: "category"; readonly size: number };

/** Of a column of numbers; a code more says "no value". */
export const MAX_BINS = 254;

/** @throws RangeError */
export function checkTable({ rows, columns, values, target, weights }: Table): void {
  if (!(rows > 0) || columns.length === 0)
    throw new RangeError(`a forest needs rows and columns, got ${rows} and ${columns.length}`);
  if (values.length !== rows * columns.length || target.length !== rows)
    throw new RangeError(
      `${rows} rows of ${columns.length} columns need ${rows * columns.length} values and ${rows} targets, got ${values.length} and ${target.length}`,
    );
  const strange = target.findIndex((value) => !Number.isFinite(value));
  if (strange >= 0) throw new RangeError(`target ${strange} is ${target[strange]}, expected a finite number`);
  if (
    weights &&
    (weights.length !== rows || weights.some((weight) => !(weight > 0 && weight < Number.POSITIVE_INFINITY)))
  )
    throw new RangeError("weights must be as many as rows, finite and above 0");
  for (const [at, column] of columns.entries()) {
    if (column.kind === "number") continue;
    if (column.size > MAX_BINS)
      throw new RangeError(`column ${at} has ${column.size} categories, at most ${MAX_BINS} fit`);
    for (let row = 0; row < rows; row++) {
      const code = values[at * rows + row] ?? 0;
      if (!Number.isNaN(code) && !(Number.isInteger(code) && code >= 0 && code < column.size))
        throw new RangeError(`row ${row} of column ${at} is ${code}, expected a code below ${column.size}`);
    }
  }
}

export function weightedMean({ target, weights }: Table): number {
  let [mean, sum] = [0, 0];
  for (const [row, value] of target.entries()) {
    const weight = weights?.[row] ?? 1;
    sum += weight;
    mean += ((value - mean) * weight) / sum;
  }
  return mean;
}
