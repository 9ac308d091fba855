/**
 * Sobol indices of several functions at once, from their values at points A and B, and at A with the coordinates u of B, f(A_B^u):
 *
 *     closed index of u      S_u  = E (f(B) - f_0) (f(A_B^u) - f(A)) / V       (Saltelli et al. 2010, centred as Sobol and Myshetskaya 2008)
 *                       or   S_u  = r(f(B), f(A_B^u)), with one mean and one variance of both  (Janon et al. 2014)
 *     total index of one     S_Ti = E (f(A) - f(A_B^i))^2 / 2 V                (Jansen 1999)
 *
 * The first is 0 without error where f does not depend on u, the second 1 where it depends on nothing else: they are mixed in
 * the proportion of what the first says. V is the variance over all A and B.
 */
export class Indices {
  private points = 0;
  private readonly sum: Float64Array;
  private readonly square: Float64Array;
  private readonly sumOfB: Float64Array;
  private readonly squareOfB: Float64Array;
  private readonly productOfBoth: Float64Array;
  private readonly singles: readonly Sums[];
  private readonly together = new Map<number, Sums>();

  constructor(
    private readonly dimensions: number,
    private readonly functions: number,
  ) {
    this.sum = new Float64Array(functions);
    this.square = new Float64Array(functions);
    this.sumOfB = new Float64Array(functions);
    this.squareOfB = new Float64Array(functions);
    this.productOfBoth = new Float64Array(functions);
    this.singles = Array.from({ length: dimensions }, () => openSums(functions));
  }

  addPoint(ofA: Float64Array, ofB: Float64Array): void {
    this.points++;
    for (let s = 0; s < this.functions; s++) {
      const [a, b] = [ofA[s] as number, ofB[s] as number];
      this.sum[s] = (this.sum[s] as number) + a + b;
      this.square[s] = (this.square[s] as number) + a * a + b * b;
      this.sumOfB[s] = (this.sumOfB[s] as number) + b;
      this.squareOfB[s] = (this.squareOfB[s] as number) + b * b;
      this.productOfBoth[s] = (this.productOfBoth[s] as number) + a * b;
    }
  }

  addSingle(d: number, ofA: Float64Array, ofB: Float64Array, ofBoth: Float64Array): void {
    add(this.singles[d] as Sums, ofA, ofB, ofBoth);
  }

  addPair(d: number, other: number, ofA: Float64Array, ofB: Float64Array, ofBoth: Float64Array): void {
    const key = d * this.dimensions + other;
    let sums = this.together.get(key);
    if (!sums) {
      sums = openSums(this.functions);
      this.together.set(key, sums);
    }
    add(sums, ofA, ofB, ofBoth);
  }

  /** Of each function. */
  first = (d: number): Float64Array => this.closed(this.singles[d] as Sums);

  total(d: number): Float64Array {
    const { change } = this.singles[d] as Sums;
    return change.map((sum, s) => this.share(sum / 2 / this.points, s));
  }

  /** What two dimensions do together beyond the sum of both. */
  pairs(): { d: number; other: number; shares: Float64Array }[] {
    return [...this.together].map(([key, sums]) => {
      const [d, other] = [Math.floor(key / this.dimensions), key % this.dimensions];
      const [first, second] = [this.first(d), this.first(other)];
      const shares = this.closed(sums).map(
        (share, s) => share - (first[s] as number) - (second[s] as number),
      );
      return { d, other, shares };
    });
  }

  /** The dimensions whose total is most above what they do alone, by the first function. */
  mostTogether(count: number): number[] {
    const beyond = this.singles.map((_, d) => (this.total(d)[0] as number) - (this.first(d)[0] as number));
    return [...beyond.keys()].sort((a, b) => (beyond[b] as number) - (beyond[a] as number)).slice(0, count);
  }

  private closed({ product, difference, sum, square }: Sums): Float64Array {
    const { points } = this;
    return product.map((all, s) => {
      const center = (this.sum[s] as number) / (2 * points);
      const small = this.share((all - center * (difference[s] as number)) / points, s);
      const mean = ((this.sumOfB[s] as number) + (sum[s] as number)) / (2 * points);
      const spread = ((this.squareOfB[s] as number) + (square[s] as number)) / (2 * points) - mean * mean;
      const both = (all + (this.productOfBoth[s] as number)) / points - mean * mean;
      const large = spread > 0 ? both / spread : 0;
      const weight = Math.min(1, Math.max(0, small));
      return weight * large + (1 - weight) * small;
    });
  }

  private share(variance: number, s: number): number {
    const mean = (this.sum[s] as number) / (2 * this.points);
    const all = (this.square[s] as number) / (2 * this.points) - mean * mean;
    return all > 0 ? variance / all : 0;
  }
}

/** Sums over points, of each function. */
interface Sums {
  /** f(B) (f(A_B) - f(A)) */
  readonly product: Float64Array;
  /** f(A_B) - f(A) */
  readonly difference: Float64Array;
  /** its square */
  readonly change: Float64Array;
  /** f(A_B) and its square */
  readonly sum: Float64Array;
  readonly square: Float64Array;
}

const openSums = (functions: number): Sums => ({
  product: new Float64Array(functions),
  difference: new Float64Array(functions),
  change: new Float64Array(functions),
  sum: new Float64Array(functions),
  square: new Float64Array(functions),
});

function add(
  { product, difference, change, sum, square }: Sums,
  ofA: Float64Array,
  ofB: Float64Array,
  ofBoth: Float64Array,
): void {
  for (let s = 0; s < product.length; s++) {
    const step = (ofBoth[s] as number) - (ofA[s] as number);
    product[s] = (product[s] as number) + (ofB[s] as number) * step;
    difference[s] = (difference[s] as number) + step;
    change[s] = (change[s] as number) + step * step;
    const both = ofBoth[s] as number;
    sum[s] = (sum[s] as number) + both;
    square[s] = (square[s] as number) + both * both;
  }
}
