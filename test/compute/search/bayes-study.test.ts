import { describe, expect, test } from "vitest";
import { openStudy } from "@/compute/search/bayes-study";
import { openDomain } from "@/compute/search/domain";
import { openLedger } from "@/compute/search/ledger";
import type { SearchEvent } from "@/compute/search/method";
import { objectivesOf, parseSweepConfig } from "@/core/sweep-config";

/** Configurations a = 0 .. 19, of which each is told what the events say. @returns by metric the targets, by number */
function targetsOf(metrics: string, events: readonly SearchEvent[]): Map<number, number>[] {
  const { config, errors } = parseSweepConfig(
    `method: bayes\n${metrics}\nparameters: {a: {distribution: int_uniform, min: 0, max: 19}}`,
  );
  if (!config) throw new Error(errors[0]?.message);
  const domain = openDomain(config);
  const ledger = openLedger(config, domain.read);
  for (let a = 0; a < 20; a++) ledger.add({ ...domain.at(BigInt(a)), reason: "random" });
  for (const event of events) ledger.observe(event);
  const { configurations, samples } = openStudy(ledger, objectivesOf(config), [], (x) => x);
  return samples.map(
    ({ rows }) =>
      new Map(configurations.map(({ trials }, i) => [trials[0]?.number ?? -1, rows[i]?.y ?? Number.NaN])),
  );
}
const observed = (number: number, ...objectives: number[]): SearchEvent => ({
  type: "observed",
  number,
  objectives,
});
const stopped = (number: number, count: number, ...objectives: number[]): SearchEvent => ({
  type: "pruned",
  number,
  count,
  objectives,
});
const LOSS = "metric: {name: loss}";
const FINISHED = [1, 2, 3, 4, 5, 6, 7].map((loss, i) => observed(i, loss / 10));

describe("what stopped runs teach a model", () => {
  test("is no more than the median of the finished, the more the further they came, then by their values", () => {
    const events = [
      ...FINISHED,
      stopped(10, 3, 0.2),
      stopped(11, 3, 1000),
      stopped(12, 9, 2),
      stopped(13, 27, 3),
    ];
    const [targets = new Map()] = targetsOf(LOSS, events);
    const of = (number: number): number => targets.get(number) ?? Number.NaN;
    expect([11, 10, 12, 13].map(of)).toEqual([11, 10, 12, 13].map(of).sort((a, b) => a - b));
    expect(new Set([10, 11, 12, 13].map(of)).size).toBe(4);
    expect(of(13)).toBeLessThan(of(3));
    expect(of(11)).toBeGreaterThanOrEqual(of(6));
  });

  test("tells them apart where each was stopped somewhere else, and equal ones are equal", () => {
    const events = [
      ...FINISHED,
      stopped(10, 3, 1000),
      stopped(11, 7, 0.35),
      stopped(12, 5, 1),
      stopped(13, 5, 1),
    ];
    const [targets = new Map()] = targetsOf(LOSS, events);
    expect(targets.get(10)).toBeLessThan(targets.get(12) ?? Number.NaN);
    expect(targets.get(12)).toBeLessThan(targets.get(11) ?? Number.NaN);
    expect(targets.get(12)).toBe(targets.get(13));
  });

  test("is of each metric what that metric says", () => {
    const events = [
      ...[1, 2, 3, 4, 5].map((each, i) => observed(i, each / 10, 1 - each / 10)),
      stopped(10, 4, 0.45, 0.8),
      stopped(11, 4, 0.2, 0.55),
    ];
    const [loss = new Map(), accuracy = new Map()] = targetsOf(
      "metrics: [{name: loss}, {name: acc, goal: maximize}]",
      events,
    );
    expect(loss.get(11)).toBeGreaterThan(loss.get(10) ?? Number.NaN);
    expect(accuracy.get(10)).toBeGreaterThan(accuracy.get(11) ?? Number.NaN);
  });
});

describe("what runs without a result teach a model", () => {
  const failed = (number: number, best: number[], last: number[]): SearchEvent => ({
    type: "failed",
    number,
    reached: { best, last },
  });
  /** A run of each value has ended, so that a target says which value it belongs to. */
  const by = (impute: string, event: SearchEvent) => {
    const [targets] = targetsOf(`metric: {name: loss, ${impute}}`, [...FINISHED, event]);
    const own = targets?.get(9);
    return FINISHED.findIndex(
      ({ number }) => Math.abs((targets?.get(number) ?? Number.NaN) - (own ?? 0)) < 1e-12,
    );
  };

  test("is the worst result, their own best or their own last value, as the file says", () => {
    const event = failed(9, [0.2], [0.5]);
    expect(["worst", "best", "latest"].map((rule) => by(`impute: ${rule}`, event))).toEqual([6, 1, 4]);
    expect(by("impute: latest", { type: "failed", number: 9 })).toBe(6);
    expect(by("impute: latest", failed(9, [Number.NaN], [Number.NaN]))).toBe(6);
    const underWay: SearchEvent = {
      type: "intermediate",
      number: 9,
      count: 3,
      value: 0.2,
      reached: { best: [0.2], last: [0.5] },
    };
    expect(["worst", "best", "latest"].map((rule) => by(`impute_while_running: ${rule}`, underWay))).toEqual([
      6, 1, 4,
    ]);
    expect(by("impute_while_running: false", underWay)).toBe(-1);
  });

  test("in logs of before, which tell the best value alone, is that one", () => {
    const old: SearchEvent = { type: "intermediate", number: 9, count: 3, value: 0.3 };
    expect(by("impute_while_running: latest", old)).toBe(2);
    const [targets] = targetsOf("metric: {name: loss, impute: latest}", [
      ...FINISHED,
      old,
      { type: "failed", number: 9 },
    ]);
    expect(targets?.get(9)).toBe(targets?.get(2));
  });

  test("is asked of each metric by its own rule", () => {
    const rules = (a: string, b: string) => `metrics: [{name: a, impute: ${a}}, {name: b, impute: ${b}}]`;
    const both = [1, 2, 3, 4, 5, 6, 7].map((x, i) => observed(i, x / 10, (8 - x) / 10));
    const event = failed(9, [0.2, 0.3], [0.5, 0.7]);
    for (const [a, b, expected] of [
      ["best", "latest", [1, 0]],
      ["latest", "best", [4, 4]],
      ["worst", "best", [6, 4]],
    ] as const) {
      const targets = targetsOf(rules(a, b), [...both, event]);
      expect(targets.map((each) => each.get(9))).toEqual(
        targets.map((each, m) => each.get(expected[m] as number)),
      );
    }
  });
});
