import { exp, log, log1p } from "./elementary";

/**
 * The distribution functions that search needs: normal and beta, forward (cdf) and inverse (ppf, the quantile function).
 * Relative error of the normal below 1e-14 in either tail, of the beta about 1e-13 (1e-11 for parameters beyond 1e4); test/math compares
 * with mpmath and SciPy. Built on our own exp and log, so the results are the same bits on every machine.
 *
 * Equation numbers are those of the NIST Digital Library of Mathematical Functions (dlmf.nist.gov).
 */

const SQRT_PI = Math.sqrt(Math.PI);
const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
const LOG_SQRT_TWO_PI = 0.9189385332046727;
const EPSILON = Number.EPSILON;
/** Stands for zero in Lentz's method, which divides by partial results. */
const TINY = 1e-300;

/** P(Z <= x) for a standard normal Z. */
export function normalCdf(x: number): number {
  return x < FAR_BELOW ? 0.5 * erfcWith(-x * Math.SQRT1_2, halfGaussian(x)) : nearNormalCdf(x);
}

/**
 * The rounding of x √½ costs x² times its own error: 2e-13 of the result at -36. Above this it is below 5e-15, and stays as
 * it is, since points that are proposed rest on its last digit.
 */
const FAR_BELOW = -5;

function nearNormalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

/** The x with P(Z <= x) = u; -Infinity at 0, Infinity at 1, NaN outside. */
export function normalPpf(u: number): number {
  if (!(u >= 0 && u <= 1)) return Number.NaN;
  if (u === 0) return Number.NEGATIVE_INFINITY;
  if (u === 0.5) return 0;
  // 1 - u is exact in the upper half, so the tail keeps its precision
  if (u > 0.5) return u === 1 ? Number.POSITIVE_INFINITY : -lowerNormalPpf(1 - u);
  return lowerNormalPpf(u);
}

/** For u below 1/2: Abramowitz and Stegun 26.2.23 (error under 4.5e-4), then Halley's method, which triples the digits. */
function lowerNormalPpf(u: number): number {
  const t = Math.sqrt(-2 * log(u));
  let x =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 3; i++) {
    // (cdf - u) / density; the density as exp(log) of both keeps the quotient finite in the far tail. What the cdf lacks there
    // moves x by 1 / x² of it only, and drawn values rest on the last digit.
    const error = (nearNormalCdf(x) / u - 1) * exp(log(u) + 0.5 * x * x) * SQRT_TWO_PI;
    const step = error / (1 + 0.5 * x * error);
    if (!Number.isFinite(step)) break;
    x -= step;
    if (Math.abs(step) <= EPSILON * Math.abs(x)) break;
  }
  return x;
}

/** 1 - erf(x). Series where it is large, continued fraction in the tail, where 1 - series would lose digits. */
export function erfc(x: number): number {
  return erfcWith(x, gaussian(x));
}

/** @param bell e^(-x²), where it is at hand */
function erfcWith(x: number, bell: number): number {
  if (x < 0) return 2 - erfcWith(-x, bell);
  if (x > 27.3) return 0;
  return x < 1.5 ? 1 - erfSeries(x, bell) : erfcFraction(x, bell);
}

/** 7.6.2: erf x = 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (1 3 5 ... (2n+1)); all terms positive, no cancellation. */
function erfSeries(x: number, bell: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * EPSILON * 0.1; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * bell * sum;
}

/** 7.9.1 by Lentz: sqrt(pi) e^(x^2) erfc x = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))). */
function erfcFraction(x: number, bell: number): number {
  let f = x;
  let c = x;
  let d = 0;
  for (let n = 1; n < 500; n++) {
    const numerator = n / 2;
    d = 1 / (x + numerator * d);
    c = x + numerator / c;
    const factor = c * d;
    f *= factor;
    if (Math.abs(factor - 1) <= EPSILON) break;
  }
  return bell / (SQRT_PI * f);
}

/** e^(-x^2). The square of a single-precision number is exact; the rest of x^2, which rounding would lose, is small. */
function gaussian(x: number): number {
  const short = Math.fround(x);
  return exp(-short * short) * exp((short - x) * (short + x));
}

/** e^(-x^2 / 2), from x itself. */
function halfGaussian(x: number): number {
  const short = Math.fround(x);
  return exp(-0.5 * short * short) * exp(0.5 * (short - x) * (short + x));
}

/**
 * P(X <= x) for X ~ Beta(a, b), the regularized incomplete beta function I_x(a, b). A parameter of 0 is the limit: all mass
 * at that end (half at each when both are 0).
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (!(a >= 0 && b >= 0) || Number.isNaN(x)) return Number.NaN;
  if (x >= 1) return 1;
  if (x < 0) return 0;
  if (a === 0 || b === 0) return a > 0 ? 0 : b > 0 ? 1 : 0.5;
  return x === 0 ? 0 : betaTails(x, 1 - x, a, b).lower;
}

/** The x with P(X <= x) = u for X ~ Beta(a, b). */
export function betaPpf(u: number, a: number, b: number): number {
  if (!(u >= 0 && u <= 1 && a >= 0 && b >= 0)) return Number.NaN;
  if (a === 0 || b === 0) return a > 0 ? 1 : b > 0 ? 0 : Number(u > 0.5);
  if (u === 0 || u === 1) return u;
  const half = betaTails(0.5, 0.5, a, b);
  // Each tail is compared with its own probability and measured from its own end: both stay exact near 0 and near 1.
  const isLow = u <= 0.5 ? half.lower >= u : half.upper <= 1 - u;
  if (isLow) return solveBeta(a, b, (tails) => (u <= 0.5 ? tails.lower - u : 1 - u - tails.upper));
  return 1 - solveBeta(b, a, (tails) => (u <= 0.5 ? u - tails.upper : tails.lower - (1 - u)));
}

interface Tails {
  readonly lower: number;
  readonly upper: number;
  readonly density: number;
}

/** The x in (0, 1/2] where the rising `miss` is 0: Newton's method, kept inside a bracket that it may not leave. */
function solveBeta(a: number, b: number, miss: (tails: Tails) => number): number {
  let low = 0;
  let high = 0.5;
  let x = 0.25;
  for (let i = 0; i < 200; i++) {
    const tails = betaTails(x, 1 - x, a, b);
    const error = miss(tails);
    if (error === 0) return x;
    if (error > 0) high = x;
    else low = x;
    const newton = x - error / tails.density;
    const next = newton > low && newton < high ? newton : halve(low, high);
    if (Math.abs(next - x) <= EPSILON * x || next <= low || next >= high) return next;
    x = next;
  }
  return x;
}

/** Between two bounds of very different size their geometric mean, so that a root at 1e-200 is found in a few steps. */
function halve(low: number, high: number): number {
  if (low > 0) return high > 4 * low ? Math.sqrt(low) * Math.sqrt(high) : low + (high - low) / 2;
  return Math.max(high * high, Number.MIN_VALUE);
}

/** I_x(a, b), its complement, and the density. `y` is 1 - x; whichever tail is the smaller is computed directly. */
function betaTails(x: number, y: number, a: number, b: number): Tails {
  const power = exp(logBetaPower(x, y, a, b));
  const density = power / (x * y);
  // 8.17(v): the fraction converges fast on this side of the mean
  if (x <= (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, (power / a) * betaFraction(x, a, b));
    return { lower, upper: 1 - lower, density };
  }
  const upper = Math.min(1, (power / b) * betaFraction(y, b, a));
  return { lower: 1 - upper, upper, density };
}

/** 8.17.22 by Lentz; takes about sqrt(max(a, b)) steps. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 0;
  let f = 1;
  for (let n = 1; n < 100_000; n++) {
    const m = Math.floor(n / 2);
    const numerator =
      n % 2 === 0
        ? (m * (b - m) * x) / ((a + n - 1) * (a + n))
        : (-(a + m) * (a + b + m) * x) / ((a + n - 1) * (a + n));
    d = 1 / (1 + numerator * d || TINY);
    c = 1 + numerator / c || TINY;
    const factor = c * d;
    f *= factor;
    if (Math.abs(factor - 1) <= EPSILON) break;
  }
  return 1 / f;
}

/** log(x^a y^b / B(a, b)), arranged so that large parameters do not cancel. */
function logBetaPower(x: number, y: number, a: number, b: number): number {
  if (a < 10 || b < 10) return a * log(x) + b * log1p(-x) - logBeta(a, b);
  // Relative to the mean a / (a + b), with Stirling's formula for B(a, b): each logarithm is of a number near 1.
  const offset = x * b - y * a;
  const powers =
    a * logOfRatio(offset / a, (x * (a + b)) / a) + b * logOfRatio(-offset / b, (y * (a + b)) / b);
  const scale = 0.5 * log(((a / (a + b)) * b) / (2 * Math.PI));
  return powers + scale - (stirlingRest(a) + stirlingRest(b) - stirlingRest(a + b));
}

/** log(1 + excess) near 1, log of the ratio itself far below, where 1 + excess would cancel. */
const logOfRatio = (excess: number, ratio: number): number => (excess < -0.5 ? log(ratio) : log1p(excess));

/** log of the beta function for positive a, b of which one is below 10. */
function logBeta(a: number, b: number): number {
  const p = Math.min(a, b);
  const q = Math.max(a, b);
  if (q < 10) return logGamma(p) + logGamma(q) - logGamma(p + q);
  const ratio = -(q - 0.5) * log1p(p / q) - p * log(p + q) + p;
  return logGamma(p) + ratio + stirlingRest(q) - stirlingRest(p + q);
}

/** log of the gamma function for x > 0: Stirling's formula beyond 10, the recurrence 5.5.1 below. */
export function logGamma(x: number): number {
  let product = 1;
  let shifted = x;
  for (; shifted < 10; shifted++) product *= shifted;
  return (shifted - 0.5) * log(shifted) - shifted + LOG_SQRT_TWO_PI + stirlingRest(shifted) - log(product);
}

/** 5.11.1: B_2k / (2k (2k - 1) x^(2k - 1)) for k = 1 .. 8; the rest is below 1e-16 from x = 10 on. */
function stirlingRest(x: number): number {
  const s = 1 / (x * x);
  return (
    (1 / 12 -
      s *
        (1 / 360 -
          s *
            (1 / 1260 -
              s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s * (1 / 156 - s * (3617 / 122400)))))))) /
    x
  );
}

/** log of the standard normal density. */
export function normalLogPdf(x: number): number {
  return -0.5 * x * x - LOG_SQRT_TWO_PI;
}

/** log P(Z <= x), to the last digits in either tail. */
export function normalLogCdf(x: number): number {
  if (x > 0) return log1p(-0.5 * erfc(x * Math.SQRT1_2));
  if (x > -1) return log(normalCdf(x));
  return -0.5 * x * x + log(0.5 * erfcx(-x * Math.SQRT1_2));
}

/** e^(x^2) erfc(x) by the rational functions of Cody, "Rational Chebyshev approximations for the error function" (1969). */
export function erfcx(x: number): number {
  if (x < 0.46875) {
    if (x < -26.7) return Number.POSITIVE_INFINITY;
    const square = growth(x);
    return x < 0 ? 2 * square - erfcx(-x) : square - square * erfOfSmall(x);
  }
  if (x <= 4) return ratio(CODY_MIDDLE, x);
  const inverse = 1 / (x * x);
  return (1 / SQRT_PI - inverse * ratio(CODY_FAR, inverse)) / x;
}

/** e^(x^2), with what rounding takes from the square. */
function growth(x: number): number {
  const short = Math.fround(x);
  return exp(short * short) * exp((x - short) * (x + short));
}

function erfOfSmall(x: number): number {
  return x * ratio(CODY_NEAR, x * x);
}

/** Coefficients from the highest power down: numerator, then denominator (whose highest is 1). */
type Rational = readonly [readonly number[], readonly number[]];

function ratio([above, below]: Rational, x: number): number {
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < above.length; i++) numerator = numerator * x + (above[i] as number);
  for (let i = 0; i < below.length; i++) denominator = denominator * x + (below[i] as number);
  return numerator / denominator;
}

const CODY_NEAR: Rational = [
  [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
];
const CODY_MIDDLE: Rational = [
  [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
];
const CODY_FAR: Rational = [
  [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918],
];

/**
 * log of phi(z) + z Phi(z): the expected improvement of a normal with standard deviation 1 whose mean lies z above the best.
 * Below -5 the sum cancels; there it is phi(z) q / (t + q) with t = -z and q = 1/(t + 2/(t + 3/(t + ...))), the tail of the
 * continued fraction of Mills' ratio (7.9.1), which does not.
 */
export function logEi(z: number): number {
  if (z > -1) return log(improvement(z));
  const t = -z;
  if (z > -5) return normalLogPdf(z) + log(1 - t * mills(t));
  const q = millsTail(t);
  return normalLogPdf(z) + log(q / (t + q));
}

/** The slope of logEi: Phi(z) / (phi(z) + z Phi(z)). */
export function logEiDerivative(z: number): number {
  if (z > -1) return normalCdf(z) / improvement(z);
  const t = -z;
  if (z <= -5) return 1 / millsTail(t);
  const share = mills(t);
  return share / (1 - t * share);
}

function improvement(z: number): number {
  if (z > 40) return z; // phi(z) is below 1e-347
  // e^(-x²) is the same for x and -x
  const bell = gaussian(z * Math.SQRT1_2);
  return bell / SQRT_TWO_PI + z * (0.5 * erfcWith(-z * Math.SQRT1_2, bell));
}

/** P(Z > t) / phi(t) */
function mills(t: number): number {
  return Math.sqrt(Math.PI / 2) * erfcx(t * Math.SQRT1_2);
}

/** 1/(t + 2/(t + 3/(t + ...))) for t >= 5, from the end: 40 steps suffice at 5, fewer beyond. */
function millsTail(t: number): number {
  let rest = t;
  for (let n = t < 20 ? 40 : 10; n >= 2; n--) rest = t + n / rest;
  return 1 / rest;
}
