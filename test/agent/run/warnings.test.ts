import { expect, test } from "vitest";
import { toMissingMetric } from "@/agent/run/warnings";

test.each([
  ["val_loss", ["val_lss", "acc"], 'it logged "val_lss", "acc"; did you mean "val_lss"?'],
  ["loss", ["train/loss", "lr"], 'did you mean "train/loss"?'],
  ["val.accuracy", ["accuracy"], 'did you mean "accuracy"?'],
  ["loss", ["zeta", "a", "b", "c", "d", "e"], '"d" and 1 more'],
  ["loss", [], "it logged no metric at all"],
])("a metric %s that was never logged is told with what was logged instead: %j", (metric, names, message) => {
  expect(toMissingMetric(metric, new Set(names))?.message).toContain(message);
});

test("a metric that was logged is no matter for a warning", () => {
  expect(toMissingMetric("loss", new Set(["loss"]))).toBeUndefined();
});
