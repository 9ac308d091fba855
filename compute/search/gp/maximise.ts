import { minimize } from "@/math/lbfgs";
import type { Dice } from "./dice";
import { creep, fillAllowed, turnBack } from "./fence";
import { ABSENT } from "./kernel";
import type { Room } from "./room";
import type { Found, Score } from "./score";

export interface Effort {
  readonly random: number;
  readonly perturbed: number;
  readonly starts: number;
  readonly steps: number;
  /** As `valueTolerance` in math/lbfgs.ts. */
  readonly tolerance: number;
}

/**
 * Where a score is highest, over numbers, ordinals and categories together: many points at random and around the best known,
 * then from the most promising of them in turns along the slope (numbers) and over all single changes (the rest). Only what the
 * constraints allow is looked at; there the best of all is crept on from.
 * @returns the best first: the climbs' ends and the best of the points that were only looked at
 */
export function maximise(
  room: Room,
  score: Score,
  w: Float64Array,
  anchors: readonly Float64Array[],
  effort: Effort,
  dice: Dice,
): Found[] {
  const D = room.axes.count;
  const { allows } = room;
  const around = anchors.length > 0 ? effort.perturbed : 0;
  const points = new Float64Array((effort.random + around) * D);
  const random = fillAllowed(points, effort.random, D, allows, (_, x) => {
    for (let d = 0; d < D; d++) x[d] = room.draw(d, dice.unit());
    room.snap(x);
  });
  const perturbed = fillAllowed(points.subarray(random * D), around, D, allows, (i, x) => {
    perturb(room, anchors[i % anchors.length] as Float64Array, dice, x);
    room.snap(x);
  });
  const count = random + perturbed;
  const seen = rank(score, points, count, D, KEPT);
  const climbed = spread(seen, effort.starts).map((start) => climb(room, score, w, start, effort));
  const found = [...climbed, ...seen].sort((a, b) => b.score - a.score);
  const [best] = found;
  if (best && allows) found.unshift(creep(room, allows, dice, best, score));
  return found.filter((each, i) => i === 0 || !isSame(each.x, found[i - 1]?.x ?? each.x));
}

/** Every one of these points by its score. */
export function rankAll(score: Score, list: readonly Float64Array[], D: number): Found[] {
  const points = new Float64Array(list.length * D);
  for (const [i, x] of list.entries()) points.set(x, i * D);
  return rank(score, points, list.length, D, list.length);
}

/** The best first, at most so many and no two alike, in their order where scores are equal. */
function rank(score: Score, points: Float64Array, count: number, D: number, most: number): Found[] {
  const scores = new Float64Array(count);
  score.many(points, count, scores);
  const sorted = Array.from({ length: count }, (_, i) => i)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .map((i) => ({ x: points.subarray(i * D, (i + 1) * D), score: scores[i] as number }));
  const distinct: Found[] = [];
  for (const { x, score } of sorted) {
    if (distinct.length === most) break;
    // Equal points are equally good, but not they alone: where nothing is known of two categories neither is better.
    let i = distinct.length;
    while (i > 0 && distinct[i - 1]?.score === score && !isSame(x, distinct[i - 1]?.x ?? x)) i--;
    if (i === 0 || distinct[i - 1]?.score !== score) distinct.push({ x: x.slice(), score });
  }
  return distinct;
}

/** As many of those looked at are handed back, in case that the best ones have been tried already. */
const KEPT = 64;
const SPREADS = [0.2, 0.07, 0.02] as const;

/** A step away from a good point: each coordinate with probability max(0.35, 2/D), one at least. */
function perturb(room: Room, anchor: Float64Array, dice: Dice, x: Float64Array): void {
  const D = anchor.length;
  const chance = Math.max(0.35, Math.min(1, 2 / D));
  const sd = SPREADS[dice.roll(SPREADS.length)] ?? 0.1;
  const surely = dice.roll(D);
  for (let d = 0; d < D; d++) {
    const at = anchor[d] as number;
    const isMoved = d === surely || dice.unit() < chance;
    if (at === ABSENT) x[d] = room.draw(d, dice.unit());
    else if (!isMoved) x[d] = at;
    else if (room.axes.kinds[d] === "category") x[d] = room.draw(d, dice.unit());
    else {
      const stepped = at + sd * dice.step();
      // An ordinal of few values needs a step that leads to another one.
      const moved = room.smooth[d] || dice.unit() < 0.5 ? stepped : room.draw(d, dice.unit());
      x[d] = Math.min(Math.max(moved, 0), 1);
    }
  }
}

/** The best, and those after it that are not beside one taken already. */
function spread(sorted: readonly Found[], count: number): Found[] {
  const taken: Found[] = [];
  for (const each of sorted) {
    if (taken.length === count) break;
    if (taken.every(({ x }) => isApart(x, each.x))) taken.push(each);
  }
  return taken;
}

const isApart = (a: Float64Array, b: Float64Array): boolean =>
  a.some((at, d) => Math.abs(at - (b[d] as number)) > 0.1);
const isSame = (a: Float64Array, b: Float64Array): boolean => a.every((at, d) => at === b[d]);

const TURNS = 4;

function climb(room: Room, score: Score, w: Float64Array, start: Found, effort: Effort): Found {
  let best = start;
  for (let turn = 0; turn < TURNS; turn++) {
    const before = best;
    best = alongSlope(room, score, w, best, effort);
    const smoothed = best;
    best = overNeighbours(room, score, best);
    if (best === smoothed || best === before) break;
  }
  return best;
}

/** L-BFGS over the numbers that exist, each in units of its length scale, then to the nearest values. */
function alongSlope(
  room: Room,
  score: Score,
  w: Float64Array,
  start: Found,
  { steps, tolerance }: Effort,
): Found {
  const free: number[] = [];
  for (let d = 0; d < w.length; d++) if (room.smooth[d] && start.x[d] !== ABSENT) free.push(d);
  if (free.length === 0) return start;
  const scale = Float64Array.from(free, (d) => 1 / Math.sqrt(w[d] as number));
  const x = start.x.slice();
  const slope = new Float64Array(w.length);
  const { x: top } = minimize(
    (at, gradient) => {
      for (let i = 0; i < free.length; i++) x[free[i] as number] = (at[i] as number) * (scale[i] as number);
      const value = score.slope(x, slope);
      for (let i = 0; i < free.length; i++)
        gradient[i] = -(slope[free[i] as number] as number) * (scale[i] as number);
      return -value;
    },
    Float64Array.from(free, (d, i) => (start.x[d] as number) / (scale[i] as number)),
    {
      lower: new Float64Array(free.length),
      upper: Float64Array.from(scale, (unit) => 1 / unit),
      maxIterations: steps,
      valueTolerance: tolerance,
    },
  );
  for (let i = 0; i < free.length; i++)
    x[free[i] as number] = Math.min(1, Math.max(0, (top[i] as number) * (scale[i] as number)));
  room.snap(x);
  const end = room.allows === null || room.allows(x) ? x : turnBack(room, room.allows, start.x, x);
  const reached = new Float64Array(1);
  score.many(end, 1, reached);
  return (reached[0] as number) > start.score ? { x: end, score: reached[0] as number } : start;
}

/** The best single change of an ordinal or a category, while there is one that helps. */
function overNeighbours(room: Room, score: Score, start: Found): Found {
  const D = room.axes.count;
  let best = start;
  for (let move = 0; move < 2 * room.discrete.length; move++) {
    const around = room.discrete
      .flatMap((d) => (best.x[d] === ABSENT ? [] : room.neighbours(best.x, d)))
      .filter((x) => room.allows?.(x) ?? true);
    if (around.length === 0) return best;
    const points = new Float64Array(around.length * D);
    for (const [i, x] of around.entries()) points.set(x, i * D);
    const scores = new Float64Array(around.length);
    score.many(points, around.length, scores);
    let top = 0;
    for (let i = 1; i < scores.length; i++) if ((scores[i] as number) > (scores[top] as number)) top = i;
    const x = around[top];
    if (x === undefined || !((scores[top] as number) > best.score)) return best;
    best = { x, score: scores[top] as number };
  }
  return best;
}
