import type { Column, Table } from "./table";

/** How values became codes. */
export interface Binning {
  /** Codes of each column, the one for "no value" included where there is one. */
  readonly sizes: readonly number[];
  /** Upper ends of all bins of numbers but the last; empty for categories. A value equal to an end lies below it. */
  readonly cuts: readonly Float64Array[];
  /** The code of rows without a value, or -1. */
  readonly missing: readonly number[];
  /** Column after column, `rows` codes each. */
  readonly codes: Uint8Array;
}

export function binTable({ rows, columns, values }: Table, bins: number): Binning {
  const cuts: Float64Array[] = [];
  const sizes: number[] = [];
  const missing: number[] = [];
  for (const [at, column] of columns.entries()) {
    const own = values.subarray(at * rows, (at + 1) * rows);
    const ends = column.kind === "number" ? toCuts(own, bins) : new Float64Array(0);
    const known = column.kind === "number" ? ends.length + 1 : column.size;
    const lacks = own.some(Number.isNaN);
    cuts.push(ends);
    missing.push(lacks ? known : -1);
    sizes.push(known + (lacks ? 1 : 0));
  }
  const made = { cuts, sizes, missing };
  return { ...made, codes: toCodes(made, columns, values, rows) };
}

/** Between neighbouring values where those are few, else at quantiles, so that each bin holds as many rows. */
function toCuts(values: Float64Array, bins: number): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const cuts: number[] = [];
  if (distinct.length <= bins) {
    for (let i = 1; i < distinct.length; i++) cuts.push(between(distinct[i - 1] ?? 0, distinct[i] ?? 0));
    return Float64Array.from(cuts);
  }
  for (let i = 1; i < bins; i++) {
    const at = Math.floor((i * sorted.length) / bins);
    const cut = between(sorted[at - 1] ?? 0, sorted[at] ?? 0);
    if (cut > (cuts.at(-1) ?? Number.NEGATIVE_INFINITY) && cut < (sorted.at(-1) ?? 0)) cuts.push(cut);
  }
  return Float64Array.from(cuts);
}

/** Below `high` always: the middle of two neighbouring doubles rounds to one of them. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle < high ? middle : low;
}

export function toCodes(
  { cuts, missing, sizes }: Pick<Binning, "cuts" | "missing" | "sizes">,
  columns: readonly Column[],
  values: Float64Array,
  rows: number,
): Uint8Array {
  const codes = new Uint8Array(columns.length * rows);
  for (const [at, column] of columns.entries()) {
    const ends = cuts[at] ?? new Float64Array(0);
    for (let row = 0; row < rows; row++) {
      const value = values[at * rows + row] ?? Number.NaN;
      codes[at * rows + row] = Number.isNaN(value)
        ? // A value that is absent where none ever was goes with the last code.
          Math.max(missing[at] ?? 0, 0) || (sizes[at] ?? 1) - 1
        : column.kind === "category"
          ? value
          : countBelow(ends, value);
    }
  }
  return codes;
}

/** How many ends lie below the value. */
export function countBelow(ends: Float64Array, value: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
