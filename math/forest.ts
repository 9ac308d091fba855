import { openStream, philox4x32 } from "./random";

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
}

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

export interface Forest {
  readonly rows: number;
  readonly binning: Binning;
  readonly columns: readonly Column[];
  /** Where each tree's nodes begin; one more than there are trees. */
  readonly starts: Int32Array;
  /** Of each node: the column that it asks about, -1 in a leaf. */
  readonly column: Int16Array;
  /** Of each node: its left child; the right one follows. Counted from the tree's start. */
  readonly child: Int32Array;
  /** Of a leaf: the mean of its rows. Of an inner node: by how much its split lowers the sum of squares. */
  readonly value: Float64Array;
  /** Of each node eight words: bit c says that code c goes to the left. */
  readonly left: Uint32Array;
  /** Mean over the trees that had not seen the row; NaN where all had. */
  readonly outOfBag: Float64Array;
  /** Trees that the mean is over. */
  readonly outOfBagTrees: Int32Array;
  /** How often each tree drew each row: tree after tree. */
  readonly drawn: Uint8Array;
}

/** Words of a node's set of codes. */
const WORDS = 8;
const MAX_BINS = 254;

/**
 * @throws RangeError when the sizes disagree, a target is not finite, a weight is not positive or a category has more than
 * 254 values: whoever has more merges the rare ones first
 */
export function growForest(table: Table, options: ForestOptions): Forest {
  check(table);
  const { rows, columns } = table;
  const trees = options.trees ?? 64;
  const binning = bin(table, Math.min(MAX_BINS, options.bins ?? 64));
  const mean = weightedMean(table);
  const grower = new Grower(table, binning, mean, options);
  const words = openWords(options.seed);
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
  for (let tree = 0; tree < trees; tree++)
    for (let row = 0; row < rows; row++) {
      if (drawn[tree * rows + row] !== 0) continue;
      outOfBag[row] = (outOfBag[row] ?? 0) + predictRow(forest, tree, binning.codes, row, rows);
      outOfBagTrees[row] = (outOfBagTrees[row] ?? 0) + 1;
    }
  for (let row = 0; row < rows; row++) outOfBag[row] = (outOfBag[row] ?? 0) / (outOfBagTrees[row] ?? 0); // 0 / 0 is NaN, as promised
  return forest;
}

/** The first `count` become a random choice of all. */
function shuffleFirst(sample: Int32Array, count: number, words: Words): void {
  for (let i = 0; i < count; i++) {
    const at = i + below(words, sample.length - i);
    const row = sample[at] ?? 0;
    sample[at] = sample[i] ?? 0;
    sample[i] = row;
  }
}

/** A row that is drawn more than 255 times of 10,000 has a chance of e^-1171. */
function draw(times: Uint8Array, row: number): void {
  const now = times[row] ?? 0;
  if (now < 255) times[row] = now + 1;
}

/** What one tree says about a row of codes laid out as `Binning.codes` has them. */
export function predictRow(
  forest: TreeArrays,
  tree: number,
  codes: Uint8Array,
  row: number,
  rows: number,
): number {
  const { starts, column, child, value, left } = forest;
  const start = starts[tree] ?? 0;
  let node = start;
  for (;;) {
    const asked = column[node] ?? -1;
    if (asked < 0) return value[node] ?? 0;
    const code = codes[asked * rows + row] ?? 0;
    const goesLeft = ((left[node * WORDS + (code >> 5)] ?? 0) >>> (code & 31)) & 1;
    node = start + (child[node] ?? 0) + 1 - goesLeft;
  }
}

type TreeArrays = Pick<Forest, "starts" | "column" | "child" | "value" | "left">;

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

// ------------------------------------------------------------------ values to codes

function bin({ rows, columns, values }: Table, bins: number): Binning {
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

function toCodes(
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

// ------------------------------------------------------------------ one tree

/** Rows of a node in a stretch of `order`; what splits them best. */
interface Split {
  column: number;
  gain: number;
  readonly left: Uint32Array;
}

/** Keeps the arrays that all trees of a forest share while they grow. */
class Grower {
  nodes = 0;
  private column = new Int16Array(1024);
  private child = new Int32Array(1024);
  private value = new Float64Array(1024);
  private left = new Uint32Array(1024 * WORDS);

  private readonly order: Int32Array;
  /** In the order of `order`: each row's weight times its draws, and that times its centred target. */
  private readonly weight: Float64Array;
  private readonly moment: Float64Array;
  private readonly scratchOrder: Int32Array;
  private readonly scratch: Float64Array;

  private readonly sumOfCode = new Float64Array(256);
  private readonly weightOfCode = new Float64Array(256);
  private readonly countOfCode = new Int32Array(256);
  private readonly ranked = new Int32Array(256);
  private readonly shuffled: Int32Array;
  private readonly best: Split = { column: -1, gain: 0, left: new Uint32Array(WORDS) };

  private readonly tried: number;
  private readonly minLeaf: number;
  private readonly maxDepth: number;

  constructor(
    private readonly table: Table,
    private readonly binning: Binning,
    private readonly mean: number,
    private readonly options: ForestOptions,
  ) {
    const { rows, columns } = table;
    this.order = new Int32Array(rows);
    this.weight = new Float64Array(rows);
    this.moment = new Float64Array(rows);
    this.scratchOrder = new Int32Array(rows);
    this.scratch = new Float64Array(2 * rows);
    this.shuffled = Int32Array.from(columns.keys());
    this.tried = Math.max(1, Math.round(columns.length * (options.columnShare ?? 1 / 3)));
    this.minLeaf = Math.max(1, options.minLeaf ?? 1);
    this.maxDepth = options.maxDepth ?? Number.POSITIVE_INFINITY;
  }

  grow(times: Uint8Array, words: Words): void {
    const { target, weights } = this.table;
    let count = 0;
    for (const [row, drawn] of times.entries()) {
      if (drawn === 0) continue;
      const weight = drawn * (weights?.[row] ?? 1);
      this.order[count] = row;
      this.weight[count] = weight;
      this.moment[count] = weight * ((target[row] ?? 0) - this.mean);
      count++;
    }
    const start = this.nodes;
    const open: [node: number, from: number, to: number, depth: number][] = [[this.addNodes(1), 0, count, 0]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [node, from, to, depth] = next;
      let [weight, moment] = [0, 0];
      for (let i = from; i < to; i++) {
        weight += this.weight[i] ?? 0;
        moment += this.moment[i] ?? 0;
      }
      const splits = to - from >= 2 * this.minLeaf && depth < this.maxDepth && !this.isPure(from, to);
      if (!splits || !this.seek(from, to, weight, moment, words)) {
        this.column[node] = -1;
        this.value[node] = this.mean + moment / weight;
        continue;
      }
      const middle = this.part(from, to);
      const child = this.addNodes(2);
      this.column[node] = this.best.column;
      this.value[node] = this.best.gain;
      this.left.set(this.best.left, node * WORDS);
      this.child[node] = child - start;
      open.push([child + 1, middle, to, depth + 1], [child, from, middle, depth + 1]);
    }
  }

  /** All trees in one buffer. */
  finish(starts: Int32Array): TreeArrays {
    const { nodes } = this;
    // Doubles first, then words, then the column's 16 bits: each view begins where its type may.
    const buffer = new ArrayBuffer(nodes * (8 + 4 * WORDS + 4 + 2) + starts.length * 4);
    const value = new Float64Array(buffer, 0, nodes);
    const left = new Uint32Array(buffer, nodes * 8, nodes * WORDS);
    const child = new Int32Array(buffer, nodes * (8 + 4 * WORDS), nodes);
    const ownStarts = new Int32Array(buffer, nodes * (12 + 4 * WORDS), starts.length);
    const column = new Int16Array(buffer, nodes * (12 + 4 * WORDS) + starts.length * 4, nodes);
    value.set(this.value.subarray(0, nodes));
    left.set(this.left.subarray(0, nodes * WORDS));
    child.set(this.child.subarray(0, nodes));
    ownStarts.set(starts);
    column.set(this.column.subarray(0, nodes));
    return { starts: ownStarts, column, child, value, left };
  }

  private addNodes(count: number): number {
    const first = this.nodes;
    this.nodes += count;
    if (this.nodes > this.column.length) {
      const size = this.column.length * 2;
      this.column = grown(this.column, new Int16Array(size));
      this.child = grown(this.child, new Int32Array(size));
      this.value = grown(this.value, new Float64Array(size));
      this.left = grown(this.left, new Uint32Array(size * WORDS));
    }
    return first;
  }

  private isPure(from: number, to: number): boolean {
    const { target } = this.table;
    const first = target[this.order[from] ?? 0];
    for (let i = from + 1; i < to; i++) if (target[this.order[i] ?? 0] !== first) return false;
    return true;
  }

  /** Looks through columns in random order until enough of them could be split. @returns whether one could */
  private seek(from: number, to: number, weight: number, moment: number, words: Words): boolean {
    const { shuffled, best } = this;
    best.column = -1;
    // A gain within rounding of nothing is none: it would split pure noise of the last digit for ever.
    best.gain = 1e-12 * ((moment * moment) / weight);
    let looked = 0;
    for (let i = 0; i < shuffled.length && looked < this.tried; i++) {
      const at = i + below(words, shuffled.length - i);
      const column = shuffled[at] ?? 0;
      shuffled[at] = shuffled[i] ?? 0;
      shuffled[i] = column;
      if (this.look(column, from, to, weight, moment, words)) looked++;
    }
    return best.column >= 0;
  }

  /** @returns false for a column in which all these rows are alike */
  private look(
    column: number,
    from: number,
    to: number,
    weight: number,
    moment: number,
    words: Words,
  ): boolean {
    const { sumOfCode, weightOfCode, countOfCode, order } = this;
    const { codes } = this.binning;
    const base = column * this.table.rows;
    let [low, high] = [255, 0];
    for (let i = from; i < to; i++) {
      const code = codes[base + (order[i] ?? 0)] ?? 0;
      sumOfCode[code] = (sumOfCode[code] ?? 0) + (this.moment[i] ?? 0);
      weightOfCode[code] = (weightOfCode[code] ?? 0) + (this.weight[i] ?? 0);
      countOfCode[code] = (countOfCode[code] ?? 0) + 1;
      if (code < low) low = code;
      if (code > high) high = code;
    }
    if (low < high) {
      const missing = this.binning.missing[column] ?? -1;
      const isCategory = this.table.columns[column]?.kind === "category";
      const count = isCategory ? this.rankByMean(low, high) : this.rankInOrder(low, high, missing);
      const lacking = !isCategory && missing >= 0 && (countOfCode[missing] ?? 0) > 0 ? missing : -1;
      const total = { weight, moment, count: to - from };
      if (this.options.extra) this.tryOne(column, count, lacking, total, words);
      else {
        this.tryAll(column, count, lacking, false, total);
        if (lacking >= 0) this.tryAll(column, count, lacking, true, total);
      }
    }
    sumOfCode.fill(0, low, high + 1);
    weightOfCode.fill(0, low, high + 1);
    countOfCode.fill(0, low, high + 1);
    return low < high;
  }

  /** Codes of numbers that occur, by size; the one without a value is not among them. */
  private rankInOrder(low: number, high: number, missing: number): number {
    let count = 0;
    for (let code = low; code <= high; code++)
      if (code !== missing && (this.countOfCode[code] ?? 0) > 0) this.ranked[count++] = code;
    return count;
  }

  /** Categories that occur, by the mean of their rows: the best of all two-sided partitions is one of neighbours here. */
  private rankByMean(low: number, high: number): number {
    const { ranked, sumOfCode, weightOfCode, countOfCode } = this;
    let count = 0;
    for (let code = low; code <= high; code++) {
      if ((countOfCode[code] ?? 0) === 0) continue;
      const mean = (sumOfCode[code] ?? 0) / (weightOfCode[code] ?? 1);
      let at = count++;
      for (; at > 0; at--) {
        const before = ranked[at - 1] ?? 0;
        if ((sumOfCode[before] ?? 0) / (weightOfCode[before] ?? 1) <= mean) break;
        ranked[at] = before;
      }
      ranked[at] = code;
    }
    return count;
  }

  /** Every place between two ranked codes; rows without a value stand on one side throughout. */
  private tryAll(column: number, count: number, lacking: number, lackingLeft: boolean, total: Total): void {
    const { ranked, sumOfCode, weightOfCode, countOfCode, minLeaf } = this;
    let moment = lackingLeft ? (sumOfCode[lacking] ?? 0) : 0;
    let weight = lackingLeft ? (weightOfCode[lacking] ?? 0) : 0;
    let rows = lackingLeft ? (countOfCode[lacking] ?? 0) : 0;
    const parent = (total.moment * total.moment) / total.weight;
    // Those without a value against all others is a split too: the last place, when they stand on the right.
    const last = lacking >= 0 && !lackingLeft ? count : count - 1;
    let [place, gain] = [-1, this.best.gain];
    for (let i = 0; i < last; i++) {
      const code = ranked[i] ?? 0;
      moment += sumOfCode[code] ?? 0;
      weight += weightOfCode[code] ?? 0;
      rows += countOfCode[code] ?? 0;
      if (rows < minLeaf || total.count - rows < minLeaf) continue;
      const rest = total.moment - moment;
      const now = (moment * moment) / weight + (rest * rest) / (total.weight - weight) - parent;
      if (now > gain) [place, gain] = [i, now];
    }
    if (place >= 0) this.keep(column, place, gain, lackingLeft ? lacking : -1);
  }

  /** One place, drawn. */
  private tryOne(column: number, count: number, lacking: number, total: Total, words: Words): void {
    const places = lacking >= 0 ? count : count - 1;
    if (places < 1) return;
    const place = below(words, places);
    const lackingLeft = lacking >= 0 && place < count - 1 && below(words, 2) === 1;
    let moment = lackingLeft ? (this.sumOfCode[lacking] ?? 0) : 0;
    let weight = lackingLeft ? (this.weightOfCode[lacking] ?? 0) : 0;
    let rows = lackingLeft ? (this.countOfCode[lacking] ?? 0) : 0;
    for (let i = 0; i <= place; i++) {
      const code = this.ranked[i] ?? 0;
      moment += this.sumOfCode[code] ?? 0;
      weight += this.weightOfCode[code] ?? 0;
      rows += this.countOfCode[code] ?? 0;
    }
    if (rows < this.minLeaf || total.count - rows < this.minLeaf) return;
    const rest = total.moment - moment;
    const parent = (total.moment * total.moment) / total.weight;
    const gain = (moment * moment) / weight + (rest * rest) / (total.weight - weight) - parent;
    if (gain > this.best.gain) this.keep(column, place, gain, lackingLeft ? lacking : -1);
  }

  private keep(column: number, place: number, gain: number, alsoLeft: number): void {
    const { best, ranked, binning } = this;
    best.column = column;
    best.gain = gain;
    best.left.fill(0);
    const put = (code: number) => {
      best.left[code >> 5] = (best.left[code >> 5] ?? 0) | (1 << (code & 31));
    };
    if (this.table.columns[column]?.kind === "number") {
      // All codes up to that one, those too that no row here has: the threshold is a place, not a list.
      for (let code = 0; code <= (ranked[place] ?? 0); code++)
        if (code !== binning.missing[column]) put(code);
    } else for (let i = 0; i <= place; i++) put(ranked[i] ?? 0);
    if (alsoLeft >= 0) put(alsoLeft);
  }

  /** Left rows first, each side in its old order. @returns where the right ones begin */
  private part(from: number, to: number): number {
    const { best, order, weight, moment, scratch, scratchOrder } = this;
    const base = best.column * this.table.rows;
    let [middle, right] = [from, 0];
    for (let i = from; i < to; i++) {
      const row = order[i] ?? 0;
      const code = this.binning.codes[base + row] ?? 0;
      if (((best.left[code >> 5] ?? 0) >>> (code & 31)) & 1) {
        order[middle] = row;
        weight[middle] = weight[i] ?? 0;
        moment[middle] = moment[i] ?? 0;
        middle++;
      } else {
        scratchOrder[right] = row;
        scratch[2 * right] = weight[i] ?? 0;
        scratch[2 * right + 1] = moment[i] ?? 0;
        right++;
      }
    }
    for (let i = 0; i < right; i++) {
      order[middle + i] = scratchOrder[i] ?? 0;
      weight[middle + i] = scratch[2 * i] ?? 0;
      moment[middle + i] = scratch[2 * i + 1] ?? 0;
    }
    return middle;
  }
}

interface Total {
  readonly weight: number;
  readonly moment: number;
  readonly count: number;
}

function grown<T extends Int16Array | Int32Array | Float64Array | Uint32Array>(old: T, made: T): T {
  made.set(old);
  return made;
}

// ------------------------------------------------------------------ draws

/** Random words of one stream, four at a time. */
interface Words {
  readonly key: readonly [number, number];
  readonly lane: readonly [number, number];
  readonly ready: Uint32Array;
  counter: number;
  used: number;
}

function openWords(seed: string): Words {
  const { key, lane } = openStream(seed, ["forest"]);
  return { key, lane, ready: new Uint32Array(4), counter: 0, used: 4 };
}

/** A whole number from 0 below `count`; the bias of a 32-bit word over a count below 2^20 is less than 2^-12 of one. */
function below(words: Words, count: number): number {
  if (words.used === 4) {
    const { key, lane, ready } = words;
    philox4x32(words.counter++, 0, lane[0], lane[1], key[0], key[1], ready);
    words.used = 0;
  }
  return Math.floor(((words.ready[words.used++] ?? 0) / 0x100000000) * count);
}

// ------------------------------------------------------------------ the door

function check({ rows, columns, values, target, weights }: Table): void {
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

function weightedMean({ target, weights }: Table): number {
  let [mean, sum] = [0, 0];
  for (const [row, value] of target.entries()) {
    const weight = weights?.[row] ?? 1;
    sum += weight;
    mean += ((value - mean) * weight) / sum;
  }
  return mean;
}
