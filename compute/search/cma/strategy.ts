import { log } from "@/math/elementary";

/**
 * The constants of the strategy for N numbers and a generation of λ, as Hansen's tutorial has them ("The CMA evolution strategy",
 * arXiv:1604.00772, table 1), those of active CMA included.
 *
 * | symbol  | meaning                                                                                      |
 * | ------- | -------------------------------------------------------------------------------------------- |
 * | w       | by rank: falling, the better half positive with sum 1, the others negative                    |
 * | μ_eff   | how many equal runs the positive weights are worth                                            |
 * | c_σ, d_σ | how fast the path of the step size forgets, and how much it may change the step             |
 * | c_c     | the same for the path of the covariance                                                       |
 * | c_1, c_μ | how much of the covariance comes from that path, and from the generation                     |
 * | χ_N     | the mean length of a standard normal vector                                                   |
 */
export interface Strategy {
  readonly weights: Float64Array;
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  readonly chi: number;
}

export const defaultLambda = (N: number): number => 4 + Math.floor(3 * log(Math.max(1, N)));

export function openStrategy(N: number, lambda: number): Strategy {
  const raw = Float64Array.from({ length: lambda }, (_, i) => log((lambda + 1) / 2) - log(i + 1));
  const positive = raw.filter((w) => w > 0);
  const negative = raw.filter((w) => w < 0);
  const muEff = effective(positive);
  const cC = (4 + muEff / N) / (N + 4 + (2 * muEff) / N);
  const c1 = 2 / ((N + 1.3) * (N + 1.3) + muEff);
  const cMu = Math.min(1 - c1, (2 * (0.25 + muEff + 1 / muEff - 2)) / ((N + 2) * (N + 2) + muEff));
  const cSigma = (muEff + 2) / (N + muEff + 5);
  const dSigma = 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (N + 1)) - 1) + cSigma;
  const most = Math.min(
    1 + c1 / cMu,
    1 + (2 * effective(negative)) / (muEff + 2),
    (1 - c1 - cMu) / (N * cMu),
  );
  const [up, down] = [sumOf(positive), -sumOf(negative)];
  const weights = raw.map((w) => (w > 0 ? w / up : w < 0 ? (most * w) / down : 0));
  const chi = Math.sqrt(N) * (1 - 1 / (4 * N) + 1 / (21 * N * N));
  return { weights, muEff, cSigma, dSigma, cC, c1, cMu, chi };
}

const sumOf = (list: Float64Array): number => list.reduce((all, each) => all + each, 0);
const effective = (list: Float64Array): number => {
  const squares = list.reduce((all, each) => all + each * each, 0);
  return squares > 0 ? (sumOf(list) * sumOf(list)) / squares : 0;
};
