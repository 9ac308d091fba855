import type { Forest, Table } from "@/math/forest";
import { below, shuffleFirst, type Words } from "@/math/forest/words";
import { varianceOf } from "./forest-effects";

/** Gains of the splits on each column as a share of all gains, tree by tree: 0 everywhere where no tree has a split. */
export function impurityShares(forest: Forest): Float64Array {
  const { starts, column, value } = forest;
  const shares = new Float64Array(forest.columns.length);
  const own = new Float64Array(shares.length);
  let trees = 0;
  for (let tree = 0; tree + 1 < starts.length; tree++) {
    own.fill(0);
    let all = 0;
    for (let node = starts[tree] as number; node < (starts[tree + 1] as number); node++) {
      const asked = column[node] as number;
      if (asked < 0) continue;
      own[asked] = (own[asked] as number) + (value[node] as number);
      all += value[node] as number;
    }
    if (all === 0) continue;
    trees++;
    for (let at = 0; at < own.length; at++) shares[at] = (shares[at] as number) + (own[at] as number) / all;
  }
  return trees === 0 ? shares : shares.map((share) => share / trees);
}

/** Rows that a tree has not seen and whose values are shuffled: more only make the same number steadier. */
const SHUFFLED_ROWS = 256;

/**
 * How much each tree's error on rows it has not seen grows when a column's values are shuffled among them, mean over the trees,
 * as a share of the target's variance (Breiman 2001). The rows stand in random order, so each takes the value of the one so
 * many places on; only columns that a row was asked about can change what is foretold.
 */
export function permutationShares(forest: Forest, { target }: Table, words: Words): Float64Array {
  const { rows, columns, binning, drawn } = forest;
  const trees = forest.starts.length - 1;
  const rises = new Float64Array(columns.length);
  const unseen = new Int32Array(rows);
  const places = new Int32Array(columns.length);
  const path = new Int32Array(columns.length);
  const asked = new Int32Array(columns.length).fill(-1);
  let counted = 0;
  let stamp = 0;
  for (let tree = 0; tree < trees; tree++) {
    let count = 0;
    for (let row = 0; row < rows; row++) if (drawn[tree * rows + row] === 0) unseen[count++] = row;
    const taken = Math.min(count, SHUFFLED_ROWS);
    if (taken < 2) continue;
    counted++;
    shuffleFirst(unseen.subarray(0, count), taken, words);
    for (let at = 0; at < places.length; at++) places[at] = 1 + below(words, taken - 1);
    for (let i = 0; i < taken; i++) {
      const row = unseen[i] as number;
      const length = pathOf(forest, tree, row, path, asked, stamp++);
      const error = ((target[row] as number) - foretell(forest, tree, row, -1, 0)) ** 2;
      for (let k = 0; k < length; k++) {
        const column = path[k] as number;
        const partner = unseen[(i + (places[column] as number)) % taken] as number;
        const code = binning.codes[column * rows + partner] as number;
        if (code === binning.codes[column * rows + row]) continue;
        const rise = ((target[row] as number) - foretell(forest, tree, row, column, code)) ** 2 - error;
        rises[column] = (rises[column] as number) + rise / taken;
      }
    }
  }
  const spread = varianceOf(target);
  return rises.map((rise) => (counted > 0 && spread > 0 ? rise / counted / spread : 0));
}

/** What a tree says of a row, were its code in one column another. */
function foretell(forest: Forest, tree: number, row: number, changed: number, to: number): number {
  const { starts, column, child, value, left, rows } = forest;
  const { codes } = forest.binning;
  const start = starts[tree] as number;
  let node = start;
  for (;;) {
    const asked = column[node] as number;
    if (asked < 0) return value[node] as number;
    const code = asked === changed ? to : (codes[asked * rows + row] as number);
    node =
      start + (child[node] as number) + 1 - (((left[node * 8 + (code >> 5)] as number) >>> (code & 31)) & 1);
  }
}

/** Columns that a tree asks of a row, each once. @returns how many */
function pathOf(
  forest: Forest,
  tree: number,
  row: number,
  path: Int32Array,
  stamps: Int32Array,
  stamp: number,
): number {
  const { starts, column, child, left, rows } = forest;
  const { codes } = forest.binning;
  const start = starts[tree] as number;
  let [node, length] = [start, 0];
  for (;;) {
    const asked = column[node] as number;
    if (asked < 0) return length;
    if (stamps[asked] !== stamp) {
      stamps[asked] = stamp;
      path[length++] = asked;
    }
    const code = codes[asked * rows + row] as number;
    node =
      start + (child[node] as number) + 1 - (((left[node * 8 + (code >> 5)] as number) >>> (code & 31)) & 1);
  }
}
