import { type Binning, binTable, toCodes } from "./forest/binning";
import { Grower, type Trees, WORDS } from "./forest/grower";
import { type Column, checkTable, MAX_BINS, type Table, weightedMean } from "./forest/table";
import { below, openWords, shuffleFirst } from "./forest/words";

export type { Binning } from "./forest/binning";
export type { Column, Table } from "./forest/table";

/**
 * A random forest for regression (Breiman 2001; extremely randomised trees after Geurts, Ernst, Wehenkel 2006), made to explain
 * which columns matter rather than to be served: values are binned to at most 254 codes a column, and trees are grown on
 * histograms of those codes. With 64 bins a linear effect loses 1 / 64^2 of its variance, a fortieth of a per cent.
 *
 * Categories are split by the mean of their rows (exact for squared error: Fisher 1958), and rows without a value are a
 * code of their own that each split sends to the better side.
 *
 * All arrays of a grown forest are views of one buffer, which moves between threads without being copied.
 */
export interface ForestOptions {
  readonly seed: string;
  /** 64 when absent. */
  readonly trees?: number;
  /** Columns tried at each split, as a share of all; a third when absent, at least one. */
  readonly columnShare?: number;
  /** Rows that a leaf holds at least; 1 when absent. */
  readonly minLeaf?: number;
  readonly maxDepth?: number;
  /** Of a column of numbers, at most 254; 64 when absent. */
  readonly bins?: number;
  /** Thresholds are drawn instead of sought, and each tree sees every row: no out-of-bag rows then. */
  readonly extra?: boolean;
  /** Rows drawn for each tree, with replacement; as many as there are when absent. Beyond some thousands more only cost time. */
  readonly draws?: number;
  /**
   * Trees in groups, each grown from a random part of the rows of its own ("little bags", Sexton and Laake 2009): how far the
   * groups are apart says how far another sample of runs would have led.
   */
  readonly bags?: { readonly trees: number; readonly rows: number };
  /** Of another forest of this very table, which needs not be binned again then; `bins` is not looked at. */
  readonly binning?: Binning;
}

export interface Forest extends Trees {
  readonly rows: number;
  readonly binning: Binning;
  readonly columns: readonly Column[];
  /** Mean over the trees that had not seen the row; NaN where all had, and of a forest of bags. */
  readonly outOfBag: Float64Array;
  /** Trees that the mean is over. */
  readonly outOfBagTrees: Int32Array;
  /** How often each tree drew each row: tree after tree. */
  readonly drawn: Uint8Array;
}

/**
 * @throws RangeError when the sizes disagree, a target is not finite, a weight is not positive or a category has more than
 * 254 values: whoever has more merges the rare ones first
 */
export function growForest(table: Table, options: ForestOptions): Forest {
  checkTable(table);
  const { rows, columns } = table;
  const trees = options.trees ?? 64;
  const binning = options.binning ?? binTable(table, Math.min(MAX_BINS, options.bins ?? 64));
  const mean = weightedMean(table);
  const grower = new Grower(table, binning, mean, options);
  const words = openWords(options.seed, "forest");
  const drawn = new Uint8Array(trees * rows);
  const outOfBag = new Float64Array(rows);
  const outOfBagTrees = new Int32Array(rows);
  const starts = [0];
  const sample = Int32Array.from({ length: rows }, (_, row) => row);
  const size = options.bags ? Math.min(rows, options.bags.rows) : rows;
  const draws = options.extra ? size : Math.min(size, options.draws ?? size);
  for (let tree = 0; tree < trees; tree++) {
    const times = drawn.subarray(tree * rows, (tree + 1) * rows);
    if (options.bags && tree % options.bags.trees === 0) shuffleFirst(sample, size, words);
    for (let i = 0; i < draws; i++) draw(times, sample[options.extra ? i : below(words, size)] ?? 0);
    grower.grow(times, words);
    starts.push(grower.nodes);
  }
  const forest = {
    ...{ rows, columns, binning, drawn, outOfBag, outOfBagTrees },
    ...grower.finish(Int32Array.from(starts)),
  };
  if (!options.bags) foretellUnseen(forest);
  else outOfBag.fill(Number.NaN);
  return forest;
}

function foretellUnseen(forest: Forest): void {
  const { rows, binning, drawn, outOfBag, outOfBagTrees, starts } = forest;
  for (let tree = 0; tree + 1 < starts.length; tree++)
    for (let row = 0; row < rows; row++) {
      if (drawn[tree * rows + row] !== 0) continue;
      outOfBag[row] = (outOfBag[row] as number) + predictRow(forest, tree, binning.codes, row, rows);
      outOfBagTrees[row] = (outOfBagTrees[row] as number) + 1;
    }
  for (let row = 0; row < rows; row++)
    outOfBag[row] = (outOfBag[row] as number) / (outOfBagTrees[row] as number); // 0 / 0 is NaN, as promised
}

/** A row that is drawn more than 255 times of 10,000 has a chance of e^-1171. */
function draw(times: Uint8Array, row: number): void {
  const now = times[row] ?? 0;
  if (now < 255) times[row] = now + 1;
}

/** What one tree says about a row of codes laid out as `Binning.codes` has them. */
export function predictRow(trees: Trees, tree: number, codes: Uint8Array, row: number, rows: number): number {
  const { starts, column, child, value, left } = trees;
  const start = starts[tree] as number;
  let node = start;
  for (;;) {
    const asked = column[node] as number;
    if (asked < 0) return value[node] as number;
    const code = codes[asked * rows + row] as number;
    const goesLeft = ((left[node * WORDS + (code >> 5)] as number) >>> (code & 31)) & 1;
    node = start + (child[node] as number) + 1 - goesLeft;
  }
}

/** The forest's mean for rows that it has not seen, column after column as `Table.values`. */
export function predict(forest: Forest, values: Float64Array, rows: number): Float64Array {
  const codes = toCodes(forest.binning, forest.columns, values, rows);
  const trees = forest.starts.length - 1;
  const sums = new Float64Array(rows);
  for (let tree = 0; tree < trees; tree++)
    for (let row = 0; row < rows; row++)
      sums[row] = (sums[row] ?? 0) + predictRow(forest, tree, codes, row, rows);
  return sums.map((sum) => sum / trees);
}

/**
 * The share of the target's variance that the forest explains in rows that its trees had not seen: 1 is all, 0 no better
 * than the mean, below 0 worse. NaN when no row was left out, or the target does not vary.
 */
export function outOfBagR2(forest: Forest, { target, weights }: Table): number {
  let [weight, mean] = [0, 0];
  for (let row = 0; row < forest.rows; row++) {
    if ((forest.outOfBagTrees[row] ?? 0) === 0) continue;
    const w = weights?.[row] ?? 1;
    weight += w;
    mean += (((target[row] ?? 0) - mean) * w) / weight;
  }
  let [error, spread] = [0, 0];
  for (let row = 0; row < forest.rows; row++) {
    if ((forest.outOfBagTrees[row] ?? 0) === 0) continue;
    const w = weights?.[row] ?? 1;
    error += w * ((target[row] ?? 0) - (forest.outOfBag[row] ?? 0)) ** 2;
    spread += w * ((target[row] ?? 0) - mean) ** 2;
  }
  return spread > 0 ? 1 - error / spread : Number.NaN;
}
