import { RandomForestRegression } from "ml-random-forest";
import { importanceOf } from "@/compute/analysis/importance";
import { parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { growForest } from "@/math/forest";
import { drawUnit, openStream } from "@/math/random";

/**
 * What importance costs by runs and parameters: `npm run bench -- importance`. Processor time of this process, not time on the
 * wall, so that the figures hold beside other work; the forest alone beside all of it.
 */
const GOALS: Readonly<Record<string, number>> = { "1000 20": 150, "10000 20": 1_000, "50000 50": 15_000 };

const stream = openStream("11", ["bench"]);
let counter = 0n;
const draw = () => drawUnit(stream, counter++);

/** Friedman's first function of the first five, a little noise, and columns of nothing. */
function makeRuns(runs: number, parameters: number) {
  const names = Array.from({ length: parameters }, (_, i) => `x${i}`);
  const { config } = parseSweepConfig(
    `method: random\nmetric: {name: y, goal: minimize}\nparameters:\n${names.map((name) => `  ${name}: {min: 0.0, max: 1.0}\n`).join("")}`,
  );
  if (!config) throw new Error("the file can't be read");
  const rows = Array.from({ length: runs }, () => names.map(draw));
  const values = rows.map(
    ([a = 0, b = 0, c = 0, d = 0, e = 0]) =>
      10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + draw(),
  );
  const params = rows.map((row) => JSON.stringify(Object.fromEntries(row.map((x, i) => [names[i], x]))));
  return {
    input: { config: serializeConfig(config), goal: "minimize" as const, params, values, without: 0 },
    rows,
  };
}

function cpuMs(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

console.log(`Node ${process.version}; medians, ms of processor time`);
console.log("    runs  parameters      forest         all        goal");
for (const [runs, parameters] of [
  [100, 5],
  [100, 20],
  [1_000, 5],
  [1_000, 20],
  [1_000, 50],
  [10_000, 5],
  [10_000, 20],
  [10_000, 50],
  [50_000, 50],
] as const) {
  const { input, rows } = makeRuns(runs, parameters);
  const values = new Float64Array(runs * parameters);
  for (const [row, own] of rows.entries()) for (const [at, x] of own.entries()) values[at * runs + row] = x;
  const table = {
    ...{ rows: runs, values, target: Float64Array.from(input.values) },
    columns: Array.from({ length: parameters }, () => ({ kind: "number" as const })),
  };
  // A server's thread has computed before: half of so many rounds are after the compiler has done its work.
  const rounds = runs > 10_000 ? 1 : runs === 10_000 ? 3 : 21;
  const forest = Array.from({ length: rounds }, () => cpuMs(() => growForest(table, { seed: "bench" })));
  const all = Array.from({ length: rounds }, () => cpuMs(() => importanceOf(input)));
  const goal = GOALS[`${runs} ${parameters}`];
  console.log(
    [runs, parameters, median(forest).toFixed(0), median(all).toFixed(0), goal ?? ""]
      .map((cell, i) => String(cell).padStart(i === 0 ? 8 : 12))
      .join(""),
  );
}

console.log("\n    runs  parameters        good          gp   (ms of processor time)");
for (const [runs, parameters] of [
  [100, 8],
  [1_000, 8],
  [1_000, 20],
  [10_000, 20],
] as const) {
  const { input } = makeRuns(runs, parameters);
  const good = Array.from({ length: 3 }, () => cpuMs(() => importanceOf({ ...input, method: "good" })));
  const gp = [cpuMs(() => importanceOf({ ...input, method: "gp" }))];
  console.log(
    [runs, parameters, median(good).toFixed(0), median(gp).toFixed(0)]
      .map((cell, i) => String(cell).padStart(i === 0 ? 8 : 12))
      .join(""),
  );
}

/** The npm package that grows forests in JavaScript, with the defaults of ours: of 64 trees so many are grown as take some seconds each. */
const OTHERS_TREES = 1;
{
  const [runs, parameters] = [10_000, 20];
  const { input, rows } = makeRuns(runs, parameters);
  const memory = () => process.memoryUsage().rss / 1e6;
  const whole = median(Array.from({ length: 3 }, () => cpuMs(() => importanceOf(input))));
  const ours = memory();
  const options = { seed: 1, maxFeatures: 5 / 6, replacement: true, nEstimators: OTHERS_TREES, noOOB: true };
  const other = new RandomForestRegression({ ...options, treeOptions: { minNumSamples: 5 } });
  const tree = cpuMs(() => other.train(rows, [...input.values])) / OTHERS_TREES;
  console.log(
    `\n${runs} x ${parameters}: ml-random-forest ${((tree * 64) / 1_000).toFixed(0)} s for 64 trees alone (${tree.toFixed(0)} ms each), ours ${(whole / 1_000).toFixed(2)} s with all shares and intervals: ${((tree * 64) / whole).toFixed(0)} times as fast; memory of the process ${ours.toFixed(0)} MB after ours, ${memory().toFixed(0)} MB after theirs`,
  );
}
