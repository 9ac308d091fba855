import { type Forest, predictRow, type Table } from "@/math/forest";

/**
 * What a forest says about each column, by functional ANOVA (Hooker 2007; Hutter, Hoos, Leyton-Brown 2014): the forest's mean
 * f over a space of independent columns is split into
 *
 *     f = f_0 + sum_j f_j(x_j) + sum_jk f_jk(x_j, x_k) + ...        Var f = sum_j V_j + sum_jk V_jk + ...
 *
 * A tree is constant on boxes, so f_j and f_jk are exact sums over leaves: each adds value x volume to a stretch of codes,
 * which difference arrays take in constant time. Var f itself has no such sum for a mean of trees; it is estimated from
 * `SAMPLES` points of the space.
 */
export interface Effects {
  /** f_0. */
  readonly mean: number;
  /** Var f. */
  readonly variance: number;
  /** V_j / Var f. */
  readonly shares: Float64Array;
  /** f_0 + f_j by code of column j. */
  readonly marginals: readonly Float64Array[];
  /** V_jk / Var f, by `pairIndex`; empty where nobody asked. */
  readonly pairShares: Float64Array;
}

/** Of the space: how probable each code of a column is; each column's sum to 1. */
export type Masses = readonly Float64Array[];

const SAMPLES = 2_048;

export const pairIndex = (a: number, b: number, columns: number): number =>
  a < b ? a * columns - (a * (a + 1)) / 2 + b - a - 1 : pairIndex(b, a, columns);

/**
 * @param masses by the codes of this forest
 * @param groups trees [from, to) that are a forest each, say bags; all of them when absent
 */
export function effectsOf(
  forest: Forest,
  masses: Masses,
  draw: () => number,
  { pairs = false, groupSize = forest.starts.length - 1 }: { pairs?: boolean; groupSize?: number } = {},
): Effects[] {
  const trees = forest.starts.length - 1;
  const points = drawPoints(masses, draw);
  const groups: Effects[] = [];
  for (let from = 0; from < trees; from += groupSize) {
    const to = Math.min(trees, from + groupSize);
    const sums = new Sums(forest, masses, pairs);
    for (let tree = from; tree < to; tree++) sums.add(tree);
    const { mean, effects } = sums.main(to - from);
    const variance = spreadOf(forest, points, from, to);
    const toShare = (part: number) => (variance > 0 ? Math.min(1, part / variance) : 0);
    groups.push({
      mean,
      variance,
      shares: Float64Array.from(effects, (effect, at) => toShare(meanSquare(effect, masses[at] ?? effect))),
      marginals: effects.map((effect) => effect.map((value) => value + mean)),
      pairShares: sums.pairVariances(to - from).map(toShare),
    });
  }
  return groups;
}

/** Gains of the splits on each column as a share of all gains, tree by tree: 0 everywhere where no tree has a split. */
export function impurityShares(forest: Forest): Float64Array {
  const shares = new Float64Array(forest.columns.length);
  let trees = 0;
  for (let tree = 0; tree + 1 < forest.starts.length; tree++) {
    const own = new Float64Array(shares.length);
    let all = 0;
    for (let node = forest.starts[tree] ?? 0; node < (forest.starts[tree + 1] ?? 0); node++) {
      const column = forest.column[node] ?? -1;
      if (column < 0) continue;
      own[column] = (own[column] ?? 0) + (forest.value[node] ?? 0);
      all += forest.value[node] ?? 0;
    }
    if (all === 0) continue;
    trees++;
    for (const [column, gain] of own.entries()) shares[column] = (shares[column] ?? 0) + gain / all;
  }
  return trees === 0 ? shares : shares.map((share) => share / trees);
}

/** Rows that a tree has not seen and whose values are shuffled: more only make the same number steadier. */
const SHUFFLED_ROWS = 512;

/**
 * How much each tree's error on rows it has not seen grows when a column's values are shuffled among them, mean over the trees,
 * as a share of the target's variance (Breiman 2001).
 */
export function permutationShares(forest: Forest, { target }: Table, draw: () => number): Float64Array {
  const { rows, columns, binning } = forest;
  const trees = forest.starts.length - 1;
  const rises = new Float64Array(columns.length);
  const codes = binning.codes.slice();
  let counted = 0;
  for (let tree = 0; tree < trees; tree++) {
    const unseen: number[] = [];
    for (let row = 0; row < rows; row++) if (forest.drawn[tree * rows + row] === 0) unseen.push(row);
    shuffle(unseen, draw);
    unseen.length = Math.min(unseen.length, SHUFFLED_ROWS);
    if (unseen.length < 2) continue;
    counted++;
    const used = columnsOf(forest, tree);
    const errors = unseen.map(
      (row) => ((target[row] ?? 0) - predictRow(forest, tree, codes, row, rows)) ** 2,
    );
    for (const column of used) {
      const base = column * rows;
      const partners = unseen.slice();
      shuffle(partners, draw);
      let rise = 0;
      for (const [i, row] of unseen.entries()) {
        const own = codes[base + row] ?? 0;
        codes[base + row] = binning.codes[base + (partners[i] ?? row)] ?? own;
        if (codes[base + row] !== own)
          rise += ((target[row] ?? 0) - predictRow(forest, tree, codes, row, rows)) ** 2 - (errors[i] ?? 0);
        codes[base + row] = own;
      }
      rises[column] = (rises[column] ?? 0) + rise / unseen.length;
    }
  }
  const spread = varianceOf(target);
  return rises.map((rise) => (counted > 0 && spread > 0 ? rise / counted / spread : 0));
}

function columnsOf(forest: Forest, tree: number): Set<number> {
  const used = new Set<number>();
  for (let node = forest.starts[tree] ?? 0; node < (forest.starts[tree + 1] ?? 0); node++) {
    const column = forest.column[node] ?? -1;
    if (column >= 0) used.add(column);
  }
  return used;
}

// ------------------------------------------------------------------ sums over leaves

/** Stretches of codes that a box lets through in one column: [from, to, from, to, ...]. */
type Stretches = number[];

/** Walks trees and gathers what their leaves add to each column's, and each pair's, difference arrays. */
class Sums {
  private mean = 0;
  /** sum of value x volume / mass_j over leaves that ask about column j, as differences along the codes ... */
  private readonly differences: Float64Array[];
  /** ... and sum of value x volume of those, which is what column j must not count twice. */
  private readonly touched: Float64Array;
  private readonly pairs: (PairSums | undefined)[];

  /** The box at the present node: what each column lets through, how probable that is, how often it was asked. */
  private readonly open: Uint8Array[];
  private readonly mass: Float64Array;
  private readonly asked: Int32Array;
  private readonly path: number[] = [];

  constructor(
    private readonly forest: Forest,
    private readonly masses: Masses,
    private readonly wantsPairs: boolean,
  ) {
    this.differences = masses.map((mass) => new Float64Array(mass.length + 1));
    this.touched = new Float64Array(masses.length);
    this.open = masses.map((mass) => new Uint8Array(mass.length).fill(1));
    this.mass = new Float64Array(masses.length).fill(1);
    this.asked = new Int32Array(masses.length);
    this.pairs = new Array(wantsPairs ? (masses.length * (masses.length - 1)) / 2 : 0);
  }

  add(tree: number): void {
    this.walk(this.forest.starts[tree] ?? 0, this.forest.starts[tree] ?? 0, 1);
  }

  /** f_0, and f_j by code, of the mean over so many trees. */
  main(trees: number): { mean: number; effects: Float64Array[] } {
    const effects = this.differences.map((differences, column) => {
      const sums = runningSums(differences).subarray(0, -1);
      return sums.map((sum) => (sum - (this.touched[column] ?? 0)) / trees);
    });
    return { mean: this.mean / trees, effects };
  }

  /** V_jk of the mean over so many trees, of all pairs. */
  pairVariances(trees: number): Float64Array {
    const columns = this.masses.length;
    const variances = new Float64Array(this.pairs.length);
    if (this.pairs.length === 0) return variances;
    for (let a = 0; a < columns; a++)
      for (let b = a + 1; b < columns; b++) {
        const at = pairIndex(a, b, columns);
        const sums = this.pairs[at];
        if (sums) variances[at] = sums.variance(this.masses[a] ?? NONE, this.masses[b] ?? NONE) / trees ** 2;
      }
    return variances;
  }

  private walk(start: number, node: number, volume: number): void {
    const { column, child, left, value } = this.forest;
    const asked = column[node] ?? -1;
    if (asked < 0) {
      this.leaf((value[node] ?? 0) * volume);
      return;
    }
    const open = this.open[asked] ?? new Uint8Array(0);
    const masses = this.masses[asked] ?? NONE;
    const mass = this.mass[asked] ?? 1;
    if (this.asked[asked] === 0) this.path.push(asked);
    this.asked[asked] = (this.asked[asked] ?? 0) + 1;
    const next = start + (child[node] ?? 0);
    for (const side of [1, 0]) {
      const closed: number[] = [];
      let kept = 0;
      for (let code = 0; code < open.length; code++) {
        if (open[code] === 0) continue;
        if ((((left[node * 8 + (code >> 5)] ?? 0) >>> (code & 31)) & 1) === side) kept += masses[code] ?? 0;
        else closed.push(code);
      }
      for (const code of closed) open[code] = 0;
      // A side that no point of the space reaches adds nothing.
      if (kept > 0) {
        this.mass[asked] = kept;
        this.walk(start, next + 1 - side, (volume / mass) * kept);
        this.mass[asked] = mass;
      }
      for (const code of closed) open[code] = 1;
    }
    this.asked[asked] = (this.asked[asked] ?? 0) - 1;
    if (this.asked[asked] === 0) this.path.pop();
  }

  private leaf(weight: number): void {
    this.mean += weight;
    const { path } = this;
    const stretches = path.map((column) => toStretches(this.open[column] ?? new Uint8Array(0)));
    for (const [i, column] of path.entries()) {
      const differences = this.differences[column];
      if (!differences) continue;
      const share = weight / (this.mass[column] ?? 1);
      addTo(differences, stretches[i] ?? [], share);
      this.touched[column] = (this.touched[column] ?? 0) + weight;
      if (!this.wantsPairs) continue;
      for (let j = 0; j < i; j++) {
        const other = path[j] ?? 0;
        const [a, b, first, second] = column < other ? [column, other, i, j] : [other, column, j, i];
        this.pair(a, b).add(
          stretches[first] ?? [],
          stretches[second] ?? [],
          weight,
          this.mass[a] ?? 1,
          this.mass[b] ?? 1,
        );
      }
    }
  }

  private pair(a: number, b: number): PairSums {
    const at = pairIndex(a, b, this.masses.length);
    const known = this.pairs[at];
    if (known) return known;
    const made = new PairSums(this.masses[a]?.length ?? 0, this.masses[b]?.length ?? 0);
    this.pairs[at] = made;
    return made;
  }
}

/**
 * Of leaves that ask about both columns: sum v w (1_a / m_a - 1) (1_b / m_b - 1), with v the value and w the volume. Leaves that
 * ask about one of them, or none, add nothing to what both do together.
 */
class PairSums {
  private readonly both: Float64Array;
  private readonly onlyA: Float64Array;
  private readonly onlyB: Float64Array;
  private all = 0;

  constructor(
    private readonly sizeA: number,
    private readonly sizeB: number,
  ) {
    this.both = new Float64Array((sizeA + 1) * (sizeB + 1));
    this.onlyA = new Float64Array(sizeA + 1);
    this.onlyB = new Float64Array(sizeB + 1);
  }

  add(a: Stretches, b: Stretches, weight: number, massA: number, massB: number): void {
    const { both, sizeB } = this;
    const share = weight / (massA * massB);
    const put = (at: number, change: number) => {
      both[at] = (both[at] ?? 0) + change;
    };
    for (let i = 0; i < a.length; i += 2)
      for (let j = 0; j < b.length; j += 2) {
        const [fromA, toA, fromB, toB] = [a[i] ?? 0, a[i + 1] ?? 0, b[j] ?? 0, b[j + 1] ?? 0];
        put(fromA * (sizeB + 1) + fromB, share);
        put(fromA * (sizeB + 1) + toB, -share);
        put(toA * (sizeB + 1) + fromB, -share);
        put(toA * (sizeB + 1) + toB, share);
      }
    addTo(this.onlyA, a, weight / massA);
    addTo(this.onlyB, b, weight / massB);
    this.all += weight;
  }

  variance(massesA: Float64Array, massesB: Float64Array): number {
    const { sizeA, sizeB, both } = this;
    const columnSums = new Float64Array(sizeB + 1);
    const ofB = runningSums(this.onlyB);
    let [variance, a] = [0, 0];
    for (let i = 0; i < sizeA; i++) {
      a += this.onlyA[i] ?? 0;
      let sum = 0;
      let row = 0;
      for (let j = 0; j < sizeB; j++) {
        columnSums[j] = (columnSums[j] ?? 0) + (both[i * (sizeB + 1) + j] ?? 0);
        sum += columnSums[j] ?? 0;
        row += (massesB[j] ?? 0) * (sum - a - (ofB[j] ?? 0) + this.all) ** 2;
      }
      variance += (massesA[i] ?? 0) * row;
    }
    return variance;
  }
}

const NONE = new Float64Array(0);

function toStretches(open: Uint8Array): Stretches {
  const stretches: Stretches = [];
  for (let code = 0; code < open.length; code++) {
    if (open[code] === 0) continue;
    const from = code;
    while (code < open.length && open[code] !== 0) code++;
    stretches.push(from, code);
  }
  return stretches;
}

function addTo(differences: Float64Array, stretches: Stretches, share: number): void {
  for (let i = 0; i < stretches.length; i += 2) {
    const [from, to] = [stretches[i] ?? 0, stretches[i + 1] ?? 0];
    differences[from] = (differences[from] ?? 0) + share;
    differences[to] = (differences[to] ?? 0) - share;
  }
}

function runningSums(differences: Float64Array): Float64Array {
  let sum = 0;
  return differences.map((change) => {
    sum += change;
    return sum;
  });
}

// ------------------------------------------------------------------ the whole forest's spread

/** Points of the space as codes, column after column. */
function drawPoints(masses: Masses, draw: () => number): Uint8Array {
  const codes = new Uint8Array(masses.length * SAMPLES);
  for (const [column, mass] of masses.entries()) {
    // One point in each of as many equal shares, in an order of its own for each column: a Latin hypercube.
    const places = Array.from({ length: SAMPLES }, (_, i) => (i + draw()) / SAMPLES);
    shuffle(places, draw);
    const ends = runningSums(mass);
    for (const [i, place] of places.entries()) {
      let code = 0;
      while (code < mass.length - 1 && (ends[code] ?? 1) <= place) code++;
      codes[column * SAMPLES + i] = code;
    }
  }
  return codes;
}

/** Variance over these points of the mean of trees [from, to). */
function spreadOf(forest: Forest, codes: Uint8Array, from: number, to: number): number {
  const means = new Float64Array(SAMPLES);
  for (let tree = from; tree < to; tree++)
    for (let i = 0; i < SAMPLES; i++)
      means[i] = (means[i] ?? 0) + predictRow(forest, tree, codes, i, SAMPLES) / (to - from);
  return varianceOf(means);
}

function meanSquare(effect: Float64Array, mass: Float64Array): number {
  let sum = 0;
  for (const [code, value] of effect.entries()) sum += (mass[code] ?? 0) * value * value;
  return sum;
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

function shuffle(items: number[], draw: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const at = Math.floor(draw() * (i + 1));
    [items[i], items[at]] = [items[at] ?? 0, items[i] ?? 0];
  }
}
