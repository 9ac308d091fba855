import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scheduleFor } from "@/compute/stopping/schedule";
import { Standing } from "@/compute/stopping/standing";
import { crossedRungs } from "@/core/history/bands";
import type { Goal } from "@/core/sweep";
import { type Hyperband, parseSweepConfig } from "@/core/sweep-config";

/** What `stop_runs` of W&B's engine said (test/fixtures/reference/make-stopping.py). */
interface Case {
  readonly rule: object;
  readonly goal: Goal;
  readonly runs: readonly [state: string, history: readonly (number | string | null)[]][];
  /** Of minimised values. */
  readonly thresholds: readonly [band: number, threshold: number][];
  readonly stop: readonly number[];
}

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/reference/wandb-hyperband.json"), "utf8"),
) as Case[];

describe("hyperband", () => {
  test("stops the runs that W&B's engine stops, at its thresholds, for both forms, strict or not", () => {
    const ours = cases.map(({ rule, goal, runs }) => {
      const read = readRule(rule, goal);
      const verdicts = judgeAll(
        read,
        goal,
        runs.map(([state, history]) => ({ running: state === "running", values: toNumbers(history) })),
      );
      return { stop: verdicts.filter(({ stop }) => stop).map(({ runId }) => runId), verdicts };
    });
    expect(ours.map(({ stop }) => stop.sort((a, b) => a - b))).toEqual(cases.map(({ stop }) => stop));
    for (const [i, { goal, thresholds }] of cases.entries()) {
      const known = new Map(thresholds);
      // A negated zero is no other threshold.
      const minimised = (value: number | null) => (goal === "minimize" ? 1 : -1) * Number(value) + 0;
      for (const { band, threshold } of ours[i]?.verdicts ?? [])
        expect(minimised(threshold)).toBe(Number(known.get(band)) + 0);
    }
  });

  test("names the place that a run has among all that came to its band", () => {
    const verdicts = judgeAll({ type: "hyperband", minIter: 1, eta: 2, strict: true }, "maximize", [
      { running: false, values: [0.9] },
      { running: true, values: [0.7] },
      { running: true, values: [0.8] },
      { running: true, values: [0.7, 0.95] },
    ]);
    expect(verdicts).toEqual([
      { runId: 1, stop: false, rule: "hyperband", band: 1, value: 0.7, threshold: 0.7, rank: 3, of: 4 },
      { runId: 2, stop: false, rule: "hyperband", band: 1, value: 0.8, threshold: 0.7, rank: 2, of: 4 },
      { runId: 3, stop: false, rule: "hyperband", band: 2, value: 0.95, threshold: 0.95, rank: 1, of: 1 },
    ]);
  });

  test("stops nobody that shares its value with the threshold, and always lets the best run go on", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 1.01, max: 9, noNaN: true }),
        fc.constantFrom<Goal>("minimize", "maximize"),
        (values, eta, goal) => {
          const standing = new Standing({ type: "hyperband", minIter: 1, eta, strict: true }, goal, 1);
          for (const value of values) standing.add(value);
          const verdicts = values.map((value) => standing.judge(value, 0));
          const go = verdicts.filter(({ stop }) => !stop);
          expect(go.length).toBeGreaterThan(Math.trunc((1 / eta) * values.length));
          for (const { value, threshold, stop } of verdicts)
            expect(stop).toBe(goal === "minimize" ? value > Number(threshold) : value < Number(threshold));
        },
      ),
    );
  });
});

function readRule(rule: object, goal: Goal): Hyperband {
  const { config } = parseSweepConfig({
    json: {
      method: "random",
      metric: { name: "loss", goal },
      early_terminate: rule,
      parameters: { a: { values: [1, 2] } },
    },
  });
  if (config?.earlyTerminate?.type !== "hyperband") throw new Error(`not read: ${JSON.stringify(rule)}`);
  return config.earlyTerminate;
}

const toNumbers = (history: readonly (number | string | null)[]): number[] =>
  history.flatMap((value) => (value === null ? [] : [Number(value)]));

/** The whole sweep from its histories, as the engine does it rung by rung. */
function judgeAll(rule: Hyperband, goal: Goal, runs: readonly { running: boolean; values: number[] }[]) {
  const schedule = scheduleFor(rule);
  const rungs = runs.flatMap(({ running, values }, runId) => {
    const points = { steps: Float64Array.from(values.keys()), values: Float64Array.from(values) };
    const own = crossedRungs(schedule, goal, { position: 0, best: null }, points);
    const finite = values.filter(Number.isFinite);
    const objective = goal === "minimize" ? Math.min(...finite) : Math.max(...finite);
    return own.map((rung) => ({ ...rung, runId, objective, judged: running && rung === own.at(-1) }));
  });
  const bands = [...new Set(rungs.map(({ band }) => band))].sort((a, b) => a - b);
  return bands.flatMap((band) => {
    const field = rungs.filter((rung) => rung.band === band);
    const standing = new Standing(rule, goal, band);
    for (const { value } of field) standing.add(value);
    return field
      .filter(({ judged }) => judged)
      .map(({ runId, value, objective }) => ({
        runId,
        ...standing.judge(value, 0, rule.strict ? value : objective),
      }));
  });
}
