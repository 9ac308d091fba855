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
