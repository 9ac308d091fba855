import { symmetricEigen } from "@/math/eigen";
import { exp, log } from "@/math/elementary";
import { normalPpf } from "@/math/special";
import type { Dice } from "../gp/dice";
import type { Genes } from "./genes";
import { keepMargin } from "./margin";
import { openStrategy } from "./strategy";

/**
 * What runs are drawn from: a normal distribution of the numbers, probabilities of the categories.
 *
 * | symbol  | meaning                                                                             | shape |
 * | ------- | ----------------------------------------------------------------------------------- | ----- |
 * | N       | numbers                                                                             |       |
 * | m, σ    | mean; step size                                                                     | N     |
 * | C       | covariance of y; above FULL_UP_TO numbers its diagonal only (Ros and Hansen, 2008)   | N x N |
 * | a       | what margins widen of the numbers of few values: x = m + σ a y                        | N     |
 * | p_σ, p_c | paths of the step size and the covariance                                           | N     |
 * | q       | by category the probabilities of its values                                         |       |
 */
export interface Distribution {
  readonly lambda: number;
  readonly generation: number;
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly C: Float64Array;
  readonly a: Float64Array;
  readonly pSigma: Float64Array;
  readonly pC: Float64Array;
  readonly q: readonly Float64Array[];
}

/** Three of ten widths: what Hansen advises for an optimum that lies anywhere in the box. */
const FIRST_SIGMA = 0.3;
/** A full matrix of 120 numbers takes 0.2 s a generation. */
const FULL_UP_TO = 120;
export const isFull = (N: number): boolean => N <= FULL_UP_TO;

export function openDistribution(
  { numbers, shares }: Genes,
  mean: Float64Array,
  lambda: number,
): Distribution {
  const N = numbers.length;
  const C = new Float64Array(N * N);
  for (let i = 0; i < N; i++) C[i * N + i] = 1;
  const zeros = new Float64Array(N);
  const a = new Float64Array(N).fill(1);
  return { lambda, generation: 0, mean, sigma: FIRST_SIGMA, C, a, pSigma: zeros, pC: zeros, q: shares };
}

/** A distribution with its square root, ready for draws: C = Bᵀ diag(r²) B, the rows of B being unit vectors. */
export interface Sampler {
  /** Into `genome`; `wider` times as far from the mean. @returns ln of the density of the numbers below that at the mean */
  draw(dice: Dice, genome: Float64Array, wider: number): number;
  /** C^(-1/2) y */
  whiten(y: Float64Array): Float64Array;
  /** Largest over smallest root. */
  readonly condition: number;
}

export function openSampler(genes: Genes, { mean, sigma, C, a, q }: Distribution): Sampler {
  const { numbers, categories } = genes;
  const N = numbers.length;
  const full = isFull(N) ? symmetricEigen(C, N) : null;
  const roots = Float64Array.from({ length: N }, (_, i) =>
    Math.sqrt(Math.max(full ? (full.values[i] as number) : (C[i * N + i] as number), LEAST_VARIANCE)),
  );
  /** Bᵀ (scale B z), or without B. */
  const through = (z: Float64Array, scale: (i: number) => number, whole: boolean): Float64Array => {
    if (full === null) return z.map((each, i) => scale(i) * each);
    const out = new Float64Array(N);
    for (let i = 0; i < N; i++) {
      const row = full.vectors.subarray(i * N, (i + 1) * N);
      let along = whole ? 0 : (z[i] as number);
      if (whole) for (let j = 0; j < N; j++) along += (row[j] as number) * (z[j] as number);
      along *= scale(i);
      for (let j = 0; j < N; j++) out[j] = (out[j] as number) + along * (row[j] as number);
    }
    return out;
  };
  return {
    condition: N > 0 ? Math.max(...roots) / Math.min(...roots) : 1,
    whiten: (y) => through(y, (i) => 1 / (roots[i] as number), true),
    draw(dice, genome, wider) {
      let z = new Float64Array(N);
      for (let attempt = 0; attempt < INSIDE_TRIES; attempt++) {
        z = z.map(() => normalPpf(dice.unit()));
        const y = through(z, (i) => roots[i] as number, false);
        let isInside = true;
        for (let i = 0; i < N; i++) {
          const place = (mean[i] as number) + wider * sigma * (a[i] as number) * (y[i] as number);
          genome[numbers[i] as number] = genes.isRange(i) ? mirror(place) : place;
          if (genes.isRange(i) && (place < 0 || place > 1)) isInside = false;
        }
        if (isInside) break;
      }
      for (const [c, d] of categories.entries()) genome[d] = pick(q[c] as Float64Array, dice.unit());
      return -0.5 * wider * wider * z.reduce((sum, each) => sum + each * each, 0);
    },
  };
}

const LEAST_VARIANCE = 1e-300;
/** Near a corner of the box most draws lie outside; after so many the last is mirrored at the walls. */
const INSIDE_TRIES = 20;

function mirror(place: number): number {
  const turn = place - 2 * Math.floor(place / 2);
  return turn > 1 ? 2 - turn : turn;
}

function pick(shares: Float64Array, unit: number): number {
  let rest = unit;
  for (let k = 0; k < shares.length - 1; k++) {
    if (rest < (shares[k] as number)) return k;
    rest -= shares[k] as number;
  }
  return Math.max(0, shares.length - 1);
}

/**
 * The next distribution, from a generation in the order of its ranks. Genomes may have been drawn from an earlier distribution, or
 * from none: what lies farther out than a draw of this one would is brought nearer (Hansen, "Injecting external solutions into
 * CMA-ES", 2011), so that one such genome does not tear the step size open.
 */
export function update(
  genes: Genes,
  now: Distribution,
  sampler: Sampler,
  ranked: readonly Float64Array[],
): Distribution {
  const q = updateShares(genes, now, ranked);
  const N = genes.numbers.length;
  const generation = now.generation + 1;
  if (N === 0) return { ...now, generation, q };
  const { weights, muEff, cSigma, dSigma, cC, c1, cMu, chi } = openStrategy(N, ranked.length);
  const { mean, sigma, a, C } = now;
  const longest = Math.sqrt(N) + (2 * N) / (N + 2);
  const steps = ranked.map((genome) => {
    const y = mean.map(
      (at, i) => ((genome[genes.numbers[i] as number] as number) - at) / (sigma * (a[i] as number)),
    );
    const length = norm(sampler.whiten(y));
    const shorter = length > longest ? longest / length : 1;
    return { y: y.map((each) => shorter * each), length: shorter * length };
  });
  const together = (of: (i: number) => number): Float64Array => {
    const sum = new Float64Array(N);
    for (const [i, { y }] of steps.entries())
      for (let j = 0; j < N; j++) sum[j] = (sum[j] as number) + of(i) * (y[j] as number);
    return sum;
  };
  const moved = together((i) => Math.max(0, weights[i] as number));
  const newMean = mean.map((at, i) => at + sigma * (a[i] as number) * (moved[i] as number));
  const white = sampler.whiten(moved);
  const pull = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const pSigma = now.pSigma.map((at, i) => (1 - cSigma) * at + pull * (white[i] as number));
  const length = norm(pSigma);
  // where the path is long the step size is still to grow, and the covariance waits
  const settled = Math.sqrt(1 - exp(2 * generation * log(1 - cSigma)));
  const h = length / settled < (1.4 + 2 / (N + 1)) * chi ? 1 : 0;
  const stretch = h * Math.sqrt(cC * (2 - cC) * muEff);
  const pC = now.pC.map((at, i) => (1 - cC) * at + stretch * (moved[i] as number));
  const ofRank = weights.map((w, i) =>
    w >= 0 ? w : (w * N) / Math.max(1e-12, (steps[i]?.length as number) * (steps[i]?.length as number)),
  );
  const kept = 1 + c1 * (1 - h) * cC * (2 - cC) - c1 - cMu * weights.reduce((all, w) => all + w, 0);
  const full = isFull(N);
  const newC = new Float64Array(N * N);
  for (let i = 0; i < N; i++)
    for (let j = full ? 0 : i; j <= i; j++) {
      let sum = kept * (C[i * N + j] as number) + c1 * (pC[i] as number) * (pC[j] as number);
      for (const [k, { y }] of steps.entries())
        sum += cMu * (ofRank[k] as number) * (y[i] as number) * (y[j] as number);
      newC[i * N + j] = sum;
      newC[j * N + i] = sum;
    }
  const grown = sigma * exp(Math.min(1, (cSigma / dSigma) * (length / chi - 1)));
  return withMargins(genes, { ...now, generation, mean: newMean, sigma: grown, C: newC, pSigma, pC, q });
}

const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, each) => sum + each * each, 0));
/** In widths of the range: a distribution that is wider still is no more than noise. */
const WIDEST = 1;

function withMargins(genes: Genes, next: Distribution): Distribution {
  const N = genes.numbers.length;
  const { C, a } = next;
  const roots = Float64Array.from({ length: N }, (_, i) =>
    Math.sqrt(Math.max(C[i * N + i] as number, LEAST_VARIANCE)),
  );
  const widest = roots.reduce((most, root, i) => Math.max(most, root * (a[i] as number)), 0);
  const sigma = Math.min(next.sigma, WIDEST / widest);
  const alpha = 1 / (Math.max(2, N) * next.lambda);
  const mean = next.mean.slice();
  const widened = a.slice();
  for (let i = 0; i < N; i++) {
    if (genes.isRange(i)) {
      mean[i] = Math.min(Math.max(mean[i] as number, 0), 1);
      continue;
    }
    const spread = sigma * (a[i] as number) * (roots[i] as number);
    const kept = keepMargin(mean[i] as number, spread, genes.cellOf(i, mean[i] as number), alpha);
    mean[i] = kept.mean;
    widened[i] = ((a[i] as number) * kept.spread) / spread;
  }
  return { ...next, sigma, mean, a: widened };
}

/** Towards what the better half has, with a margin below which no value's probability falls (CatCMA, Hamano et al., 2024). */
function updateShares(
  { categories }: Genes,
  { q, lambda }: Distribution,
  ranked: readonly Float64Array[],
): Float64Array[] {
  const { weights, muEff } = openStrategy(Math.max(1, categories.length), ranked.length);
  return q.map((shares, c) => {
    const K = shares.length;
    const rate = muEff / (muEff + 2 * K + 8);
    const next = shares.map((share) => (1 - rate) * share);
    for (const [i, genome] of ranked.entries()) {
      const k = genome[categories[c] as number] as number;
      next[k] = (next[k] as number) + rate * Math.max(0, weights[i] as number);
    }
    const least = 1 / (Math.max(2, categories.length) * lambda * Math.max(1, K - 1));
    const above = next.map((share) => Math.max(0, share - least));
    const sum = above.reduce((all, each) => all + each, 0);
    const room = 1 - K * least;
    return above.map((each) => (sum > 0 && room > 0 ? least + (room * each) / sum : 1 / K));
  });
}
