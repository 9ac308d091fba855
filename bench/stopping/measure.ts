import { readFileSync } from "node:fs";
import { join } from "node:path";
import { candidateRules } from "@/compute/stopping/candidates";
import type { RecordedRun } from "@/compute/stopping/replay";
import { savingsOf } from "@/compute/stopping/savings";
import { type EarlyTerminate, parseSweepConfig } from "@/core/sweep-config";
import { drawUnit, openStream } from "@/math/random";

/**
 * What each rule of early stopping saves and loses on real curves, each set of them the held-out losses of one kind of training (record.ts,
 * record_others.py). Sweeps of 100 of the recorded runs in 40 random orders; a run begins when a place is free in the sweep as it was
 * recorded, without stopping.
 */
export const SWEEPS = 40;
export const RUNS = 100;

/** The numbers of `funnel` were chosen on the digits; no rule was tuned on the others. */
export const SETS = ["digits", "boosting", "schedule", "restarts", "wine", "diabetes", "errors"] as const;
export type CurveSet = (typeof SETS)[number];

interface Recorded {
  readonly curves: readonly (readonly number[])[];
  readonly length: number;
}

const read = new Map<CurveSet, Recorded>();

export function recorded(set: CurveSet): Recorded {
  const known = read.get(set);
  if (known) return known;
  const text = readFileSync(join(import.meta.dirname, `${set}.json`), "utf8");
  const curves = (JSON.parse(text) as (number | null)[][])
    .map((curve) => curve.flatMap((value) => (value === null ? [] : [value])))
    .filter((curve) => curve.length > 0);
  const found = { curves, length: Math.max(...curves.map((curve) => curve.length)) };
  read.set(set, found);
  return found;
}

/** How many runs were recorded, and over how many epochs. */
export function describeSet(set: CurveSet): { runs: number; epochs: number } {
  const { curves, length } = recorded(set);
  return { runs: curves.length, epochs: length };
}

/** The usual settings for runs of such a length, one that is softer, and of the digits some that are earlier. */
function rulesOf(set: CurveSet): { flow: string; rule: EarlyTerminate }[] {
  const { length } = recorded(set);
  const soft = { type: "hyperband", min_iter: Math.ceil(length / 10), eta: 3, strict: "false" };
  const more = [
    { type: "hyperband", min_iter: 1, eta: 3 },
    { type: "asha", min_iter: 1, eta: 3 },
    { type: "percentile", percent: 60, grace: 2 },
    { type: "funnel", grace: 2 },
  ];
  return [...candidateRules(length), soft, ...(set === "digits" ? more : [])].map((rule) => {
    const flow = `{${Object.entries(rule)
      .map(([key, value]) => `${key}: ${value}`)
      .join(", ")}}`;
    return { flow, rule: readRule(flow) };
  });
}

/** Shares of 1, means over the sweeps. */
export interface Saving {
  /** The rule as a sweep file has it. */
  readonly rule: string;
  /** Of all epochs. */
  readonly spent: number;
  /** Of the best tenth of each sweep's runs, those that were stopped. */
  readonly lost: number;
  /** Of the sweeps, those whose best run was stopped. */
  readonly bestLost: number;
  /** How much worse the best value that is left is, as a part of the best. */
  readonly behind: number;
}

export function measureRules(agents: number, set: CurveSet = "digits"): Saving[] {
  const sweeps = Array.from({ length: SWEEPS }, (_, sweep) => drawSweep(set, sweep, agents));
  return rulesOf(set).map(({ flow, rule }) => {
    const all = sweeps.map((runs) => savingsOf(rule, "minimize", runs));
    const mean = (of: (one: (typeof all)[number]) => number) =>
      all.reduce((sum, one) => sum + of(one) / all.length, 0);
    return {
      rule: flow,
      spent: mean((one) => one.spent),
      lost: mean((one) => one.bestDecileStopped / one.bestDecile),
      bestLost: mean((one) => Number(one.bestRunStopped)),
      behind: mean((one) => one.bestFound / one.best - 1),
    };
  });
}

const drawSweep = (set: CurveSet, sweep: number, agents: number): RecordedRun[] =>
  arrange(recorded(set).curves, sweep, agents);

/** A random choice of the recorded runs in random order, each on the agent that is free first; an epoch takes a unit of time. */
export function arrange(
  curves: readonly (readonly number[])[],
  sweep: number,
  agents: number,
): RecordedRun[] {
  const stream = openStream("4", ["stopping", String(sweep)]);
  const order = curves
    .map((curve, i) => ({ curve, at: drawUnit(stream, BigInt(i)) }))
    .sort((a, b) => a.at - b.at)
    .slice(0, RUNS);
  const free = new Array<number>(agents).fill(0);
  return order.map(({ curve }, runId) => {
    const agent = free.indexOf(Math.min(...free));
    // Agents are never quite as fast as each other.
    const pace = 0.8 + 0.4 * drawUnit(stream, BigInt(10_000 + runId));
    const start = free[agent] as number;
    free[agent] = start + curve.length * pace;
    return {
      runId,
      steps: Float64Array.from(curve.keys()),
      times: Float64Array.from(curve.keys(), (epoch) => start + (epoch + 1) * pace),
      values: Float64Array.from(curve),
    };
  });
}

function readRule(flow: string): EarlyTerminate {
  const { config } = parseSweepConfig(
    `method: random\nmetric: {name: x, goal: minimize}\nparameters: {x: {value: 1}}\nearly_terminate: ${flow}\n`,
  );
  if (config?.earlyTerminate === undefined) throw new Error(`not a rule: ${flow}`);
  return config.earlyTerminate;
}
