import { describe, expect, test } from "vitest";
import { parseSweepConfig } from "@/core/sweep-config";
import { codesOf, placesOf, sweepOf } from "./support";

const stop = (text: string, rest = "metric: {name: a}") =>
  parseSweepConfig(
    sweepOf("a: {values: [1, 2]}", `program: a.py\nmethod: random\n${rest}\nearly_terminate: ${text}`),
  );

const asha = { type: "asha", eta: 3, strict: true, by: "count", grace: 0 };
const median = { type: "median", grace: 0, minRuns: 5, every: 1 };

describe("a rule of our own that stops runs", () => {
  test.each([
    ["{type: asha, min_iter: 3}", { ...asha, minIter: 3 }],
    [
      "{type: asha, min_iter: 1, eta: 2.5, strict: false, by: step, grace: 10}",
      { ...asha, minIter: 1, eta: 2.5, strict: false, by: "step", grace: 10 },
    ],
    ["{type: asha, bands: [1, 5, 25], reduction: 4}", { ...asha, bands: [1, 5, 25], eta: 4 }],
    ["{type: median}", median],
    ["{type: median, min_iter: 10}", { ...median, grace: 10 }],
    [
      "{type: median, min_iter: 10, grace: 4, min_runs: 1, every: 5}",
      { ...median, grace: 4, minRuns: 1, every: 5 },
    ],
    ["{type: funnel}", { ...median, type: "funnel", percent: 33, final: 10 }],
    [
      "{type: funnel, grace: 4, percent: 50, final: 5, every: 2}",
      { ...median, type: "funnel", grace: 4, percent: 50, final: 5, every: 2 },
    ],
    ["{type: percentile, percent: 25}", { ...median, type: "percentile", percent: 25 }],
    [
      "{type: percentile, percent: 0.5, min_runs: 20}",
      { ...median, type: "percentile", percent: 0.5, minRuns: 20 },
    ],
    ["{type: wilcoxon}", { type: "wilcoxon", grace: 2, minRuns: 2, every: 1, pThreshold: 0.1 }],
    [
      "{type: wilcoxon, p_threshold: 1.0e-3}",
      { type: "wilcoxon", grace: 2, minRuns: 2, every: 1, pThreshold: 1e-3 },
    ],
    ["{type: patience, patience: 5}", { type: "patience", grace: 0, patience: 5, minDelta: 0 }],
    [
      "{type: patience, patience: 5, min_delta: 0.01, grace: 20}",
      { type: "patience", grace: 20, patience: 5, minDelta: 0.01 },
    ],
  ])("%s is understood", (text, expected) => {
    const { config, warnings } = stop(text);
    expect(codesOf(warnings)).toEqual([]);
    expect(config?.earlyTerminate).toEqual(expected);
  });

  test.each([
    ["{type: asha}", "it needs `min_iter`"],
    ["{type: asha, min_iter: 0}", "`min_iter` is an integer from 1 on, not 0"],
    ["{type: asha, min_iter: 3, bands: [1, 2]}", "keep one of them"],
    ["{type: asha, bands: []}", "rising integers"],
    ["{type: asha, bands: [3, 3]}", "rising integers"],
    ["{type: asha, bands: [0, 3]}", "rising integers"],
    ["{type: asha, bands: 3}", "rising integers"],
    ["{type: asha, min_iter: 1, eta: 1}", "`eta` is a number above 1, not 1"],
    ["{type: asha, min_iter: 1, eta: .inf}", "`eta` is a number above 1, not .inf"],
    ["{type: asha, min_iter: 1, eta: 3, reduction: 3}", "keep one of them"],
    ["{type: asha, min_iter: 1, by: epoch}", "`by` is count or step, not epoch"],
    ["{type: asha, min_iter: 1, grace: -1}", "`grace` is an integer from 0 on, not -1"],
    ["{type: median, min_runs: 0}", "`min_runs` is an integer from 1 on, not 0"],
    ["{type: median, every: 0.5}", "`every` is an integer from 1 on, not 0.5"],
    ["{type: median, grace: '3'}", '`grace` is an integer from 0 on, not "3"'],
    ["{type: funnel, final: 0}", "`final` is a number above 0 and below 100, not 0"],
    ["{type: percentile}", "it needs `percent`, a number above 0 and below 100"],
    ["{type: percentile, percent: 100}", "`percent` is a number above 0 and below 100, not 100"],
    ["{type: percentile, percent: 0}", "`percent` is"],
    ["{type: wilcoxon, p_threshold: 1}", "`p_threshold` is a number above 0 and below 1, not 1"],
    ["{type: patience}", "it needs `patience`, an integer from 1 on"],
    ["{type: patience, patience: 2, min_delta: -0.1}", "`min_delta` is a number from 0 on, not -0.1"],
    ["{type: patience, patience: 2, min_delta: .nan}", "`min_delta` is a number from 0 on"],
    ["{type: medain}", "Did you mean `median`?"],
  ])("%s is ignored with a warning that says why", (text, words) => {
    const { config, warnings } = stop(text);
    expect(codesOf(warnings)).toEqual(["EARLY_TERMINATE_IGNORED"]);
    expect(warnings[0]?.message).toContain(words);
    expect(config).toBeDefined();
    expect(config?.earlyTerminate).toBeUndefined();
  });

  test("tells of keys that it has not, with those of its own type", () => {
    const { config, warnings } = stop("{type: median, eta: 3, min_run: 2}");
    expect(placesOf(warnings)).toEqual([
      "KEY_UNKNOWN 4:33 early_terminate/eta",
      "KEY_UNKNOWN 4:41 early_terminate/min_run",
    ]);
    expect(warnings[1]?.message).toContain("Did you mean `min_runs`?");
    expect(config?.earlyTerminate).toEqual(median);
  });

  test("needs a metric, which may be the first of several", () => {
    expect(codesOf(stop("{type: median}", "seed: 1").warnings)).toEqual(["EARLY_TERMINATE_WITHOUT_METRIC"]);
    expect(codesOf(stop("{type: median}", "metrics: [{name: a}, {name: b}]").warnings)).toEqual([]);
  });
});
