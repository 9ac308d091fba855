import { expect, test } from "vitest";
import { rankAll } from "@/compute/search/gp/maximise";
import type { Score } from "@/compute/search/gp/score";

const score: Score = {
  many(points, count, out) {
    for (let i = 0; i < count; i++) out[i] = Math.floor((points[i] as number) / 10);
  },
  slope: () => 0,
};

test("points are ranked by their score, once each, also where others are as good", () => {
  const list = [1, 12, 2, 11, 12, 1, 11, 3, 12, 2].map((x) => Float64Array.of(x));
  expect(rankAll(score, list, 1).map(({ x, score }) => [x[0], score])).toEqual([
    [12, 1],
    [11, 1],
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
});
