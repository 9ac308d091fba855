import type { Binning } from "./binning";
import type { Table } from "./table";
import { below, type Words } from "./words";

/** What a grower needs of a forest's options. */
export interface Growth {
  readonly columnShare?: number;
  readonly minLeaf?: number;
  readonly maxDepth?: number;
  readonly extra?: boolean;
}

/** The trees of a forest, all in one buffer. */
export interface Trees {
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
}

/** Words of a node's set of codes. */
export const WORDS = 8;
/** Of a code in a histogram: sum of moments, of weights, rows; the fourth makes it half a cache line. */
const STRIDE = 4;
/**
 * Nodes of so many rows and more get the histograms of all columns at once, one child's as the parent's less the other's: a column's
 * 64 bins cost as much as 30 rows.
 */
const LARGE = 64;

/** Grows trees on histograms of codes; keeps the arrays that all trees of a forest share while they grow. */
export class Grower {
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

  /** Nodes to be split: node, from, to, depth, histograms or -1. */
  private readonly open: number[] = [];
  private weightOfNode = 0;
  private momentOfNode = 0;

  /** One column's; all zero between looks. */
  private readonly single = new Float64Array(256 * STRIDE);
  private readonly occupied = new Uint32Array(WORDS);
  /** All columns', of large nodes only. */
  private readonly histograms: Float64Array[] = [];
  private readonly free: number[] = [];
  private readonly offsets: Int32Array;

  /** Codes that occur in a node, in the order in which splits lie between them. */
  private readonly ranked = new Int32Array(256);
  private readonly shuffled: Int32Array;

  private bestColumn = -1;
  private bestGain = 0;
  /** Of a number: the last code on the left. Of a category: how many of `bestRanked` are there. */
  private bestPlace = 0;
  /** The code without a value, where it goes left with numbers; -1. */
  private bestLacking = -1;
  private readonly bestRanked = new Int32Array(256);
  private readonly bestLeft = new Uint32Array(WORDS);

  private readonly isCategory: Uint8Array;
  private readonly tried: number;
  private readonly minLeaf: number;
  private readonly maxDepth: number;
  private readonly extra: boolean;

  constructor(
    private readonly table: Table,
    private readonly binning: Binning,
    private readonly mean: number,
    { columnShare = 1 / 3, minLeaf = 1, maxDepth = Number.POSITIVE_INFINITY, extra = false }: Growth,
  ) {
    const { rows, columns } = table;
    this.order = new Int32Array(rows);
    this.weight = new Float64Array(rows);
    this.moment = new Float64Array(rows);
    this.scratchOrder = new Int32Array(rows);
    this.scratch = new Float64Array(2 * rows);
    this.shuffled = Int32Array.from(columns.keys());
    this.isCategory = Uint8Array.from(columns, ({ kind }) => (kind === "category" ? 1 : 0));
    this.offsets = new Int32Array(columns.length + 1);
    for (const [at, size] of binning.sizes.entries())
      this.offsets[at + 1] = (this.offsets[at] as number) + size * STRIDE;
    this.tried = Math.max(1, Math.round(columns.length * columnShare));
    this.minLeaf = Math.max(1, minLeaf);
    this.maxDepth = maxDepth;
    this.extra = extra;
  }

  /** A tree more, of rows drawn so many times each. */
  grow(times: Uint8Array, words: Words): void {
    const start = this.nodes;
    const { open } = this;
    const asksMost = 2 * this.tried >= this.shuffled.length;
    open.push(this.addNodes(1), 0, this.take(times), 0, -1);
    while (open.length > 0) {
      const histograms = open.pop() as number;
      const depth = open.pop() as number;
      const to = open.pop() as number;
      const from = open.pop() as number;
      const node = open.pop() as number;
      const splits = to - from >= 2 * this.minLeaf && depth < this.maxDepth;
      const varies = this.sum(from, to);
      let own = histograms;
      if (splits && varies && own < 0 && asksMost && to - from >= LARGE) own = this.gatherAll(from, to);
      if (!splits || !varies || !this.seek(from, to, own, words)) {
        this.column[node] = -1;
        this.value[node] = this.mean + this.momentOfNode / this.weightOfNode;
        if (own >= 0) this.free.push(own);
        continue;
      }
      this.mark();
      const middle = this.part(from, to);
      const child = this.addNodes(2);
      this.column[node] = this.bestColumn;
      this.value[node] = this.bestGain;
      this.left.set(this.bestLeft, node * WORDS);
      this.child[node] = child - start;
      const [leftOnes, rightOnes] = own >= 0 ? this.divide(own, from, middle, to) : NEITHER;
      open.push(child + 1, middle, to, depth + 1, rightOnes);
      open.push(child, from, middle, depth + 1, leftOnes);
    }
  }

  /** All trees in one buffer. */
  finish(starts: Int32Array): Trees {
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

  // ---------------------------------------------------------------- rows of a node

  /** The rows that were drawn. @returns how many */
  private take(times: Uint8Array): number {
    const { target, weights } = this.table;
    let count = 0;
    for (let row = 0; row < times.length; row++) {
      const drawn = times[row] as number;
      if (drawn === 0) continue;
      const weight = weights ? drawn * (weights[row] as number) : drawn;
      this.order[count] = row;
      this.weight[count] = weight;
      this.moment[count] = weight * ((target[row] as number) - this.mean);
      count++;
    }
    return count;
  }

  /** Of a node. @returns whether its targets differ */
  private sum(from: number, to: number): boolean {
    const { target } = this.table;
    const { order, weight, moment } = this;
    const first = target[order[from] as number];
    let [weights, moments, varies] = [0, 0, false];
    for (let i = from; i < to; i++) {
      weights += weight[i] as number;
      moments += moment[i] as number;
      if (target[order[i] as number] !== first) varies = true;
    }
    this.weightOfNode = weights;
    this.momentOfNode = moments;
    return varies;
  }

  /** Left rows first, each side in its old order. @returns where the right ones begin */
  private part(from: number, to: number): number {
    const { bestLeft, order, weight, moment, scratch, scratchOrder } = this;
    const { codes } = this.binning;
    const base = this.bestColumn * this.table.rows;
    let [middle, right] = [from, 0];
    for (let i = from; i < to; i++) {
      const row = order[i] as number;
      const code = codes[base + row] as number;
      if (((bestLeft[code >> 5] as number) >>> (code & 31)) & 1) {
        order[middle] = row;
        weight[middle] = weight[i] as number;
        moment[middle] = moment[i] as number;
        middle++;
      } else {
        scratchOrder[right] = row;
        scratch[2 * right] = weight[i] as number;
        scratch[2 * right + 1] = moment[i] as number;
        right++;
      }
    }
    for (let i = 0; i < right; i++) {
      order[middle + i] = scratchOrder[i] as number;
      weight[middle + i] = scratch[2 * i] as number;
      moment[middle + i] = scratch[2 * i + 1] as number;
    }
    return middle;
  }

  // ---------------------------------------------------------------- histograms

  /** Adds a node's rows to a column's histogram. */
  private gather(column: number, from: number, to: number, into: Float64Array, offset: number): void {
    const { order, weight, moment } = this;
    const { codes } = this.binning;
    const base = column * this.table.rows;
    for (let i = from; i < to; i++) {
      const at = offset + (codes[base + (order[i] as number)] as number) * STRIDE;
      into[at] = (into[at] as number) + (moment[i] as number);
      into[at + 1] = (into[at + 1] as number) + (weight[i] as number);
      into[at + 2] = (into[at + 2] as number) + 1;
    }
  }

  private gatherAll(from: number, to: number): number {
    const own = this.free.pop() ?? this.histograms.push(new Float64Array(this.offsets.at(-1) ?? 0)) - 1;
    const histograms = (this.histograms[own] as Float64Array).fill(0);
    for (let column = 0; column < this.shuffled.length; column++)
      this.gather(column, from, to, histograms, this.offsets[column] as number);
    return own;
  }

  /** Both children's, where they are large, of the parent's, which are lost. */
  private divide(parent: number, from: number, middle: number, to: number): readonly [number, number] {
    const [left, right] = [middle - from, to - middle];
    if (Math.max(left, right) < LARGE) {
      this.free.push(parent);
      return NEITHER;
    }
    const less = left < right ? this.gatherAll(from, middle) : this.gatherAll(middle, to);
    const own = this.histograms[less] as Float64Array;
    const rest = this.histograms[parent] as Float64Array;
    for (let i = 0; i < own.length; i++) rest[i] = (rest[i] as number) - (own[i] as number);
    const isLarge = Math.min(left, right) >= LARGE;
    if (!isLarge) this.free.push(less);
    const kept = isLarge ? less : -1;
    return left < right ? [kept, parent] : [parent, kept];
  }

  // ---------------------------------------------------------------- what splits a node best

  /** Looks through columns in random order until enough of them could be split. @returns whether one could */
  private seek(from: number, to: number, histograms: number, words: Words): boolean {
    const { shuffled } = this;
    this.bestColumn = -1;
    // A gain within rounding of nothing is none: it would split pure noise of the last digit for ever.
    this.bestGain = 1e-12 * ((this.momentOfNode * this.momentOfNode) / this.weightOfNode);
    const ready = histograms < 0 ? undefined : this.histograms[histograms];
    let looked = 0;
    for (let i = 0; i < shuffled.length && looked < this.tried; i++) {
      const at = i + below(words, shuffled.length - i);
      const column = shuffled[at] as number;
      shuffled[at] = shuffled[i] as number;
      shuffled[i] = column;
      const varies = ready
        ? this.lookReady(column, ready, to - from, words)
        : this.look(column, from, to, words);
      if (varies) looked++;
    }
    return this.bestColumn >= 0;
  }

  /** @returns false for a column in which all these rows are alike */
  private look(column: number, from: number, to: number, words: Words): boolean {
    const { single, occupied, ranked, order, weight, moment } = this;
    const { codes } = this.binning;
    const base = column * this.table.rows;
    // Of most columns all codes lie in the first two words, which then need no memory.
    let [first, second] = [0, 0];
    if ((this.binning.sizes[column] as number) <= 64) {
      for (let i = from; i < to; i++) {
        const code = codes[base + (order[i] as number)] as number;
        const at = code * STRIDE;
        single[at] = (single[at] as number) + (moment[i] as number);
        single[at + 1] = (single[at + 1] as number) + (weight[i] as number);
        single[at + 2] = (single[at + 2] as number) + 1;
        if (code < 32) first |= 1 << code;
        else second |= 1 << (code & 31);
      }
      occupied.fill(0, 2);
      occupied[0] = first;
      occupied[1] = second;
    } else {
      occupied.fill(0);
      for (let i = from; i < to; i++) {
        const code = codes[base + (order[i] as number)] as number;
        const at = code * STRIDE;
        single[at] = (single[at] as number) + (moment[i] as number);
        single[at + 1] = (single[at + 1] as number) + (weight[i] as number);
        single[at + 2] = (single[at + 2] as number) + 1;
        occupied[code >> 5] = (occupied[code >> 5] as number) | (1 << (code & 31));
      }
    }
    let count = 0;
    for (let word = 0; word < WORDS; word++)
      for (let bits = occupied[word] as number; bits !== 0; bits &= bits - 1)
        ranked[count++] = word * 32 + 31 - Math.clz32(bits & -bits);
    const varies = count > 1;
    const occurring = count;
    if (varies) this.consider(column, count, single, 0, to - from, words);
    // `consider` may have ranked them anew, and dropped the last: all of them lie in the set still.
    if (occurring > 32) single.fill(0, 0, (this.binning.sizes[column] as number) * STRIDE);
    else
      for (let word = 0; word < WORDS; word++)
        for (let bits = occupied[word] as number; bits !== 0; bits &= bits - 1) {
          const at = (word * 32 + 31 - Math.clz32(bits & -bits)) * STRIDE;
          single[at] = 0;
          single[at + 1] = 0;
          single[at + 2] = 0;
        }
    return varies;
  }

  /** The same where the histograms are there. */
  private lookReady(column: number, histograms: Float64Array, rows: number, words: Words): boolean {
    const { ranked } = this;
    const offset = this.offsets[column] as number;
    const size = this.binning.sizes[column] as number;
    let count = 0;
    for (let code = 0; code < size; code++)
      if ((histograms[offset + code * STRIDE + 2] as number) > 0) ranked[count++] = code;
    if (count < 2) return false;
    this.consider(column, count, histograms, offset, rows, words);
    return true;
  }

  /** @param count codes that occur, rising in `ranked` */
  private consider(
    column: number,
    count: number,
    sums: Float64Array,
    offset: number,
    rows: number,
    words: Words,
  ): void {
    const missing = this.binning.missing[column] as number;
    let known = count;
    let lacking = -1;
    if (this.isCategory[column] === 1) this.rankByMean(count, sums, offset);
    else if (missing >= 0 && this.ranked[count - 1] === missing) {
      // The code without a value is the last one: numbers stand by size, and it on one side of all splits.
      lacking = missing;
      known--;
    }
    if (this.extra) this.tryOne(column, known, lacking, sums, offset, rows, words);
    else {
      this.tryAll(column, known, lacking, false, sums, offset, rows);
      if (lacking >= 0) this.tryAll(column, known, lacking, true, sums, offset, rows);
    }
  }

  /** Categories by the mean of their rows: the best of all two-sided partitions is one of neighbours here. */
  private rankByMean(count: number, sums: Float64Array, offset: number): void {
    const { ranked } = this;
    for (let i = 1; i < count; i++) {
      const code = ranked[i] as number;
      const mean = meanOf(sums, offset + code * STRIDE);
      let at = i;
      for (; at > 0; at--) {
        const before = ranked[at - 1] as number;
        if (meanOf(sums, offset + before * STRIDE) <= mean) break;
        ranked[at] = before;
      }
      ranked[at] = code;
    }
  }

  /** Every place between two ranked codes; rows without a value stand on one side throughout. */
  private tryAll(
    column: number,
    count: number,
    lacking: number,
    lackingLeft: boolean,
    sums: Float64Array,
    offset: number,
    all: number,
  ): void {
    const { ranked, minLeaf, weightOfNode, momentOfNode } = this;
    const lackingAt = offset + lacking * STRIDE;
    let moment = lackingLeft ? (sums[lackingAt] as number) : 0;
    let weight = lackingLeft ? (sums[lackingAt + 1] as number) : 0;
    let rows = lackingLeft ? (sums[lackingAt + 2] as number) : 0;
    const parent = (momentOfNode * momentOfNode) / weightOfNode;
    // Those without a value against all others is a split too: the last place, when they stand on the right.
    const last = lacking >= 0 && !lackingLeft ? count : count - 1;
    let [place, gain] = [-1, this.bestGain];
    for (let i = 0; i < last; i++) {
      const at = offset + (ranked[i] as number) * STRIDE;
      moment += sums[at] as number;
      weight += sums[at + 1] as number;
      rows += sums[at + 2] as number;
      if (rows < minLeaf) continue;
      if (all - rows < minLeaf) break;
      const rest = momentOfNode - moment;
      const others = weightOfNode - weight;
      // m^2 / w + r^2 / v in one division: they are most of what a small node costs.
      const now = (moment * moment * others + rest * rest * weight) / (weight * others) - parent;
      if (now > gain) {
        place = i;
        gain = now;
      }
    }
    if (place >= 0) this.keep(column, place, gain, lackingLeft ? lacking : -1);
  }

  /** One place, drawn. */
  private tryOne(
    column: number,
    count: number,
    lacking: number,
    sums: Float64Array,
    offset: number,
    all: number,
    words: Words,
  ): void {
    const places = lacking >= 0 ? count : count - 1;
    if (places < 1) return;
    const place = below(words, places);
    const lackingLeft = lacking >= 0 && place < count - 1 && below(words, 2) === 1;
    let [moment, weight, rows] = [0, 0, 0];
    const add = (code: number): void => {
      const at = offset + code * STRIDE;
      moment += sums[at] as number;
      weight += sums[at + 1] as number;
      rows += sums[at + 2] as number;
    };
    if (lackingLeft) add(lacking);
    for (let i = 0; i <= place; i++) add(this.ranked[i] as number);
    if (rows < this.minLeaf || all - rows < this.minLeaf) return;
    const rest = this.momentOfNode - moment;
    const parent = (this.momentOfNode * this.momentOfNode) / this.weightOfNode;
    const gain = (moment * moment) / weight + (rest * rest) / (this.weightOfNode - weight) - parent;
    if (gain > this.bestGain) this.keep(column, place, gain, lackingLeft ? lacking : -1);
  }

  private keep(column: number, place: number, gain: number, lacking: number): void {
    this.bestColumn = column;
    this.bestGain = gain;
    this.bestLacking = lacking;
    if (this.isCategory[column] === 0) this.bestPlace = this.ranked[place] as number;
    else {
      this.bestPlace = place + 1;
      for (let i = 0; i <= place; i++) this.bestRanked[i] = this.ranked[i] as number;
    }
  }

  /** The best split as a set of codes. */
  private mark(): void {
    const { bestLeft, bestPlace } = this;
    bestLeft.fill(0);
    if (this.isCategory[this.bestColumn] === 1) {
      for (let i = 0; i < bestPlace; i++) put(bestLeft, this.bestRanked[i] as number);
      return;
    }
    // All codes up to that one, those too that no row here has: the threshold is a place, not a list.
    for (let code = 0; code <= bestPlace; code++) put(bestLeft, code);
    if (this.bestLacking >= 0) put(bestLeft, this.bestLacking);
  }
}

const NEITHER = [-1, -1] as const;

const meanOf = (sums: Float64Array, at: number): number => (sums[at] as number) / (sums[at + 1] as number);

function put(set: Uint32Array, code: number): void {
  set[code >> 5] = (set[code >> 5] as number) | (1 << (code & 31));
}

function grown<T extends Int16Array | Int32Array | Float64Array | Uint32Array>(old: T, made: T): T {
  made.set(old);
  return made;
}
