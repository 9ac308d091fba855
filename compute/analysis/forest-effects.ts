import { type Forest, predictRow } from "@/math/forest";
import { countBelow } from "@/math/forest/binning";
import { openSobol } from "@/math/sobol";

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

const SAMPLES = 1_024;

export const pairIndex = (a: number, b: number, columns: number): number =>
  a < b ? a * columns - (a * (a + 1)) / 2 + b - a - 1 : pairIndex(b, a, columns);

/**
 * @param masses by the codes of this forest
 * @param groupSize trees that are a forest each, say bags; all of them when absent
 * @param points `drawPoints` of these masses, where somebody has drawn them
 */
export function effectsOf(
  forest: Forest,
  masses: Masses,
  {
    pairs = false,
    groupSize = forest.starts.length - 1,
    points = drawPoints(masses),
  }: { pairs?: boolean; groupSize?: number; points?: Uint8Array } = {},
): Effects[] {
  const trees = forest.starts.length - 1;
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

// ------------------------------------------------------------------ sums over leaves

/**
 * Walks trees and gathers what their leaves add to each column's, and each pair's, difference arrays. The box at the present node
 * lets through, of a column of numbers, the codes [low, high) and perhaps the one without a value; of a category a set of codes.
 */
class Sums {
  private mean = 0;
  /** sum of value x volume / mass_j over leaves that ask about column j, as differences along the codes ... */
  private readonly differences: readonly Float64Array[];
  /** ... and sum of value x volume of those, which is what column j must not count twice. */
  private readonly touched: Float64Array;
  private readonly pairs: (Float64Array | undefined)[];

  private readonly low: Int32Array;
  private readonly high: Int32Array;
  private readonly lacks: Uint8Array;
  /** Eight words a column, of categories. */
  private readonly open: Uint32Array;
  /** How probable that is, and how often the column was asked. */
  private readonly mass: Float64Array;
  private readonly asked: Int32Array;
  private readonly path: Int32Array;
  private length = 0;

  /** Masses of the codes below each. */
  private readonly below: readonly Float64Array[];
  private readonly missing: Int32Array;
  private readonly isCategory: Uint8Array;
  /** Of the leaf at hand: stretches of open codes, from and to, column after column of the path. */
  private readonly stretches: Int32Array;
  private readonly ends: Int32Array;

  constructor(
    private readonly forest: Forest,
    private readonly masses: Masses,
    private readonly wantsPairs: boolean,
  ) {
    const columns = masses.length;
    this.differences = masses.map((mass) => new Float64Array(mass.length + 1));
    this.touched = new Float64Array(columns);
    this.pairs = new Array(wantsPairs ? (columns * (columns - 1)) / 2 : 0);
    this.missing = Int32Array.from(forest.binning.missing);
    this.isCategory = Uint8Array.from(forest.columns, ({ kind }) => (kind === "category" ? 1 : 0));
    this.below = masses.map((mass) => {
      const sums = new Float64Array(mass.length + 1);
      for (let code = 0; code < mass.length; code++)
        sums[code + 1] = (sums[code] as number) + (mass[code] as number);
      return sums;
    });
    this.low = new Int32Array(columns);
    this.high = Int32Array.from(
      masses,
      ({ length }, at) => length - (forest.binning.missing[at] === -1 ? 0 : 1),
    );
    this.lacks = Uint8Array.from(forest.binning.missing, (code) => (code === -1 ? 0 : 1));
    this.open = new Uint32Array(columns * 8).fill(0xffffffff);
    this.mass = new Float64Array(columns).fill(1);
    this.asked = new Int32Array(columns);
    this.path = new Int32Array(columns);
    this.stretches = new Int32Array(2 * masses.reduce((sum, { length }) => sum + length, 0));
    this.ends = new Int32Array(columns + 1);
  }

  add(tree: number): void {
    const start = this.forest.starts[tree] as number;
    this.walk(start, start, 1);
  }

  /** f_0, and f_j by code, of the mean over so many trees. */
  main(trees: number): { mean: number; effects: Float64Array[] } {
    const effects = this.differences.map((differences, column) => {
      const effect = new Float64Array(differences.length - 1);
      let sum = 0;
      for (let code = 0; code < effect.length; code++) {
        sum += differences[code] as number;
        effect[code] = (sum - (this.touched[column] as number)) / trees;
      }
      return effect;
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
        if (sums)
          variances[at] =
            pairVariance(sums, this.masses[a] as Float64Array, this.masses[b] as Float64Array) / trees ** 2;
      }
    return variances;
  }

  private walk(start: number, node: number, volume: number): void {
    const asked = this.forest.column[node] as number;
    if (asked < 0) {
      this.leaf((this.forest.value[node] as number) * volume);
      return;
    }
    if (this.asked[asked] === 0) this.path[this.length++] = asked;
    this.asked[asked] = (this.asked[asked] as number) + 1;
    const child = start + (this.forest.child[node] as number);
    if (this.isCategory[asked] === 1) this.askCategory(start, node, asked, child, volume);
    else this.askNumber(start, node, asked, child, volume);
    this.asked[asked] = (this.asked[asked] as number) - 1;
    if (this.asked[asked] === 0) this.length--;
  }

  /** Walks into both sides; one that no point of the space reaches adds nothing. */
  private askNumber(start: number, node: number, asked: number, child: number, volume: number): void {
    const below = this.below[asked] as Float64Array;
    const missing = this.missing[asked] as number;
    const [low, high] = [this.low[asked] as number, this.high[asked] as number];
    const [lacks, mass] = [this.lacks[asked] as number, this.mass[asked] as number];
    const end = this.endOfLeft(node, missing);
    const lacksLeft = lacks === 1 && has(this.forest.left, node * 8, missing) ? 1 : 0;
    const lacking = lacks === 1 ? (below[missing + 1] as number) - (below[missing] as number) : 0;

    const cut = Math.min(high, Math.max(low, end));
    const left = (below[cut] as number) - (below[low] as number) + (lacksLeft === 1 ? lacking : 0);
    if (left > 0) {
      this.high[asked] = cut;
      this.lacks[asked] = lacksLeft;
      this.mass[asked] = left;
      this.walk(start, child, (volume / mass) * left);
    }
    const right = (below[high] as number) - (below[cut] as number) + (lacksLeft === 1 ? 0 : lacking);
    if (right > 0) {
      this.low[asked] = cut;
      this.high[asked] = high;
      this.lacks[asked] = lacks - lacksLeft;
      this.mass[asked] = right;
      this.walk(start, child + 1, (volume / mass) * right);
    }
    this.low[asked] = low;
    this.high[asked] = high;
    this.lacks[asked] = lacks;
    this.mass[asked] = mass;
  }

  /** One more than the last code of a number that goes left. */
  private endOfLeft(node: number, missing: number): number {
    const { left } = this.forest;
    for (let word = 7; word >= 0; word--) {
      let bits = left[node * 8 + word] as number;
      if (missing >> 5 === word) bits &= ~(1 << (missing & 31));
      if (bits !== 0) return word * 32 + 32 - Math.clz32(bits);
    }
    return 0;
  }

  private askCategory(start: number, node: number, asked: number, child: number, volume: number): void {
    const { open } = this;
    const base = asked * 8;
    const before = open.slice(base, base + 8);
    const mass = this.mass[asked] as number;
    for (let side = 0; side < 2; side++) {
      for (let word = 0; word < 8; word++) {
        const left = this.forest.left[node * 8 + word] as number;
        open[base + word] = (before[word] as number) & (side === 0 ? left : ~left);
      }
      const kept = this.massOfSet(asked);
      if (kept > 0) {
        this.mass[asked] = kept;
        this.walk(start, child + side, (volume / mass) * kept);
      }
    }
    this.mass[asked] = mass;
    open.set(before, base);
  }

  private massOfSet(column: number): number {
    const masses = this.masses[column] as Float64Array;
    let sum = 0;
    for (let code = 0; code < masses.length; code++)
      if (has(this.open, column * 8, code)) sum += masses[code] as number;
    return sum;
  }

  private leaf(weight: number): void {
    const { path, length, mass } = this;
    this.mean += weight;
    let end = 0;
    for (let i = 0; i < length; i++) {
      end = this.openStretches(path[i] as number, end);
      this.ends[i + 1] = end;
    }
    for (let i = 0; i < length; i++) {
      const column = path[i] as number;
      this.touched[column] = (this.touched[column] as number) + weight;
      this.addMain(i, this.differences[column] as Float64Array, weight / (mass[column] as number));
      if (!this.wantsPairs) continue;
      for (let j = 0; j < i; j++) {
        const other = path[j] as number;
        const share = weight / ((mass[column] as number) * (mass[other] as number));
        if (column < other) this.addPair(column, other, i, j, share);
        else this.addPair(other, column, j, i, share);
      }
    }
  }

  /** Writes what the box lets through in this column. @returns where the next column's begin */
  private openStretches(column: number, at: number): number {
    const { stretches } = this;
    let end = at;
    if (this.isCategory[column] === 1) {
      const size = (this.masses[column] as Float64Array).length;
      for (let code = 0; code < size; code++) {
        if (!has(this.open, column * 8, code)) continue;
        stretches[end++] = code;
        while (code < size && has(this.open, column * 8, code)) code++;
        stretches[end++] = code;
      }
      return end;
    }
    const [low, high] = [this.low[column] as number, this.high[column] as number];
    if (high > low) {
      stretches[end++] = low;
      stretches[end++] = high;
    }
    if (this.lacks[column] === 1) {
      stretches[end++] = this.missing[column] as number;
      stretches[end++] = (this.missing[column] as number) + 1;
    }
    return end;
  }

  private addMain(place: number, differences: Float64Array, share: number): void {
    const { stretches, ends } = this;
    for (let i = ends[place] as number; i < (ends[place + 1] as number); i += 2) {
      const [from, to] = [stretches[i] as number, stretches[i + 1] as number];
      differences[from] = (differences[from] as number) + share;
      differences[to] = (differences[to] as number) - share;
    }
  }

  private addPair(a: number, b: number, placeA: number, placeB: number, share: number): void {
    const { stretches, ends } = this;
    const sums = this.pairOf(a, b);
    const width = (this.masses[b] as Float64Array).length + 1;
    for (let i = ends[placeA] as number; i < (ends[placeA + 1] as number); i += 2) {
      const [from, to] = [(stretches[i] as number) * width, (stretches[i + 1] as number) * width];
      for (let j = ends[placeB] as number; j < (ends[placeB + 1] as number); j += 2) {
        const [first, last] = [stretches[j] as number, stretches[j + 1] as number];
        sums[from + first] = (sums[from + first] as number) + share;
        sums[from + last] = (sums[from + last] as number) - share;
        sums[to + first] = (sums[to + first] as number) - share;
        sums[to + last] = (sums[to + last] as number) + share;
      }
    }
  }

  private pairOf(a: number, b: number): Float64Array {
    const at = pairIndex(a, b, this.masses.length);
    const known = this.pairs[at];
    if (known) return known;
    const [sizeA, sizeB] = [(this.masses[a] as Float64Array).length, (this.masses[b] as Float64Array).length];
    const made = new Float64Array((sizeA + 1) * (sizeB + 1));
    this.pairs[at] = made;
    return made;
  }
}

/**
 * Of g, the sum v w 1_a 1_b / (m_a m_b) over leaves that ask about both columns: Var (g - g_a - g_b + g_0) with its means over one
 * column and both, which is E g^2 - E g_a^2 - E g_b^2 + g_0^2. Leaves that ask about one of them, or none, add nothing to what both
 * do together.
 */
function pairVariance(differences: Float64Array, massesA: Float64Array, massesB: Float64Array): number {
  const [sizeA, sizeB] = [massesA.length, massesB.length];
  const columnSums = new Float64Array(sizeB);
  const ofB = new Float64Array(sizeB);
  let [square, squareA, mean] = [0, 0, 0];
  for (let i = 0; i < sizeA; i++) {
    const row = i * (sizeB + 1);
    const massA = massesA[i] as number;
    let [sum, ofA, own] = [0, 0, 0];
    for (let j = 0; j < sizeB; j++) {
      const column = (columnSums[j] as number) + (differences[row + j] as number);
      columnSums[j] = column;
      sum += column;
      const part = (massesB[j] as number) * sum;
      ofA += part;
      own += part * sum;
      ofB[j] = (ofB[j] as number) + massA * sum;
    }
    square += massA * own;
    squareA += massA * ofA * ofA;
    mean += massA * ofA;
  }
  let squareB = 0;
  for (let j = 0; j < sizeB; j++) squareB += (massesB[j] as number) * (ofB[j] as number) ** 2;
  return Math.max(0, square - squareA - squareB + mean * mean);
}

const has = (set: Uint32Array, at: number, code: number): boolean =>
  (((set[at + (code >> 5)] as number) >>> (code & 31)) & 1) === 1;

// ------------------------------------------------------------------ the whole forest's spread

/** Points of the space as codes, column after column: scrambled Sobol points, under which a variance is steady to a per cent. */
export function drawPoints(masses: Masses): Uint8Array {
  const codes = new Uint8Array(masses.length * SAMPLES);
  const sobol = openSobol(masses.length, "importance", ["spread"]);
  const units = new Float64Array(masses.length);
  const ends = masses.map((mass) => {
    let sum = 0;
    return mass.map((own) => {
      sum += own;
      return sum;
    });
  });
  for (let i = 0; i < SAMPLES; i++) {
    sobol.at(i, units);
    for (let column = 0; column < masses.length; column++) {
      const own = ends[column] as Float64Array;
      // The sum of all may fall short of 1 by rounding.
      codes[column * SAMPLES + i] = Math.min(countBelow(own, units[column] as number), own.length - 1);
    }
  }
  return codes;
}

/** Variance over these points of the mean of trees [from, to). */
function spreadOf(forest: Forest, codes: Uint8Array, from: number, to: number): number {
  const means = new Float64Array(SAMPLES);
  for (let tree = from; tree < to; tree++)
    for (let i = 0; i < SAMPLES; i++)
      means[i] = (means[i] as number) + predictRow(forest, tree, codes, i, SAMPLES) / (to - from);
  return varianceOf(means);
}

function meanSquare(effect: Float64Array, mass: Float64Array): number {
  let sum = 0;
  for (let code = 0; code < effect.length; code++)
    sum += (mass[code] as number) * (effect[code] as number) * (effect[code] as number);
  return sum;
}

export function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
