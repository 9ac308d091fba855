import type { Dice } from "./dice";
import { ABSENT } from "./kernel";
import type { Room } from "./room";
import type { Found, Score } from "./score";

/**
 * What the optimiser of the acquisition does where constraints forbid a part of the space. The score is often highest where
 * nothing is allowed, so points there are not looked at at all: drawn again, walked back from, crept round.
 */
type Allows = (x: Float64Array) => boolean;

/** So many draws a point wanted, on average: where a hundredth is allowed, a fifth of the points are found. */
const DRAWS = 20;

/**
 * Draws points of which only the allowed ones are kept, one behind the other in `points`.
 * @param draw writes the i-th point into its argument
 * @returns how many there are: `count` where nothing is forbidden
 */
export function fillAllowed(
  points: Float64Array,
  count: number,
  D: number,
  allows: Allows | null,
  draw: (i: number, x: Float64Array) => void,
): number {
  let kept = 0;
  for (let drawn = 0; kept < count && drawn < (allows ? DRAWS * count : count); drawn++) {
    const x = points.subarray(kept * D, (kept + 1) * D);
    draw(drawn, x);
    if (allows === null || allows(x)) kept++;
  }
  return kept;
}

/** 1/256 of the way is near enough: what is left is crept. */
const HALVINGS = 8;

/** The last point on the way from one that is allowed to one that is not, as far as halving the way shows. */
export function turnBack(room: Room, allows: Allows, from: Float64Array, to: Float64Array): Float64Array {
  let best = from;
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const share = (low + high) / 2;
    const x = room.snap(
      from.map((at, d) => {
        const end = to[d] as number;
        return room.smooth[d] && at !== ABSENT && end !== ABSENT ? at + share * (end - at) : at;
      }),
    );
    if (allows(x)) [best, low] = [x, share];
    else high = share;
  }
  return best;
}

const SCALES = [0.1, 0.03, 0.01, 0.003, 0.001] as const;
const STEPS = 24;
/** At each scale, while it helps. */
const ROUNDS = 4;

/** From a point at the fence to better ones along it, by small random steps of ever smaller size: a slope leads straight through. */
export function creep(room: Room, allows: Allows, dice: Dice, start: Found, score: Score): Found {
  const D = start.x.length;
  const points = new Float64Array(STEPS * D);
  const scores = new Float64Array(STEPS);
  let best = start;
  for (const scale of SCALES)
    for (let round = 0; round < ROUNDS; round++) {
      const { x: from } = best;
      const count = fillAllowed(points, STEPS, D, allows, (_, x) => {
        for (let d = 0; d < D; d++) {
          const at = from[d] as number;
          const isFree = room.smooth[d] && at !== ABSENT;
          x[d] = isFree ? Math.min(Math.max(at + scale * dice.step(), 0), 1) : at;
        }
        room.snap(x);
      });
      score.many(points, count, scores);
      let top = -1;
      for (let i = 0; i < count; i++)
        if ((scores[i] as number) > (top < 0 ? best.score : (scores[top] as number))) top = i;
      if (top < 0) break;
      best = { x: points.slice(top * D, (top + 1) * D), score: scores[top] as number };
    }
  return best;
}
