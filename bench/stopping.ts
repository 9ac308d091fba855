import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toTable } from "@/agent/table";
import { candidateRules } from "@/compute/stopping/candidates";
import type { RecordedRun } from "@/compute/stopping/replay";
import { savingsOf } from "@/compute/stopping/savings";
import { type EarlyTerminate, parseSweepConfig } from "@/core/sweep-config";
import { drawUnit, openStream } from "@/math/random";

/**
 * How much training each rule saves on real curves, and what it loses: `npx tsx bench/stopping.ts`. The curves are held-out
 * losses of the digits example (bench/stopping/record.ts). Sweeps of 100 of the recorded runs in 40 random orders, by 1, 8 and 32 agents; a run begins
 * when a place is free in the sweep as it was recorded, without stopping. Spent: of all epochs. Lost: of the best tenth of each sweep's runs,
 * those that were stopped. Behind: how much worse the best value that is left is, in hundredths of the loss.
 */
const SWEEPS = 40;
const RUNS = 100;

const curves = (
  JSON.parse(readFileSync(join(import.meta.dirname, "stopping/digits.json"), "utf8")) as (number | null)[][]
).map((curve) => curve.flatMap((value) => (value === null ? [] : [value])));
const length = Math.max(...curves.map((curve) => curve.length));

const rules = [
  ...candidateRules(length),
  { type: "hyperband", min_iter: 3, eta: 3, strict: "false" },
  { type: "hyperband", min_iter: 1, eta: 3 },
  { type: "asha", min_iter: 1, eta: 3 },
  { type: "percentile", percent: 60, grace: 2 },
].map((rule) => {
  const flow = `{${Object.entries(rule)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ")}}`;
  return { flow, rule: readRule(flow) };
});

console.log(`${curves.length} runs of ${length} epochs; ${SWEEPS} sweeps of ${RUNS} runs each`);
for (const agents of [1, 8, 32]) {
  const sweeps = Array.from({ length: SWEEPS }, (_, sweep) => drawSweep(sweep, agents));
  console.log(`\n${agents} agents`);
  console.log(
    toTable(
      ["RULE", "SPENT %", "TIMES LESS", "LOST %", "BEST RUN LOST %", "BEHIND %"],
      rules.map(({ flow, rule }) => [flow, ...measure(rule, sweeps)]),
    ),
  );
}

function measure(rule: EarlyTerminate, sweeps: readonly RecordedRun[][]): string[] {
  const all = sweeps.map((runs) => savingsOf(rule, "minimize", runs));
  const mean = (of: (one: (typeof all)[number]) => number) =>
    all.reduce((sum, one) => sum + of(one) / all.length, 0);
  const spent = mean((one) => one.spent);
  return [
    (100 * spent).toFixed(1),
    (1 / spent).toFixed(2),
    (100 * mean((one) => one.bestDecileStopped / one.bestDecile)).toFixed(1),
    (100 * mean((one) => Number(one.bestRunStopped))).toFixed(1),
    (100 * mean((one) => one.bestFound / one.best - 1)).toFixed(2),
  ];
}

/** A random choice of the recorded runs in random order, each on the agent that is free first; an epoch takes a unit of time. */
function drawSweep(sweep: number, agents: number): RecordedRun[] {
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
