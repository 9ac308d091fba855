import { expect, test } from "vitest";
import { toGain } from "@/compute/search/gain";
import { log } from "@/math/elementary";

const predicted = { mean: 0, sd: 1, acquisition: log(0.1), by: "log-ei" };
/** Evenly spread and symmetric: nothing to bend, so that a target is a deviation. */
const RESULTS = Array.from({ length: 41 }, (_, i) => 5 + (i - 20) / 10);
const deviation = Math.sqrt(RESULTS.reduce((sum, value) => sum + (value - 5) ** 2, 0) / RESULTS.length);

test("what a proposal is expected to gain is its expected improvement in the metric's unit, whatever the goal and scale", () => {
  for (const goal of ["minimize", "maximize"] as const) {
    expect(toGain(predicted, RESULTS, goal)).toBeCloseTo(0.1 * deviation, 2);
    const scaled = RESULTS.map((value) => 1e6 * value);
    expect((toGain(predicted, scaled, goal) ?? 0) / 1e6).toBeCloseTo(0.1 * deviation, 2);
  }
  const half = { ...predicted, acquisition: log(0.05), by: "log-qei * allowed * succeeds" };
  expect(toGain(half, RESULTS, "minimize")).toBeCloseTo(0.05 * deviation, 2);
});

test("what was not chosen by an expected improvement is expected to gain nothing that is known", () => {
  expect(toGain(null, RESULTS, "minimize")).toBeNull();
  for (const by of ["log-ehvi", "allowed", "ei"])
    expect(toGain({ ...predicted, by }, RESULTS, "minimize")).toBeNull();
  expect(toGain(predicted, [], "minimize")).toBeNull();
});
