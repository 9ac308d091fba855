import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FieldRule } from "@/compute/stopping/place";
import { bestFirst } from "@/compute/stopping/ranks";
import { SortedValues } from "@/compute/stopping/sorted-values";
import { Standing } from "@/compute/stopping/standing";
import { WorstFirst } from "@/compute/stopping/worst-first";
import { type Goal, isBetter } from "@/core/sweep";
import { quantileOfSorted } from "@/math/stats";

const goal = fc.constantFrom<Goal>("minimize", "maximize");
const value = fc.integer({ min: -9, max: 9 }).map((one) => one / 4 + 0);

describe("values in order", () => {
  test("are what sorting them would give, by place and by how many are less, through many blocks", () => {
    const list = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 4_000, size: "max" });
    fc.assert(
      fc.property(list, fc.integer({ min: -1, max: 3_001 }), (values, bar) => {
        const ours = new SortedValues();
        for (const one of values) ours.add(one);
        const sorted = [...values].sort((a, b) => a - b);
        expect(Array.from(sorted.keys(), (place) => ours.at(place))).toEqual(sorted);
        expect(ours.count).toBe(values.length);
        expect(ours.below(bar)).toBe(values.filter((one) => one < bar).length);
        expect(() => ours.at(values.length)).toThrow(String(values.length));
      }),
      { numRuns: 40 },
    );
  });

  test("the worst comes first, whenever what was put in and taken away", () => {
    const moves = fc.array(fc.option(value, { freq: 3 }), { maxLength: 80 });
    fc.assert(
      fc.property(moves, goal, (list, way) => {
        const heap = new WorstFirst<string>(way);
        let left: number[] = [];
        for (const key of list) {
          if (key !== null) {
            heap.push(key, `of ${key}`);
            left.push(key);
          } else {
            heap.pop();
            left = Array.from(bestFirst(way, left)).slice(0, -1);
          }
          const worst = Array.from(bestFirst(way, left)).at(-1);
          expect(heap.worst).toEqual(worst === undefined ? undefined : { key: worst, item: `of ${worst}` });
        }
      }),
    );
  });
});

describe("a verdict by place", () => {
  const rules: FieldRule[] = [
    { type: "hyperband", minIter: 1, eta: 3, strict: true },
    { type: "hyperband", minIter: 1, eta: 1.3, strict: false },
    { type: "asha", minIter: 1, eta: 3, strict: true, by: "count", grace: 0 },
    { type: "median", grace: 0, minRuns: 3, every: 1 },
    { type: "percentile", grace: 0, minRuns: 1, every: 1, percent: 31 },
    { type: "funnel", grace: 2, minRuns: 3, every: 1, percent: 33, final: 10 },
  ];

  test("is the one that each rule's own words give of the whole field", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(...rules),
        goal,
        fc.integer({ min: 1, max: 60 }),
        fc.nat(30),
        (values, rule, way, band, gone) => {
          const standing = new Standing(rule, way, band);
          for (const one of values) standing.add(one);
          const own = values[0] as number;
          const objective = way === "minimize" ? own - 0.5 : own + 0.5;
          const judged = rule.type === "hyperband" && !rule.strict ? objective : own;
          const verdict = standing.judge(own, gone, judged);
          const threshold = inWords(rule, way, band, values, gone);
          expect(verdict).toEqual({
            stop: threshold !== null && isBetter(way, threshold, judged),
            rule: rule.type,
            band,
            value: judged,
            threshold,
            rank: 1 + values.filter((other) => isBetter(way, other, judged)).length,
            of: values.length + (rule.type === "funnel" ? gone : 0),
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  /** The threshold for the first of these, from sorted lists. */
  function inWords(rule: FieldRule, way: Goal, band: number, values: readonly number[], gone: number) {
    const all = bestFirst(way, values);
    const others = bestFirst(way, values.slice(1));
    const n = all.length;
    switch (rule.type) {
      case "hyperband":
        return all[Math.trunc((1 / rule.eta) * n)] ?? null;
      case "asha":
        return all[Math.max(1, Math.floor(n / rule.eta)) - 1] ?? null;
      case "funnel": {
        const crowd = others.length + gone;
        if (crowd < rule.minRuns || band < rule.grace) return null;
        const share = Math.max(rule.final, rule.percent * Math.sqrt(rule.grace / band)) / 100;
        return others[Math.floor(share * crowd + Math.sqrt(share * (1 - share) * crowd))] ?? null;
      }
      default:
        if (others.length < rule.minRuns) return null;
        return quantileOfSorted(others, rule.type === "median" ? 0.5 : rule.percent / 100);
    }
  }
});
