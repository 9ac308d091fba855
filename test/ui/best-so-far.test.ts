import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBetter } from "@/core/sweep";
import {
  type BestSoFarInput,
  type Improvement,
  nearestMark,
  prepareBestSoFar,
} from "@/ui/charts/prepare/best-so-far";
import { LOOKS_OF_STATES } from "@/ui/charts/prepare/coloring";

const START = Date.UTC(2026, 0, 1);

/** Runs that end one a second with these values. */
function inputOf(values: readonly number[], more: Partial<BestSoFarInput> = {}): BestSoFarInput {
  const goal = more.goal ?? "minimize";
  const ended = values.map<Improvement>((value, i) => ({
    id: String(i),
    label: `run-${i + 1}`,
    value,
    atMs: START + (i + 1) * 1_000,
    order: i + 1,
  }));
  const improvements: Improvement[] = [];
  for (const run of ended) {
    const best = improvements.at(-1);
    if (!best || isBetter(goal, run.value, best.value)) improvements.push(run);
  }
  return {
    metric: "loss",
    goal,
    axis: "time",
    startMs: START,
    endMs: START + values.length * 1_000,
    improvements,
    ended: ended.map((run) => ({ ...run, state: "finished" })),
    endedCount: ended.length,
    log: false,
    ...more,
  };
}

describe("prepareBestSoFar", () => {
  test("has nothing to draw before the first result", () => {
    expect(prepareBestSoFar(inputOf([]))).toBeUndefined();
  });

  test("holds each best value until a better run finishes, and the last one to the end", () => {
    const chart = prepareBestSoFar(inputOf([4, 5, 2, 3]));
    const at = (value: number) => chart?.y.scale.at(value) ?? Number.NaN;
    expect(chart?.curve).toEqual([
      [0.25, at(4)],
      [0.75, at(4)],
      [0.75, at(2)],
      [1, at(2)],
    ]);
    expect(chart?.improvements.map((mark) => mark.label)).toEqual(["run-1", "run-3"]);
    expect(chart?.notes).toEqual([]);
  });

  test("counts runs on its other axis, so that a night without agents takes no room", () => {
    const input = inputOf([4, 5, 2], { axis: "order" });
    const late = input.ended.map((run) => ({ ...run, atMs: run.atMs + (run.id === "2" ? 30_000_000 : 0) }));
    const chart = prepareBestSoFar({ ...input, ended: late });
    expect(chart?.dots.map((dot) => dot.x)).toEqual([0, 0.5, 1]);
    expect(chart?.x.scale.ticks.map((tick) => tick.label)).toEqual(["1", "2", "3"]);
  });

  test("gives a run without a value its place in the order, but no dot", () => {
    const input = inputOf([4, 5, 2], { axis: "order" });
    const ended = input.ended.map((run) => ({ ...run, value: run.id === "1" ? null : run.value }));
    expect(prepareBestSoFar({ ...input, ended })?.dots.map((dot) => [dot.order, dot.x])).toEqual([
      [1, 0],
      [3, 1],
    ]);
  });

  test("draws the true curve without dots while runs are loading, for their order is not known yet", () => {
    const input = inputOf([4, 5, 2, 3], { axis: "order", endedCount: 11 });
    const ended = input.ended
      .slice(2)
      .map(({ id, label, value, atMs, state }) => ({ id, label, value, atMs, state }));
    const chart = prepareBestSoFar({ ...input, ended });
    expect(chart?.dots).toEqual([]);
    expect(chart?.improvements.map((mark) => mark.x)).toEqual([0, 0.2]);
    expect(chart?.notes).toEqual(["Showing 0 of 11 ended runs while the rest loads"]);
  });

  test("tells runs that were stopped from finished ones by symbol and colour, and counts both", () => {
    const input = inputOf([4, 5, 2, 3]);
    const ended = input.ended.map((run) => (run.id === "1" ? { ...run, state: "killed" as const } : run));
    const chart = prepareBestSoFar({ ...input, ended });
    expect(chart?.states.map(({ label, count }) => `${label} ${count}`)).toEqual(["finished 3", "killed 1"]);
    const looks = [...(chart?.cloud.looks ?? [])].map((look) => LOOKS_OF_STATES[look]);
    expect(looks[0]).not.toMatchObject({ symbol: looks[1]?.symbol });
    expect(looks.map((look) => look?.value)).toEqual([7, 3, 7, 7]);
  });

  test("says in one sentence what the picture shows", () => {
    expect(prepareBestSoFar(inputOf([4, 5, 2, 3]))?.summary.replaceAll("\u00a0", " ")).toBe(
      "Best loss so far over 4 runs that ended: it falls from 4 in 1 step; the best is 2, by run-3 after 3 s.",
    );
    expect(
      prepareBestSoFar(inputOf([0.5, 0.9], { goal: "maximize", metric: "accuracy" }))?.summary,
    ).toContain("it rises from 0.5");
  });

  test("counts what it leaves out: a diverged run, and pages that are still loading", () => {
    const chart = prepareBestSoFar(inputOf([1, 1.1, 1.2, 0.9, 1.3, 1.05, 0.95, 1e9], { endedCount: 100 }));
    expect(chart?.y.scale.domain[1]).toBeLessThan(10);
    expect(chart?.dots).toHaveLength(7);
    expect(chart?.notes).toEqual([
      "Showing 8 of 100 ended runs while the rest loads",
      "1 run above the view: far off the others",
    ]);
  });

  test("never cuts the good side, however far the best run is ahead", () => {
    const chart = prepareBestSoFar(inputOf([1, 1.1, 1.2, 0.9, 1.3, 1.05, 0.95, -1e9]));
    expect(chart?.dots).toHaveLength(8);
    expect(chart?.improvements.at(-1)?.value).toBe(-1e9);
  });

  test("offers a log axis only where every value is positive", () => {
    expect(prepareBestSoFar(inputOf([1, 0.1, 0.001], { log: true }))?.y.scale.kind).toBe("log");
    const withZero = prepareBestSoFar(inputOf([1, 0], { log: true }));
    expect(withZero?.logPossible).toBe(false);
    expect(withZero?.y.scale.kind).toBe("linear");
  });

  test("shows the target only where it lies in the view", () => {
    expect(prepareBestSoFar(inputOf([4, 2], { target: 3 }))?.target).toBeCloseTo(0.5);
    expect(prepareBestSoFar(inputOf([4, 2], { target: -50 }))?.target).toBeUndefined();
  });

  test("keeps every fraction inside the plot and the curve going forward, whatever the results", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 40 }),
        fc.constantFrom("minimize" as const, "maximize" as const),
        fc.constantFrom("order" as const, "time" as const),
        fc.boolean(),
        (values, goal, axis, log) => {
          const chart = prepareBestSoFar(inputOf(values, { goal, axis, log }));
          if (!chart) throw new Error("a result was dropped");
          const marks = [...chart.dots, ...chart.improvements];
          for (const { x, y } of marks) {
            expect(x).toBeGreaterThanOrEqual(0);
            expect(x).toBeLessThanOrEqual(1);
            expect(y).toBeGreaterThanOrEqual(0);
            expect(y).toBeLessThanOrEqual(1);
          }
          chart.curve.reduce((before, corner) => {
            expect(corner[0]).toBeGreaterThanOrEqual(before[0]);
            return corner;
          });
          const best = goal === "minimize" ? Math.min(...values) : Math.max(...values);
          expect(chart.improvements.at(-1)?.value).toBe(best);
        },
      ),
    );
  });
});

describe("nearestMark", () => {
  test("finds the closest dot, and nothing among none", () => {
    const chart = prepareBestSoFar(inputOf([4, 5, 2, 3]));
    expect(nearestMark(chart?.dots ?? [], 0.74, 0)?.label).toBe("run-3");
    expect(nearestMark([], 0.5, 0.5)).toBeUndefined();
  });
});
