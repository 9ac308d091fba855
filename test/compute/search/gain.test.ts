import { expect, test } from "vitest";
import { toGain } from "@/compute/search/gain";
import { log } from "@/math/elementary";

const predicted = { mean: 0, sd: 1, acquisition: log(0.1), by: "log-ei" };
/** Evenly spread and symmetric: nothing to bend, so that a target is a deviation. */
const RESULTS = Array.from({ length: 41 }, (_, i) => 5 + (i - 20) / 10);
const allowed = (values: readonly number[]) => values.map((value) => ({ value, isAllowed: true }));
const deviation = Math.sqrt(RESULTS.reduce((sum, value) => sum + (value - 5) ** 2, 0) / RESULTS.length);

test("what a proposal is expected to gain is its expected improvement in the metric's unit, whatever the goal and scale", () => {
  for (const goal of ["minimize", "maximize"] as const) {
    expect(toGain(predicted, allowed(RESULTS), goal)).toBeCloseTo(0.1 * deviation, 2);
    const scaled = RESULTS.map((value) => 1e6 * value);
    expect((toGain(predicted, allowed(scaled), goal) ?? 0) / 1e6).toBeCloseTo(0.1 * deviation, 2);
  }
  const half = { ...predicted, acquisition: log(0.05), by: "log-qei * allowed * succeeds" };
  expect(toGain(half, allowed(RESULTS), "minimize")).toBeCloseTo(0.05 * deviation, 2);
});

test("what was not chosen by an expected improvement is expected to gain nothing that is known", () => {
  expect(toGain(null, allowed(RESULTS), "minimize")).toBeNull();
  for (const by of ["log-ehvi", "allowed", "ei"])
    expect(toGain({ ...predicted, by }, allowed(RESULTS), "minimize")).toBeNull();
  expect(toGain(predicted, [], "minimize")).toBeNull();
});

test("the step is one beyond the best result that keeps to the constraints on metrics; where none does there is nothing to gain on", () => {
  // A long tail: targets are bent, so that a step beyond the worse end is another one in the metric's unit.
  const bent = Array.from({ length: 41 }, (_, i) => Math.exp(i / 8));
  const among = (isAllowed: (value: number) => boolean) =>
    toGain(
      predicted,
      bent.map((value) => ({ value, isAllowed: isAllowed(value) })),
      "minimize",
    );
  const all = among(() => true) ?? Number.NaN;
  const few = among((value) => value > 50) ?? Number.NaN;
  expect(few).toBeGreaterThan(5 * all);
  expect(among(() => false)).toBeNull();
});
