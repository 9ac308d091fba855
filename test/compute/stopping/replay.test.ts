import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RecordedRun, replayStopping } from "@/compute/stopping/replay";
import { savingsOf } from "@/compute/stopping/savings";
import type { EarlyTerminate } from "@/core/sweep-config";

const RULES: EarlyTerminate[] = [
  { type: "hyperband", minIter: 2, eta: 2, strict: true },
  { type: "hyperband", minIter: 2, eta: 2, strict: false },
  { type: "asha", minIter: 1, eta: 3, strict: true, by: "count", grace: 0 },
  { type: "asha", bands: [3, 9], eta: 2, strict: false, by: "step", grace: 0 },
  { type: "median", grace: 2, minRuns: 2, every: 1 },
  { type: "percentile", grace: 0, minRuns: 2, every: 3, percent: 25 },
  { type: "funnel", grace: 2, minRuns: 2, every: 1, percent: 33, final: 10 },
  { type: "wilcoxon", grace: 2, minRuns: 1, every: 1, pThreshold: 0.2 },
  { type: "patience", grace: 3, patience: 2, minDelta: 0 },
];

/** One after the other, unless times say otherwise: value i of run r at time r * 100 + i. */
const record = (
  runs: readonly (readonly number[])[],
  at = (run: number, i: number) => run * 100 + i,
): RecordedRun[] =>
  runs.map((values, run) => ({
    runId: run + 1,
    steps: Float64Array.from(values.keys()),
    times: Float64Array.from(values.keys(), (i) => at(run, i)),
    values: Float64Array.from(values),
  }));

describe("recorded runs, played again", () => {
  test("are stopped where the rule would have stopped them", () => {
    const rule = { type: "asha", bands: [2], eta: 2, strict: true, by: "count", grace: 0 } as const;
    const runs = record([
      [9, 5, 1],
      [9, 6, 0],
      [9, 4, 3],
    ]);
    expect(replayStopping(rule, "minimize", runs)).toEqual([
      { runId: 1, kept: 3, total: 3, verdict: null },
      { runId: 2, kept: 2, total: 3, verdict: expect.objectContaining({ band: 2, value: 6, threshold: 5 }) },
      { runId: 3, kept: 3, total: 3, verdict: null },
    ]);
    expect(savingsOf(rule, "minimize", runs)).toEqual({
      runs: 3,
      stopped: 1,
      spent: 8 / 9,
      bestDecile: 1,
      bestDecileStopped: 1,
      bestRunStopped: true,
      best: 0,
      bestFound: 1,
    });
  });

  test("are judged by what had been logged by then: hyperband stops one long after its band", () => {
    const rule = { type: "hyperband", minIter: 1, eta: 3, strict: true } as const;
    const side = record(
      [
        [3, 3],
        [2, 2],
        [1, 1],
        [0, 0],
      ],
      (run, i) => (run === 0 && i > 0 ? 1_000 : run * 100 + i),
    );
    const [first] = replayStopping(rule, "minimize", side);
    expect(first).toMatchObject({ kept: 1, verdict: { band: 1, value: 3, threshold: 2, rank: 2, of: 2 } });
  });

  test("lose nothing by their order in the list, and a stopped run is told once and stays stopped", () => {
    const runs = fc.array(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 20 }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        runs,
        fc.constantFrom(...RULES),
        fc.constantFrom("minimize", "maximize"),
        (values, rule, goal) => {
          const recorded = record(values, (run, i) => i * 10 + run);
          const replayed = replayStopping(rule, goal, recorded);
          const turned = replayStopping(rule, goal, [...recorded].reverse());
          expect(turned.reverse()).toEqual(replayed);
          for (const { kept, total, verdict } of replayed) {
            expect(verdict === null ? kept === total : kept < total && kept >= 1).toBe(true);
            if (verdict) expect(verdict.stop).toBe(true);
          }
        },
      ),
    );
  });

  test("what is saved and lost adds up", () => {
    const runs = fc.array(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(runs, fc.constantFrom(...RULES), (values, rule) => {
        const recorded = record(values, (run, i) => i * 100 + run);
        const replayed = replayStopping(rule, "minimize", recorded);
        const savings = savingsOf(rule, "minimize", recorded);
        const spent = replayed.reduce((sum, { kept }) => sum + kept, 0);
        expect(savings.spent).toBeCloseTo(spent / values.flat().length, 12);
        expect(savings.stopped).toBe(replayed.filter(({ verdict }) => verdict !== null).length);
        expect(savings.bestDecile).toBeGreaterThanOrEqual(Math.ceil(values.length / 10));
        expect(savings.best).toBe(Math.min(...values.flat()));
        expect(savings.bestFound).toBeGreaterThanOrEqual(savings.best);
        if (!savings.bestRunStopped) expect(savings.bestFound).toBe(savings.best);
      }),
    );
  });
});
