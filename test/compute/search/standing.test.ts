import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDomain } from "@/compute/search/domain";
import { openLedger } from "@/compute/search/ledger";
import type { SearchEvent } from "@/compute/search/method";
import { rankConfigurations } from "@/compute/search/standing";
import { openSoftConstraints } from "@/core/constraint";
import { objectivesOf, parseSweepConfig } from "@/core/sweep-config";

/** Ten configurations a = 0 .. 9, of which each is told what the events say. @returns numbers, the best first */
function rank(rest: string, events: readonly SearchEvent[], top = 99): number[] {
  const { config, errors } = parseSweepConfig(
    `method: bayes\n${rest}\nparameters: {a: {distribution: int_uniform, min: 0, max: 9}}`,
  );
  if (!config) throw new Error(errors[0]?.message);
  const domain = openDomain(config);
  const ledger = openLedger(config, domain.read);
  for (let a = 0; a < 10; a++) ledger.add({ ...domain.at(BigInt(a)), reason: "random" });
  for (const event of events) ledger.observe(event);
  return rankConfigurations(ledger, objectivesOf(config), openSoftConstraints(config), top).map(
    ({ trials }) => trials[0]?.number as number,
  );
}
const observed = (number: number, ...objectives: number[]): SearchEvent => ({
  type: "observed",
  number,
  objectives,
});
const LOSS = "metric: {name: loss}";

describe("configurations from the best to the worst", () => {
  test("are those with a result by their values, then the stopped ones by how far they came, then the failed", () => {
    const events: SearchEvent[] = [
      { type: "failed", number: 0 },
      { type: "pruned", number: 1, count: 3, objectives: [0] },
      { type: "pruned", number: 2, count: 9, objectives: [8] },
      { type: "pruned", number: 3, count: 9, objectives: [7] },
      observed(4, 5),
      observed(5, 4),
      observed(6, Number.NaN),
      { type: "lost", number: 7 },
    ];
    expect(rank(LOSS, events)).toEqual([5, 4, 3, 2, 1, 0, 6]);
    expect(rank("metric: {name: acc, goal: maximize}", events)).toEqual([4, 5, 2, 3, 1, 0, 6]);
  });

  test("take the value that a failed run had reached where the file imputes it, and one under way likewise", () => {
    const events: SearchEvent[] = [
      { type: "intermediate", number: 0, count: 2, value: 1 },
      { type: "failed", number: 0 },
      observed(1, 2),
      { type: "intermediate", number: 2, count: 2, value: 0 },
    ];
    expect(rank(LOSS, events)).toEqual([1, 0]);
    expect(rank("metric: {name: loss, impute: latest}", events)).toEqual([0, 1]);
    expect(rank("metric: {name: loss, impute_while_running: latest}", events)).toEqual([2, 1, 0]);
  });

  test("tell the best value that a failed run had reached from its last one, of each of several metrics", () => {
    const reached = { best: [1, 5], last: [3, 1] };
    const events: SearchEvent[] = [
      { type: "failed", number: 0, reached: { best: [1], last: [3] } },
      observed(1, 2),
      observed(2, 4),
    ];
    const order = ["worst", "best", "latest"].map((rule) =>
      rank(`metric: {name: loss, impute: ${rule}}`, events),
    );
    expect(order).toEqual([
      [1, 2, 0],
      [0, 1, 2],
      [1, 0, 2],
    ]);
    const both: SearchEvent[] = [
      { type: "failed", number: 0, reached },
      observed(1, 2, 2),
      observed(2, 4, 0),
    ];
    const several = (a: string, b: string) =>
      rank(`metrics: [{name: a, impute: ${a}}, {name: b, goal: maximize, impute: ${b}}]`, both);
    // It beats both by its best values, is between them by its last ones, and has the worst of what no rule gives it.
    expect(several("best", "best")).toEqual([0, 1, 2]);
    expect(several("latest", "latest")).toEqual([1, 0, 2]);
    expect(several("worst", "latest")).toEqual([1, 0, 2]);
    expect(several("worst", "worst")).toEqual([1, 2, 0]);
  });

  test("stand behind all that keep to a constraint on a metric when they break it, by how far they do", () => {
    const run = (number: number, loss: number, ms?: number): SearchEvent => ({
      ...observed(number, loss),
      ...(ms !== undefined && { metrics: { ms } }),
    });
    const events = [run(0, 1, 30), run(1, 2, 25), run(2, 9, 20), run(3, 8, 5), run(4, 0)];
    expect(rank(`${LOSS}\nconstraints: ["ms <= 20"]`, events)).toEqual([3, 2, 1, 0, 4]);
    // On a bound that excludes itself a run breaks it, by nothing.
    const near = [run(2, 7, 20), run(3, 8, 5), run(1, 0, 20.5)];
    expect(rank(`${LOSS}\nconstraints: ["ms <= 20"]`, near)).toEqual([2, 3, 1]);
    expect(rank(`${LOSS}\nconstraints: ["ms < 20"]`, near)).toEqual([3, 2, 1]);
    // Where there is no bound (a is 4) nothing need be logged.
    expect(rank(`${LOSS}\nconstraints: ["\`ms\` <= 20 + 1 / (a - 4)"]`, events)).toEqual([4, 3, 2, 1, 0]);
  });

  test("of several metrics stand in fronts: nobody behind is beaten by nobody before, and the ends come first", () => {
    const METRICS = "metrics: [{name: a}, {name: b, goal: maximize}]";
    const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), {
      minLength: 2,
      maxLength: 10,
    });
    fc.assert(
      fc.property(points, (list) => {
        const order = rank(
          METRICS,
          list.map(([a, b], i) => observed(i, a, b)),
        );
        expect([...order].sort((i, j) => i - j)).toEqual([...list.keys()]);
        for (const [place, i] of order.entries())
          for (const j of order.slice(place + 1)) {
            const [[a = 0, b = 0], [c = 0, d = 0]] = [list[i] ?? [], list[j] ?? []];
            expect(c <= a && d >= b && (c < a || d > b)).toBe(false);
          }
      }),
    );
    const front = [observed(0, 2, 2), observed(1, 0, 0), observed(2, 1, 1.1), observed(3, 5, 5)];
    expect(new Set(rank(METRICS, front).slice(0, 2))).toEqual(new Set([1, 3]));
    expect(rank(METRICS, front, 1)).toHaveLength(4);
  });
});
