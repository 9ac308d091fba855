import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgePatience, type Mark, markAfter } from "@/compute/stopping/patience";
import { type FieldRule, measureOf } from "@/compute/stopping/place";
import { scheduleFor } from "@/compute/stopping/schedule";
import { signedRankP } from "@/compute/stopping/signed-rank";
import { Standing } from "@/compute/stopping/standing";
import { judgeWilcoxon } from "@/compute/stopping/wilcoxon";
import { type Goal, isBetter } from "@/core/sweep";

const goal = fc.constantFrom<Goal>("minimize", "maximize");
const small = fc.integer({ min: -6, max: 6 });

/** What a rule says of the run with the value `own`, one of these. */
function judgeAmong(
  rule: FieldRule,
  way: Goal,
  band: number,
  values: readonly number[],
  own: number,
  gone = 0,
) {
  const standing = new Standing(rule, way, band);
  for (const value of values) standing.add(value);
  return standing.judge(own, gone);
}

const lastOf = (values: readonly number[]): number => values.at(-1) ?? Number.NaN;
const ASHA = { type: "asha", grace: 0, by: "count", strict: true } as const;
const AMONG = { grace: 0, every: 1 } as const;

describe("asha", () => {
  test("lets the first run go on, and of two the better one", () => {
    const judge = (values: number[]) =>
      judgeAmong({ ...ASHA, eta: 3 }, "minimize", 9, values, lastOf(values));
    expect(judge([5])).toMatchObject({ stop: false, threshold: 5, rank: 1, of: 1 });
    expect(judge([5, 6])).toMatchObject({ stop: true, threshold: 5, rank: 2, of: 2 });
    expect(judge([5, 4])).toMatchObject({ stop: false, threshold: 4, rank: 1, of: 2 });
  });

  test("compares the value at the band, or else the best so far", () => {
    expect(measureOf({ ...ASHA, eta: 2 })).toBe("value");
    expect(measureOf({ ...ASHA, eta: 2, strict: false })).toBe("best");
  });

  test("stops whoever is outside the best n / eta, and nobody inside or level with the last of them", () => {
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(1.5, 2, 3, 4),
        goal,
        (values, eta, way) => {
          const own = lastOf(values);
          const { stop, rank } = judgeAmong({ ...ASHA, eta }, way, 1, values, own);
          const better = values.filter((other) => isBetter(way, other, own)).length;
          expect(rank).toBe(better + 1);
          expect(stop).toBe(better >= Math.max(1, Math.floor(values.length / eta)));
        },
      ),
    );
  });
});

describe("median and percentile", () => {
  test("wait until enough others have come as far", () => {
    const judge = (values: number[]) =>
      judgeAmong({ type: "median", ...AMONG, minRuns: 3 }, "maximize", 1, values, lastOf(values));
    expect(judge([5, 6, 0])).toMatchObject({ stop: false, threshold: null, rank: 3, of: 3 });
    expect(judge([5, 6, 7, 0])).toMatchObject({ stop: true, threshold: 6, rank: 4, of: 4 });
    expect(judge([5, 6, 7, 6])).toMatchObject({ stop: false });
  });

  test("a smaller percentile lets fewer go on, and 50 is the median", () => {
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 2, maxLength: 30 }),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
        goal,
        (values, a, b, way) => {
          const judge = (percent: number) =>
            judgeAmong({ type: "percentile", ...AMONG, minRuns: 1, percent }, way, 1, values, lastOf(values));
          const [low, high] = [judge(Math.min(a, b)), judge(Math.max(a, b))];
          expect(low.stop || !high.stop).toBe(true);
          const median = judgeAmong({ type: "median", ...AMONG, minRuns: 1 }, way, 1, values, lastOf(values));
          expect(judge(50)).toEqual({ ...median, rule: "percentile" });
        },
      ),
    );
  });
});

describe("funnel", () => {
  const rule = { type: "funnel", grace: 4, every: 1, minRuns: 5, percent: 50, final: 10 } as const;
  const judge = (band: number, values: readonly number[], gone = 0) =>
    judgeAmong(rule, "minimize", band, values, lastOf(values), gone);
  /** One run after `count` others with the values 1, 2, ...: the best place, counted in better ones, that is stopped. */
  const firstStopped = (band: number, count: number, gone = 0): number => {
    const others = Array.from({ length: count }, (_, i) => i + 1);
    return others.findIndex((value) => judge(band, [...others, value + 0.5], gone).stop) + 1;
  };

  test("waits until enough others have come as far or were stopped before", () => {
    expect(judge(4, [1, 2, 3, 4, 9])).toMatchObject({ stop: false, threshold: null });
    expect(judge(4, [1, 2, 3, 4, 5, 9])).toMatchObject({ stop: true, rank: 6, of: 6 });
    expect(judge(16, [1, 2, 3, 9], 2)).toMatchObject({ stop: true, rank: 4, of: 6 });
  });

  test("lets fewer go on the longer runs are, down to its final share, and one standard error more than the share", () => {
    // Of 100: 1 + ⌊50 + 5⌋, then 1 + ⌊25 + 4.3⌋, then 1 + ⌊10 + 3⌋ places; whoever has that many better ones is stopped.
    expect([4, 16, 100, 1_000_000].map((band) => firstStopped(band, 100))).toEqual([56, 30, 14, 14]);
  });

  test("counts those that were stopped before as worse, so that halves of halves are not halved again", () => {
    expect(firstStopped(16, 50, 50)).toBe(firstStopped(16, 100));
    expect(firstStopped(16, 50)).toBeLessThan(firstStopped(16, 50, 50));
  });

  test("looks at nobody before the grace, and from there on at every so many values", () => {
    expect(judge(3, [1, 2, 3, 4, 5, 9])).toMatchObject({ stop: false, threshold: null });
    const looks = scheduleFor({ ...rule, every: 3 });
    expect([0, 1, 4, 7].map((position) => looks.after(position))).toEqual([1, 4, 7, 10]);
  });

  test("lets a run go on that is catching up: a quarter of its late improvement more would bring it there", () => {
    const standing = new Standing(rule, "minimize", 16);
    for (const value of [1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5]) standing.add(value);
    const judged = (before: number | null) => standing.judge(9.5, 0, 9.5, before);
    // Of nine others ⌊2.25 + 1.3⌋ places and one: the threshold is 4, and 9.5 has to fall by 5.5.
    expect(judged(null)).toMatchObject({ stop: true, threshold: 4 });
    expect(judged(9.5 + 4 * 5.5 - 0.1)).toMatchObject({ stop: true });
    expect(judged(9.5 + 4 * 5.5)).toMatchObject({ stop: false, threshold: 4 });
    const upward = new Standing(rule, "maximize", 16);
    for (const value of [1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5]) upward.add(value);
    expect(upward.judge(1, 0, 1, 1 - 4 * 6).stop).toBe(false);
    expect(upward.judge(1, 0, 1, 1 - 4 * 5).stop).toBe(true);
  });

  test("never stops the best, nor a run that is level with one that goes on, whichever way is better", () => {
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 0, max: 40 }),
        goal,
        (values, band, gone, way) => {
          const verdicts = values.map((own) =>
            judgeAmong({ ...rule, minRuns: 1 }, way, band, values, own, gone),
          );
          for (const [a, one] of verdicts.entries())
            for (const [b, other] of verdicts.entries())
              if (one.stop && !other.stop) expect(isBetter(way, values[b] ?? 0, values[a] ?? 0)).toBe(true);
          expect(verdicts.some(({ stop }) => !stop)).toBe(true);
        },
      ),
    );
  });
});

describe("the signed-rank test", () => {
  test("agrees with SciPy's to 12 digits, counted out and approximated", () => {
    const rows = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../fixtures/reference/scipy-wilcoxon.json"), "utf8"),
    ) as { differences: number[]; p: number }[];
    for (const { differences, p } of rows) expect(signedRankP(differences)).toBeCloseTo(p, 12);
  });

  test("is the share of signs that would do as well, ties and zeros among them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 9 }),
        (differences) => {
          expect(signedRankP(differences)).toBeCloseTo(shareBySigns(differences), 12);
        },
      ),
    );
  });

  test("counted out and approximated differ by little where one takes over from the other", () => {
    fc.assert(
      fc.property(
        // None zero and no ties: of fifty zeros one more difference decides all.
        fc.uniqueArray(fc.double({ min: 1e-3, max: 1, noNaN: true }), { minLength: 50, maxLength: 50 }),
        fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
        (sizes, signs) => {
          const differences = sizes.map((size, i) => (signs[i] ? size : -size));
          const more = [...differences, Number.MIN_VALUE];
          // The smallest difference of all lifts every rank by one: the sum of the positive ones' by as many as there are, which
          // is no news where they are half of the fifty, and else so many standard deviations (103.6) times the bell's height.
          const lifted = signs.filter(Boolean).length - 25;
          const most = 0.02 + (0.4 * Math.abs(lifted)) / 103.6;
          expect(Math.abs(signedRankP(differences) - signedRankP(more))).toBeLessThan(most);
        },
      ),
    );
  });
});

describe("wilcoxon", () => {
  const rule = { grace: 2, minRuns: 1, pThreshold: 0.1 };
  const judge = (own: number[], best: number[], way: Goal = "minimize") =>
    judgeWilcoxon(rule, way, own.length, { own, best, others: 1 });

  test("stops a run that is worse in fold after fold, as soon as that can be no chance", () => {
    const best = [1, 2, 3, 4, 5];
    const stops = best.map(
      (_, i) =>
        judge(
          best.slice(0, i + 1).map((x) => x + 1),
          best.slice(0, i + 1),
        ).stop,
    );
    // Of n folds all worse, p is 1 / 2^n: 0.125 of three, 0.0625 of four.
    expect(stops).toEqual([false, false, false, true, true]);
    expect(judge([0, 1, 2, 3], [1, 2, 3, 4], "maximize").stop).toBe(true);
  });

  test("never stops a run whose mean is the best, and stops none twice as sure when both are turned round", () => {
    const values = fc.array(fc.tuple(small, small), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, goal, (pairs, way) => {
        const own = pairs.map(([a]) => a);
        const best = pairs.map(([, b]) => b);
        const { stop, value, threshold } = judge(own, best, way);
        if (!isBetter(way, Number(threshold), value)) expect(stop).toBe(false);
        expect(stop && judge(best, own, way).stop).toBe(false);
      }),
    );
  });
});

describe("patience", () => {
  const rule = { minDelta: 0.5, patience: 3, grace: 0 };
  const points = (values: readonly number[], from = 0) => ({
    steps: Float64Array.from(values.keys(), (i) => i + from),
    values: Float64Array.from(values),
  });

  test("counts from the last improvement by more than min_delta, measured against the one before", () => {
    const values = [5, 4.6, 4.4, Number.NaN, 4.2, 4.0, 4.1];
    const { count, mark, last } = markAfter(rule, "minimize", { count: 0, mark: null }, points(values));
    expect({ count, mark, last }).toEqual({
      count: 6,
      mark: { band: 3, value: 4.4, best: 4.4, step: 2 },
      last: 4.1,
    });
    const verdict = judgePatience(rule, { count, mark: mark as Mark, last: 4.1 });
    expect(verdict).toMatchObject({ stop: true, band: 6, value: 4.1, threshold: 4.4, rank: null });
    expect(judgePatience({ ...rule, grace: 7 }, { count, mark: mark as Mark, last: 4.1 }).stop).toBe(false);
  });

  test("comes to the same, however the values are cut into batches", () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 40 }), fc.nat(40), goal, (values, cut, way) => {
        const whole = markAfter(rule, way, { count: 0, mark: null }, points(values));
        const first = markAfter(rule, way, { count: 0, mark: null }, points(values.slice(0, cut)));
        const second = markAfter(rule, way, first, points(values.slice(cut), Math.min(cut, values.length)));
        expect({ count: second.count, mark: second.mark }).toEqual({ count: whole.count, mark: whole.mark });
      }),
    );
  });
});

describe("where a rule looks", () => {
  const looks = (schedule: ReturnType<typeof scheduleFor>, until: number): number[] => {
    const found: number[] = [];
    for (let at = schedule.after(0); at !== undefined && at <= until; at = schedule.after(at)) found.push(at);
    return found;
  };
  const among = { minRuns: 5, every: 5 };

  test("asha at its bands from the grace on; the others at the grace and every so many values behind it", () => {
    const asha = { type: "asha", eta: 3, strict: true, by: "count", grace: 5 } as const;
    expect(looks(scheduleFor({ ...asha, minIter: 1 }), 100)).toEqual([9, 27, 81]);
    expect(looks(scheduleFor({ ...asha, bands: [4, 6, 90] }), 100)).toEqual([6, 90]);
    expect(looks(scheduleFor({ type: "median", ...among, grace: 0 }), 20)).toEqual([5, 10, 15, 20]);
    expect(looks(scheduleFor({ type: "median", ...among, grace: 12 }), 30)).toEqual([12, 17, 22, 27]);
    expect(looks(scheduleFor({ type: "median", ...among, every: 1, grace: 0 }), 3)).toEqual([1, 2, 3]);
  });

  test("wilcoxon pairs what comes before the grace as well", () => {
    const rule = { type: "wilcoxon", pThreshold: 0.1, minRuns: 2 } as const;
    expect(looks(scheduleFor({ ...rule, grace: 2, every: 1 }), 4)).toEqual([1, 2, 3, 4]);
    expect(looks(scheduleFor({ ...rule, grace: 12, every: 5 }), 20)).toEqual([2, 7, 12, 17]);
  });

  test("thins out in long runs, at the same places from wherever one looks", () => {
    const schedule = scheduleFor({ type: "median", minRuns: 5, every: 1, grace: 0 });
    const all = looks(schedule, 1_000_000);
    expect(all.slice(0, 255)).toEqual(Array.from({ length: 255 }, (_, i) => i + 1));
    expect(all.length).toBeLessThan(1_800);
    fc.assert(
      fc.property(fc.nat(999_000), (position) => {
        const next = schedule.after(position);
        expect(next).toBe(all.find((band) => band > position));
        expect(Number(next) - position).toBeLessThanOrEqual(Math.max(1, position / 64));
      }),
    );
  });
});

/** All ways to set the signs of the differences that are none of them zero. */
function shareBySigns(differences: readonly number[]): number {
  const sizes = differences.map(Math.abs);
  const ranks = sizes.map(
    (size) =>
      sizes.filter((other) => other < size).length + (sizes.filter((other) => other === size).length + 1) / 2,
  );
  const free = ranks.filter((_, i) => differences[i] !== 0);
  const seen = ranks.reduce((sum, rank, i) => sum + ((differences[i] ?? 0) > 0 ? rank : 0), 0);
  let as = 0;
  for (let signs = 0; signs < 2 ** free.length; signs++)
    if (free.reduce((sum, rank, i) => sum + ((signs >> i) & 1 ? rank : 0), 0) >= seen) as++;
  return as / 2 ** free.length;
}
