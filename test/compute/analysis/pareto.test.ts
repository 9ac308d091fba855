import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Box, boxesAbove, hypervolume, type Point, paretoFront } from "@/compute/analysis/pareto";

/** Whole numbers 0 .. 5, so that volumes can be counted cell by cell. */
const SIDE = 5;
const clouds = fc.integer({ min: 1, max: 3 }).chain((dimensions) =>
  fc.array(fc.array(fc.integer({ min: 0, max: SIDE }), { minLength: dimensions, maxLength: dimensions }), {
    minLength: 1,
    maxLength: 8,
  }),
);
const dominates = (a: Point, b: Point): boolean =>
  a.every((x, j) => x >= (b[j] as number)) && a.some((x, j) => x > (b[j] as number));
/** Middles of all cells of side 1 from the reference 0 up to `top`. */
function cells(dimensions: number, top: number): Point[] {
  let all: number[][] = [[]];
  for (let j = 0; j < dimensions; j++)
    all = all.flatMap((cell) => Array.from({ length: top }, (_, i) => [...cell, i + 0.5]));
  return all;
}

describe("the Pareto front", () => {
  test("holds what nothing dominates, each place once", () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const expected = points.flatMap((point, i) => {
          const isFirst = points.findIndex((other) => String(other) === String(point)) === i;
          return isFirst && !points.some((other) => dominates(other, point)) ? [i] : [];
        });
        expect(paretoFront(points)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("knows no NaN, and takes infinities for what they are", () => {
    expect(
      paretoFront([
        [Number.NaN, 9],
        [1, 1],
        [Infinity, 0],
        [0, -Infinity],
      ]),
    ).toEqual([1, 2]);
    expect(paretoFront([])).toEqual([]);
  });
});

describe("the hypervolume", () => {
  test("is the number of cells of side 1 that the points dominate", () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const dimensions = points[0]?.length ?? 1;
        const reference = new Array(dimensions).fill(0);
        const covered = cells(dimensions, SIDE).filter((cell) =>
          points.some((point) => dominates(point, cell)),
        );
        expect(hypervolume(points, reference)).toBeCloseTo(covered.length, 9);
      }),
      { numRuns: 300 },
    );
  });

  test("boxes above the front cover each cell that nothing dominates once, and no other", () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const dimensions = points[0]?.length ?? 1;
        const boxes = boxesAbove(points, new Array(dimensions).fill(0));
        for (const cell of cells(dimensions, SIDE + 1)) {
          const holding = boxes.filter(({ lower, upper }) =>
            cell.every((x, j) => x > (lower[j] as number) && x < (upper[j] as number)),
          );
          expect(holding).toHaveLength(points.some((point) => dominates(point, cell)) ? 0 : 1);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("what a point covers of the boxes is what it gains, with ties, dominated and equal points", () => {
    const places = [
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 8 }).map((n) => n / 8),
    ];
    const fronts = fc
      .tuple(fc.integer({ min: 2, max: 3 }), fc.constantFrom(...places))
      .chain(([J, place]) => {
        const point = fc.array(place, { minLength: J, maxLength: J });
        return fc.tuple(
          fc.array(point, { maxLength: 40 }),
          fc.array(point, { minLength: 10, maxLength: 10 }),
        );
      });
    const covered = (boxes: readonly Box[], point: Point): number => {
      const shares = boxes.map(({ lower, upper }) => {
        const sides = point.map((x, j) =>
          Math.max(0, Math.min(x, upper[j] as number) - (lower[j] as number)),
        );
        return sides.reduce((volume, side) => volume * side, 1);
      });
      return shares.reduce((sum, share) => sum + share, 0);
    };
    fc.assert(
      fc.property(fronts, ([points, others]) => {
        const reference = new Array(others[0]?.length ?? 0).fill(0.1);
        const boxes = boxesAbove(points, reference);
        expect(boxes.length).toBeLessThanOrEqual(2 * points.length + 1);
        const before = hypervolume(points, reference);
        for (const other of others) {
          const gain = hypervolume([...points, other], reference) - before;
          expect(Math.abs(covered(boxes, other) - gain)).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 200 },
    );
  });
});
