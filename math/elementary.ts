/**
 * exp and log from additions, multiplications and divisions only. IEEE 754 fixes the result of those to the bit, while
 * ECMAScript leaves Math.exp and Math.log "implementation-approximated": a new V8 may change their last digit. A drawn
 * learning rate must not change with the version of Node, so nothing here calls them. Both are within 1 unit in the last
 * place of V8's (test/math/elementary.test.ts).
 */

/** ln 2 in two parts; the upper has 21 trailing zero bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LOG2_E = Math.LOG2E;
const SQRT_HALF = Math.SQRT1_2;

const view = new DataView(new ArrayBuffer(8));

/** 2^exponent, exactly, for -1022 <= exponent <= 1023. */
function powerOfTwo(exponent: number): number {
  view.setUint32(0, (exponent + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/** e^x: x = k ln 2 + r with |r| <= ln(2)/2, then the Taylor series of e^r to r^14, whose rest is below 2^-57. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  if (Number.isNaN(x)) return x;
  const k = Math.floor(x * LOG2_E + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const lost = high - r - low;
  let sum = 0;
  for (let n = 14; n >= 2; n--) sum = (sum + 1) * (r / n);
  // e^r - 1 = r + r * sum, with what the subtraction above rounded off
  const result = 1 + (r + (r * sum + lost));
  if (k > 1023) return result * 2 * (POWERS[k + 1021] as number);
  if (k >= -1022) return result * (POWERS[k + 1022] as number);
  return result * (POWERS[k + 1122] as number) * powerOfTwo(-100);
}

/** ln x: x = 2^k (1 + f) near 1, s = f / (2 + f), ln(1 + f) = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...). */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 0x10000000000000;
    k = -52;
  }
  view.setFloat64(0, x);
  const exponent = (view.getUint32(0) >>> 20) - 1022;
  k += exponent;
  // a fraction in [0.5, 1); products with powers of two are exact
  let fraction =
    exponent <= 1022
      ? x * (POWERS[1022 - exponent] as number)
      : x * 0.25 * (POWERS[1024 - exponent] as number);
  if (fraction < SQRT_HALF) {
    fraction *= 2;
    k--;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const square = s * s;
  // written out: a loop would divide eleven times
  let tail = (1 / 23) * square;
  tail = (tail + 1 / 21) * square;
  tail = (tail + 1 / 19) * square;
  tail = (tail + 1 / 17) * square;
  tail = (tail + 1 / 15) * square;
  tail = (tail + 1 / 13) * square;
  tail = (tail + 1 / 11) * square;
  tail = (tail + 1 / 9) * square;
  tail = (tail + 1 / 7) * square;
  tail = (tail + 1 / 5) * square;
  tail = (tail + 1 / 3) * square;
  // 2s = f - s f = f - f^2/2 + s f^2/2 keeps the leading term exact
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + 2 * tail) + k * LN2_LOW) - f);
}

/** ln(1 + x) without losing a small x to the rounding of 1 + x. */
export function log1p(x: number): number {
  const sum = 1 + x;
  if (sum === 1) return x;
  if (!Number.isFinite(sum) || sum <= 0) return log(sum);
  return log(sum) + (x - (sum - 1)) / sum;
}

/** 2^k at place k + 1022. */
const POWERS = Float64Array.from({ length: 2046 }, (_, place) => powerOfTwo(place - 1022));

/**
 * e^x within one unit in the last place, for loops over millions of kernel values: one division instead of fourteen, twice
 * as fast as exp() (bench/math.ts). Its last digit may differ from that of exp(), on which drawn values rest, so both
 * stay. The rational function is that of FreeBSD's e_exp.c (Sun Microsystems, 1993).
 */
export function quickExp(x: number): number {
  if (!(x > -708 && x < 709)) return exp(x);
  const k = Math.floor(x * LOG2_E + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))));
  return (1 - (low - (r * c) / (2 - c) - high)) * (POWERS[k + 1022] as number);
}

/** e^x - 1 without losing a small x to the subtraction. */
export function expm1(x: number): number {
  if (Math.abs(x) > 0.35) return exp(x) - 1;
  // below ln(2)/2 the series of exp() serves as it stands
  let sum = 0;
  for (let n = 14; n >= 2; n--) sum = (sum + 1) * (x / n);
  return x + x * sum;
}

/** x^y for x >= 0. The relative error grows with the result's exponent: about |y ln x| units in the last place. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (y === 1) return x;
  if (y === 2) return x * x;
  if (y === 0.5) return Math.sqrt(x);
  return exp(y * log(x));
}

/** sin(2 pi x); exact at multiples of a quarter turn. */
export function sinTurn(x: number): number {
  const turn = x - Math.floor(x);
  const quarter = Math.floor(turn * 4 + 0.5);
  const angle = 2 * Math.PI * (turn - quarter / 4);
  if (quarter === 1) return cosSeries(angle);
  if (quarter === 2) return -sinSeries(angle);
  if (quarter === 3) return -cosSeries(angle);
  return sinSeries(angle);
}

/** cos(2 pi x): whole turns and quarters are taken off without rounding, then Taylor's series to an eighth of a turn. */
export function cosTurn(x: number): number {
  const turn = Math.abs(x) - Math.floor(Math.abs(x));
  const quarter = Math.floor(turn * 4 + 0.5);
  const angle = 2 * Math.PI * (turn - quarter / 4);
  if (quarter === 1) return -sinSeries(angle);
  if (quarter === 2) return -cosSeries(angle);
  if (quarter === 3) return sinSeries(angle);
  return cosSeries(angle);
}

function sinSeries(angle: number): number {
  const square = angle * angle;
  let sum = 0;
  for (let n = 16; n >= 2; n -= 2) sum = ((1 + sum) * -square) / (n * (n + 1));
  return angle + angle * sum;
}

function cosSeries(angle: number): number {
  const square = angle * angle;
  let sum = 0;
  for (let n = 18; n >= 4; n -= 2) sum = ((1 + sum) * -square) / (n * (n - 1));
  // cos = 1 - square/2 (1 + sum), with sum the terms from the fourth power on over the second
  return 1 - 0.5 * square * (1 + sum);
}
