import { expect, test } from "vitest";
import { sayNoBest } from "@/app/[entity]/[project]/sweeps/[sweepId]/_components/no-best";

test.each([
  ["running", false, 3, "None yet."],
  ["finished", false, 3, "None."],
  ["running", true, 0, "None yet."],
  ["running", true, 1, "None yet: no run that has ended keeps to the constraints on metrics."],
  ["canceled", true, 1, "None: no run keeps to the constraints on metrics."],
] as const)(
  "a sweep that is %s (constraints on metrics: %s) with %i finished runs and no best one",
  (state, constrained, finished, words) => {
    expect(sayNoBest({ state, constrained, counts: { finished } })).toBe(words);
  },
);
