import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBetter } from "@/core/sweep";
import {
  type BestSoFarInput,
  nearestMark,
  prepareBestSoFar,
  type Result,
} from "@/ui/charts/prepare/best-so-far";

const START = Date.UTC(2026, 0, 1);

/** Runs that end one a second with these values. */
function inputOf(values: readonly number[], more: Partial<BestSoFarInput> = {}): BestSoFarInput {
  const goal = more.goal ?? "minimize";
  const results = values.map<Result>((value, i) => ({
    id: String(i),
    label: `run-${i + 1}`,
    value,
    atMs: START + (i + 1) * 1_000,
  }));
  const improvements: Result[] = [];
  for (const result of results) {
    const best = improvements.at(-1);
    if (!best || isBetter(goal, result.value, best.value)) improvements.push(result);
  }
  return {
    metric: "loss",
    goal,
    startMs: START,
    endMs: START + values.length * 1_000,
    improvements,
    results,
    resultCount: results.length,
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

  test("says in one sentence what the picture shows", () => {
    expect(prepareBestSoFar(inputOf([4, 5, 2, 3]))?.summary.replaceAll("\u00a0", " ")).toBe(
      "Best loss so far over 4 results: it falls from 4 in 1 step; the best is 2, by run-3 after 3 s.",
    );
    expect(
      prepareBestSoFar(inputOf([0.5, 0.9], { goal: "maximize", metric: "accuracy" }))?.summary,
    ).toContain("it rises from 0.5");
  });

  test("counts what it leaves out: a diverged run, and pages that are still loading", () => {
    const chart = prepareBestSoFar(inputOf([1, 1.1, 1.2, 0.9, 1.3, 1.05, 0.95, 1e9], { resultCount: 100 }));
    expect(chart?.y.scale.domain[1]).toBeLessThan(10);
    expect(chart?.dots).toHaveLength(7);
    expect(chart?.notes).toEqual([
      "Showing 8 of 100 results while the rest loads",
      "1 result above the view: far off the others",
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
        fc.boolean(),
        (values, goal, log) => {
          const chart = prepareBestSoFar(inputOf(values, { goal, log }));
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
