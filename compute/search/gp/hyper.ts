import { exp, log } from "@/math/elementary";

/**
 * The numbers that a fit chooses, and what is believed of them before any data.
 *
 * | symbol | meaning                                                        | shape |
 * | ------ | -------------------------------------------------------------- | ----- |
 * | θ      | ln w_1 .. ln w_D, ln a, ln s: what the optimiser moves          | D + 2 |
 * | w      | 1 / length scale squared of each dimension                     | D     |
 * | a      | variance of the signal (targets have variance about 1)         |       |
 * | s      | variance of the noise of one run                               |       |
 *
 * The penalties are Vizier's, 0.01 ln²(v / v0), so weak that ten points overrule them, and two of Optuna's, which are barriers: of
 * weights, 0.1 / w + 0.1 w, and of the noise, 30 s. Without them a dozen points of a rough function may as well be noise about a
 * plane, and a search that believes so goes on trying its corners: on Ackley's function in five dimensions four of ten searches never left
 * them. Data overrule the barriers, too, but need to be plain: half the variance is taken for noise only where that is 15 nats likelier.
 */
export interface Hyper {
  readonly w: Float64Array;
  readonly a: number;
  readonly s: number;
}

interface Belief {
  readonly typical: number;
  readonly low: number;
  readonly high: number;
}
const PULL = 0.01;
/** Of weights; 10 nats at their bounds. */
const EXTREME = 0.1;
/** Of the noise's variance, where the targets' own is 1. */
const NOISY = 30;
/** Vizier's are of the length scale squared: 0.5 within 0.01 .. 100. */
export const WEIGHT: Belief = { typical: 2, low: 0.01, high: 100 };
export const SIGNAL: Belief = { typical: 0.039, low: 1e-3, high: 10 };
/** The floor keeps the matrix positive definite where points lie close: 1e-8 of the targets' variance, against Vizier's 1e-10. */
export const NOISE: Belief = { typical: 0.0039, low: 1e-8, high: 1 };

export const thetaLength = (dimensions: number): number => dimensions + 2;

const beliefAt = (index: number, dimensions: number): Belief =>
  index < dimensions ? WEIGHT : index === dimensions ? SIGNAL : NOISE;

const column = (dimensions: number, of: (belief: Belief) => number): Float64Array =>
  Float64Array.from({ length: thetaLength(dimensions) }, (_, i) => log(of(beliefAt(i, dimensions))));

export const lowest = (dimensions: number): Float64Array => column(dimensions, ({ low }) => low);
export const highest = (dimensions: number): Float64Array => column(dimensions, ({ high }) => high);

/** Where a fit without a memory begins: length scales of a half, all signal, little noise. */
export const defaultTheta = (dimensions: number): Float64Array =>
  Float64Array.from({ length: thetaLength(dimensions) }, (_, i) =>
    log(i < dimensions ? 2 : i === dimensions ? 1 : 1e-3),
  );

export const toHyper = (theta: ArrayLike<number>, dimensions: number): Hyper => ({
  w: Float64Array.from({ length: dimensions }, (_, d) => exp(theta[d] ?? 0)),
  a: exp(theta[dimensions] ?? 0),
  s: exp(theta[dimensions + 1] ?? 0),
});

/**
 * Adds the penalties' slopes to `gradient` and gives their sum.
 *
 * @param noisy how dear noise is: it is for a search not to believe in it too early; who explains what was measured has no such fear
 */
export function penalty(
  theta: ArrayLike<number>,
  dimensions: number,
  gradient: Float64Array,
  noisy = NOISY,
): number {
  let sum = 0;
  const add = (i: number, value: number, slope: number): void => {
    sum += value;
    gradient[i] = (gradient[i] ?? 0) + slope;
  };
  for (let i = 0; i < thetaLength(dimensions); i++) {
    const offset = (theta[i] ?? 0) - log(beliefAt(i, dimensions).typical);
    add(i, PULL * offset * offset, 2 * PULL * offset);
  }
  for (let d = 0; d < dimensions; d++) {
    const w = exp(theta[d] ?? 0);
    add(d, EXTREME / w + EXTREME * w, EXTREME * w - EXTREME / w);
  }
  const s = exp(theta[dimensions + 1] ?? 0);
  add(dimensions + 1, noisy * s, noisy * s);
  return sum;
}
