import { type Goal, isBetter } from "@/core/sweep";

/**
 * Those points that no other beats in both: the way of the best so far where x is a time or a cost, the front of
 * compromises where both are metrics. Ordered along x, from its good side to its bad one.
 *
 * @returns indices; of equal points the first
 */
export function toFrontier(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  goals: { readonly x: Goal; readonly y: Goal },
): number[] {
  const order = Array.from({ length: x.length }, (_, i) => i).filter(
    (i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]),
  );
  const sign = goals.x === "minimize" ? 1 : -1;
  const of = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;
  order.sort(
    (a, b) =>
      sign * (of(x, a) - of(x, b)) ||
      (goals.y === "minimize" ? of(y, a) - of(y, b) : of(y, b) - of(y, a)) ||
      a - b,
  );
  const front: number[] = [];
  for (const i of order) {
    const last = front.at(-1);
    if (last === undefined || isBetter(goals.y, of(y, i), of(y, last))) front.push(i);
  }
  return front;
}

/** Its corners as a staircase: a value holds until a better one comes, and on to the end of the plot. */
export function toStairs(
  points: readonly (readonly [x: number, y: number])[],
  end: number,
): (readonly [number, number])[] {
  const corners: (readonly [number, number])[] = [];
  for (const point of points) {
    const before = corners.at(-1);
    if (before) corners.push([point[0], before[1]]);
    corners.push(point);
  }
  const last = corners.at(-1);
  if (last) corners.push([end, last[1]]);
  return corners;
}
