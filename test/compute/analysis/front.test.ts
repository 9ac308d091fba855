import fc from "fast-check";
import { expect, test } from "vitest";
import { type FinishedRun, growFront, NO_FRONT } from "@/compute/analysis/front";
import { hypervolume, paretoFront } from "@/compute/analysis/pareto";
import type { Goal } from "@/core/sweep";

const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(null));
const stories = fc.constantFrom(2, 3).chain((metrics) =>
  fc.record({
    goals: fc.array(fc.constantFrom<Goal>("minimize", "maximize"), {
      minLength: metrics,
      maxLength: metrics,
    }),
    runs: fc
      .array(fc.array(value, { minLength: metrics, maxLength: metrics }), { maxLength: 30 })
      .map((list) => list.map((objectives, i): FinishedRun => ({ id: 100 + i, objectives }))),
    cuts: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 3 }),
  }),
);

test("a front that grows is that of all runs, however they come, and knows the last run that came into it", () => {
  fc.assert(
    fc.property(stories, ({ goals, runs, cuts }) => {
      const ends = [...cuts.sort((a, b) => a - b), runs.length];
      const front = ends.reduce(
        (grown, end, i) => growFront(grown, goals, runs.slice(ends[i - 1] ?? 0, end)),
        NO_FRONT,
      );
      const complete = runs.filter(({ objectives }) => !objectives.includes(null));
      const points = complete.map(({ objectives }) =>
        objectives.map((each, j) => (goals[j] === "maximize" ? 1 : -1) * (each ?? 0)),
      );
      const members = paretoFront(points).map((i) => complete[i]?.id as number);
      expect(front.members.map(({ id }) => id)).toEqual(members);
      expect(front.members.map(({ ordinal }) => ordinal)).toEqual(members.map((id) => id - 99));
      expect(front.runs).toBe(runs.length);
      // The last that came in is there still, and all behind it brought nothing.
      expect(front.barren).toBe(members.length > 0 ? runs.length - ((members.at(-1) ?? 0) - 99) : 0);
      const worst = goals.map((_, j) => Math.min(...points.map((point) => point[j] as number)));
      expect(front.reference?.map((each, j) => (goals[j] === "maximize" ? each : -each) + 0) ?? null).toEqual(
        points.length > 0 ? worst.map((each) => each + 0) : null,
      );
      if (points.length > 0) expect(front.hypervolume).toBeCloseTo(hypervolume(points, worst), 9);
      else expect(front.hypervolume).toBeNull();
    }),
    { numRuns: 300 },
  );
});

test("a front too large to be measured in time is kept unmeasured, one of two metrics is always measured", () => {
  const goals: Goal[] = ["minimize", "minimize", "minimize"];
  const runs = Array.from({ length: 600 }, (_, i) => ({ id: i, objectives: [i, 600 - i, (i * 7919) % 600] }));
  const large = growFront(NO_FRONT, goals, runs);
  expect(large.members.length).toBe(600);
  expect(large.hypervolume).toBeNull();
  const two = growFront(
    NO_FRONT,
    goals.slice(1),
    runs.map(({ id, objectives }) => ({ id, objectives: objectives.slice(0, 2) })),
  );
  expect(two.hypervolume).toBe((599 * 598) / 2);
});
