import { normalCdf } from "@/math/special";

/** Up to here the distribution is counted out; beyond, the normal approximation errs by less than 0.001. */
const EXACT_UP_TO = 50;

/**
 * Wilcoxon's signed-rank test, one-sided: how likely are differences at least as large as these where neither side is
 * better? Ties get mean ranks. Zero differences are ranked too, half of their ranks for each side ("zsplit"), so that runs
 * which are often equal are not told apart by the few places where they differ. As `scipy.stats.wilcoxon(d, alternative="greater",
 * zero_method="zsplit")` with an exact (permutation) distribution up to 50 pairs, and its normal approximation beyond.
 * @param differences finite
 * @returns p, 1 for no differences
 */
export function signedRankP(differences: readonly number[]): number {
  const n = differences.length;
  if (n === 0) return 1;
  const doubled = doubledRanks(differences.map(Math.abs));
  let positive = 0;
  let zeros = 0;
  const signed: number[] = [];
  for (let i = 0; i < n; i++) {
    const [difference, rank] = [differences[i] as number, doubled[i] as number];
    if (difference === 0) zeros += rank;
    else signed.push(rank);
    if (difference > 0) positive += rank;
  }
  return n <= EXACT_UP_TO ? countedP(signed, positive) : approximateP(signed, positive + zeros / 2, n);
}

/** Twice the rank of each, from 2, so that mean ranks of ties are integers too. */
function doubledRanks(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number]) to++;
    for (let i = from; i <= to; i++) ranks[order[i] as number] = from + to + 2;
    from = to + 1;
  }
  return ranks;
}

/** The share of all 2^k ways to set the signs that give a sum of positive ranks of at least this. */
function countedP(ranks: readonly number[], positive: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const share = new Float64Array(total + 1);
  share[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let sum = reached; sum >= 0; sum--)
      share[sum] = ((share[sum] as number) + (sum >= rank ? (share[sum - rank] as number) : 0)) / 2;
  }
  let p = 0;
  for (let sum = positive; sum <= total; sum++) p += share[sum] as number;
  return Math.min(1, p);
}

function approximateP(ranks: readonly number[], positive: number, n: number): number {
  // All numbers are those of doubled ranks. Each counts or not, with equal chance: ties and zeros correct the variance.
  const mean = (n * (n + 1)) / 2;
  const variance = ranks.reduce((sum, rank) => sum + (rank / 2) ** 2, 0);
  return variance === 0 ? 1 : normalCdf((mean - positive) / Math.sqrt(variance));
}
