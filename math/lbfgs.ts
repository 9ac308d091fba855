/**
 * The least value of a smooth function within bounds: limited-memory BFGS on the variables that are free, with the others
 * held at their bounds (projected as in Bertsekas, "Projected Newton methods", SIAM J. Control Optim. 20, 1982; the two
 * loops as in Nocedal and Wright, "Numerical Optimization", algorithm 7.4).
 *
 * The line search takes a step that lowers the value enough (Armijo) and, where no bound stops it, flattens the slope
 * enough (weak Wolfe): by bracket, cubic interpolation and doubling. A value or gradient that is not finite counts as
 * infinitely high, so that a step into forbidden land is only a step that was too long.
 */

/** Writes the gradient and returns the value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface MinimizeOptions {
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
  readonly maxIterations?: number;
  /** Calls of the objective; the search ends with the iteration that reaches it. */
  readonly maxEvaluations?: number;
  /** How many pairs of steps and changes of slope stand for the curvature. */
  readonly memory?: number;
  /** Converged when no component of the projected gradient is larger. */
  readonly gradientTolerance?: number;
  /** Converged when an iteration gains less than this part of max(1, |value|). */
  readonly valueTolerance?: number;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** False when it ran out of iterations, or found no lower value along the slope, or began where fn is not finite. */
  readonly converged: boolean;
}

const ARMIJO = 1e-4;
const WOLFE = 0.9;
const MAX_TRIALS = 30;

export function minimize(fn: Objective, start: ArrayLike<number>, options: MinimizeOptions = {}): Minimum {
  const { maxIterations = 100, maxEvaluations = Number.POSITIVE_INFINITY, memory = 8 } = options;
  const { gradientTolerance = 1e-6, valueTolerance = 1e-12 } = options;
  const box = openBox(start.length, options.lower, options.upper);
  const counted = { evaluations: 0 };
  const evaluate = (point: Point): Point => {
    counted.evaluations++;
    point.value = fn(point.x, point.gradient);
    if (!Number.isFinite(point.value) || !point.gradient.every(Number.isFinite))
      point.value = Number.POSITIVE_INFINITY;
    return point;
  };
  const history = openHistory(start.length, memory);
  const direction = new Float64Array(start.length);
  let here = openPoint(start.length);
  let spare = openPoint(start.length);
  for (let i = 0; i < start.length; i++) here.x[i] = box.clamp(i, start[i] as number);
  evaluate(here);
  let iterations = 0;
  let converged = false;
  while (Number.isFinite(here.value)) {
    if (projectedSlope(here, box) <= gradientTolerance) {
      converged = true;
      break;
    }
    if (iterations >= maxIterations || counted.evaluations >= maxEvaluations) break;
    const isFree = freeVariables(here, box);
    let found: Point | null = null;
    // The curvature's direction first; should it lead nowhere, forget it and go straight down once.
    for (let attempt = 0; attempt < 2 && !found; attempt++) {
      if (attempt === 1) {
        if (history.size() === 0) break;
        history.clear();
      }
      const slope = history.descend(here.gradient, isFree, direction);
      found = searchLine(evaluate, here, direction, slope, history.size() === 0, box, spare);
    }
    iterations++;
    if (!found) break;
    history.remember(here, found);
    const gain = here.value - found.value;
    spare = here;
    here = found;
    if (gain <= valueTolerance * Math.max(1, Math.abs(here.value))) {
      converged = true;
      break;
    }
  }
  return { x: here.x, value: here.value, iterations, evaluations: counted.evaluations, converged };
}

interface Point {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  value: number;
}

const openPoint = (size: number): Point => ({
  x: new Float64Array(size),
  gradient: new Float64Array(size),
  value: Number.POSITIVE_INFINITY,
});

interface Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
  clamp(i: number, value: number): number;
}

function openBox(size: number, lower?: ArrayLike<number>, upper?: ArrayLike<number>): Box {
  const low = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const high = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < size; i++) {
    low[i] = lower?.[i] ?? Number.NEGATIVE_INFINITY;
    high[i] = upper?.[i] ?? Number.POSITIVE_INFINITY;
    if (!((low[i] as number) <= (high[i] as number)))
      throw new RangeError(`variable ${i}: the lower bound ${low[i]} is above the upper bound ${high[i]}`);
  }
  return {
    low,
    high,
    clamp: (i, value) => Math.min(Math.max(value, low[i] as number), high[i] as number),
  };
}

/** A variable at a bound is held there when the slope would push it through. */
function freeVariables({ x, gradient }: Point, { low, high }: Box): Uint8Array {
  const isFree = new Uint8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const value = x[i] as number;
    const slope = gradient[i] as number;
    const isHeld =
      (value <= (low[i] as number) && slope >= 0) || (value >= (high[i] as number) && slope <= 0);
    isFree[i] = isHeld ? 0 : 1;
  }
  return isFree;
}

/** The largest way that a step against the gradient, cut at the bounds, would go. */
function projectedSlope({ x, gradient }: Point, box: Box): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    const value = x[i] as number;
    most = Math.max(most, Math.abs(box.clamp(i, value - (gradient[i] as number)) - value));
  }
  return most;
}

/** The first step without curvature has no scale of its own: not longer than 1. */
function firstStep(direction: Float64Array): number {
  let square = 0;
  for (const value of direction) square += value * value;
  return square > 1 ? 1 / Math.sqrt(square) : 1;
}

function searchLine(
  evaluate: (point: Point) => Point,
  from: Point,
  direction: Float64Array,
  slope: number,
  isScaled: boolean,
  box: Box,
  target: Point,
): Point | null {
  if (!(slope < 0)) return null;
  let step = isScaled ? firstStep(direction) : 1;
  let low = 0;
  let lowValue = from.value;
  let lowSlope = slope;
  let high = Number.POSITIVE_INFINITY;
  let best = Number.NaN;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const isCut = move(from, direction, step, box, target);
    evaluate(target);
    // along the path that was cut at the bounds, the decrease that the slope promises for the way really gone
    const promised = inner(from.gradient, target.x, from.x);
    if (!(target.value <= from.value + ARMIJO * promised)) {
      if (Number.isFinite(best) && high - low <= 1e-3 * high) return repeat(best);
      high = step;
      step = between(low, lowValue, lowSlope, high, target.value);
    } else {
      const newSlope = isCut ? 0 : product(target.gradient, direction);
      if (newSlope >= WOLFE * slope) return target;
      best = step;
      low = step;
      lowValue = target.value;
      lowSlope = newSlope;
      step = Number.isFinite(high)
        ? between(low, lowValue, lowSlope, high, Number.POSITIVE_INFINITY)
        : 4 * step;
    }
    if (!(step > 0) || (low === 0 && step < 1e-20)) break;
  }
  return Number.isFinite(best) ? repeat(best) : null;

  function repeat(length: number): Point {
    move(from, direction, length, box, target);
    return evaluate(target);
  }
}

/** Where the parabola through the lower end's value and slope and the upper end's value is least, kept inside. */
function between(low: number, value: number, slope: number, high: number, highValue: number): number {
  const width = high - low;
  if (!Number.isFinite(highValue)) return low + 0.25 * width;
  const least = (-0.5 * slope * width * width) / (highValue - value - slope * width);
  if (!Number.isFinite(least)) return low + 0.5 * width;
  return low + Math.min(Math.max(least, 0.1 * width), 0.9 * width);
}

/** target.x = from.x + step direction, cut at the bounds; true when something was cut. */
function move(from: Point, direction: Float64Array, step: number, box: Box, target: Point): boolean {
  let isCut = false;
  for (let i = 0; i < direction.length; i++) {
    const free = (from.x[i] as number) + step * (direction[i] as number);
    const kept = box.clamp(i, free);
    if (kept !== free) isCut = true;
    target.x[i] = kept;
  }
  return isCut;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** a (b - c) */
function inner(a: Float64Array, b: Float64Array, c: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * ((b[i] as number) - (c[i] as number));
  return sum;
}

/** The last steps and the changes of the gradient along them. */
function openHistory(size: number, memory: number) {
  const pairs: { s: Float64Array; y: Float64Array }[] = [];
  const weights = new Float64Array(memory);

  /** Writes minus the inverse curvature times the gradient, among the free variables, and returns its slope. */
  function descend(gradient: Float64Array, isFree: Uint8Array, out: Float64Array): number {
    for (let i = 0; i < size; i++) out[i] = isFree[i] ? -(gradient[i] as number) : 0;
    let scale = 0;
    for (let p = pairs.length - 1; p >= 0; p--) {
      const { s, y } = pairs[p] as { s: Float64Array; y: Float64Array };
      const { sy, yy } = curvature(s, y, isFree);
      weights[p] = Number.NaN;
      if (sy <= 0) continue;
      if (scale === 0) scale = sy / yy;
      const weight = masked(s, out, isFree) / sy;
      weights[p] = weight;
      for (let i = 0; i < size; i++) if (isFree[i]) out[i] = (out[i] as number) - weight * (y[i] as number);
    }
    if (scale > 0) for (let i = 0; i < size; i++) out[i] = (out[i] as number) * scale;
    for (let p = 0; p < pairs.length; p++) {
      const weight = weights[p] as number;
      if (Number.isNaN(weight)) continue;
      const { s, y } = pairs[p] as { s: Float64Array; y: Float64Array };
      const { sy } = curvature(s, y, isFree);
      const other = masked(y, out, isFree) / sy;
      for (let i = 0; i < size; i++)
        if (isFree[i]) out[i] = (out[i] as number) + (weight - other) * (s[i] as number);
    }
    const slope = masked(gradient, out, isFree);
    if (Number.isFinite(slope) && slope < 0) return slope;
    for (let i = 0; i < size; i++) out[i] = isFree[i] ? -(gradient[i] as number) : 0;
    return masked(gradient, out, isFree);
  }

  /** Products over the free variables; a curvature of rounding alone counts as none. */
  function curvature(s: Float64Array, y: Float64Array, isFree: Uint8Array): { sy: number; yy: number } {
    let sy = 0;
    let yy = 0;
    for (let i = 0; i < size; i++) {
      if (!isFree[i]) continue;
      sy += (s[i] as number) * (y[i] as number);
      yy += (y[i] as number) * (y[i] as number);
    }
    return sy > Number.EPSILON * yy ? { sy, yy } : { sy: 0, yy };
  }

  function masked(a: Float64Array, b: Float64Array, isFree: Uint8Array): number {
    let sum = 0;
    for (let i = 0; i < size; i++) if (isFree[i]) sum += (a[i] as number) * (b[i] as number);
    return sum;
  }

  function remember(from: Point, to: Point): void {
    const oldest = pairs.length === memory ? pairs.shift() : undefined;
    const { s, y } = oldest ?? { s: new Float64Array(size), y: new Float64Array(size) };
    for (let i = 0; i < size; i++) {
      s[i] = (to.x[i] as number) - (from.x[i] as number);
      y[i] = (to.gradient[i] as number) - (from.gradient[i] as number);
    }
    if (product(s, y) > 0 && memory > 0) pairs.push({ s, y });
  }

  return {
    descend,
    remember,
    size: () => pairs.length,
    clear: () => {
      pairs.length = 0;
    },
  };
}
