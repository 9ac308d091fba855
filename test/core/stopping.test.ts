import { expect, test } from "vitest";
import { describeEarlyStop } from "@/core/stopping";

test("a run's page says in a sentence where it was looked at, what it was, what it was held against, and its place", () => {
  const place = { band: 9, value: 0.4123456789, threshold: 0.385, rank: 7, of: 18 };
  expect(describeEarlyStop({ rule: "hyperband", ...place })).toBe(
    "Stopped early by hyperband at band 9: 0.412346 is worse than 0.385, number 7 of 18.",
  );
  expect(describeEarlyStop({ rule: "median", ...place })).toBe(
    "Stopped early by median after 9 values: 0.412346 is worse than the others' median, 0.385, number 7 of 18.",
  );
  expect(describeEarlyStop({ rule: "patience", ...place, rank: null, of: null })).toBe(
    "Stopped early by patience after 9 values: 0.412346 is no improvement any more on 0.385.",
  );
});
