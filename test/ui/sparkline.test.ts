import { expect, test } from "vitest";
import { prepareActivity } from "@/ui/charts/prepare/activity";
import { prepareSparkline } from "@/ui/charts/prepare/sparkline";

test("a sparkline begins with the first result, falls where less is better and ends at its best", () => {
  const line = prepareSparkline([null, 4, 4, 2], "minimize");
  expect(line?.points).toEqual([
    [0.25, 1],
    [0.75, 1],
    [0.75, 0],
    [1, 0],
  ]);
  expect(line?.summary).toBe("Best so far: from 4 to 2, lower is better");
});

test("a sparkline of one value lies in the middle, and without any there is none", () => {
  expect(prepareSparkline([null, 0.5, 0.5], "maximize")?.points.every(([, y]) => y === 0.5)).toBe(true);
  expect(prepareSparkline([], "minimize")).toBeUndefined();
  expect(prepareSparkline([null, null], "minimize")).toBeUndefined();
});

test("activity names each day, and shows three runs beside ten thousand", () => {
  const { days, summary } = prepareActivity([10_000, 0, 3], Date.UTC(2026, 2, 1));
  expect(days.map(({ title }) => title)).toEqual([
    "2026-02-27: 10,000 runs",
    "2026-02-28: no runs",
    "2026-03-01: 3 runs",
  ]);
  expect(days[1]?.height).toBe(0);
  expect(days[2]?.height).toBeGreaterThan(0.01);
  expect(summary).toBe("10,003 runs on 2 of the last 3 days, at most 10,000 a day");
  expect(prepareActivity([0, 0], 0).summary).toBe("No runs in the last 2 days");
});
