import { openPoints, type Points } from "@/compute/search/points";
import { parseSweepConfig } from "@/core/sweep-config";
import { drawUnit, openStream } from "@/math/random";

/**
 * How long one `at()` takes, the part of a claim that chooses the configuration: `npx tsx bench/points.ts`.
 * At the goal of 3,000 claims a second it may cost a few microseconds of the 330 that there are for each.
 */
const ROUNDS = 15;
const POINTS_A_ROUND = 4_000;

const list = (count: number): string => `[${Array.from({ length: count }, (_, i) => i).join(", ")}]`;
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `  p${String(i).padStart(2, "0")}: ${line(i)}`).join("\n");
const typical = `
  batch: {values: [16, 32, 64, 128]}
  data: {value: ./data/digits.csv}
  epochs: {value: 20}
  layers: {values: [[64], [64, 32], [128, 64]]}
  optimizer: {values: [adam, sgd, rmsprop]}
  seed: {distribution: int_uniform, min: 1, max: 10}`;

const sweeps: Record<string, string> = {
  "grid, 8 parameters (the median file)": `method: grid\nparameters:${typical}\n  dropout: {values: [0.0, 0.1, 0.5]}\n  lr: {values: [0.1, 0.01, 0.001]}`,
  "the median file, order random": `method: grid\ngrid_order: random\nparameters:${typical}\n  dropout: {values: [0.0, 0.1, 0.5]}\n  lr: {values: [0.1, 0.01, 0.001]}`,
  "grid, 26 parameters (95th percentile)": `method: grid\nparameters:\n${lines(26, () => `{values: ${list(4)}}`)}`,
  "grid, 10^18 points": `method: grid\nparameters:\n${lines(18, () => `{values: ${list(10)}}`)}`,
  "grid, 10^18 points, order random": `method: grid\ngrid_order: random\nparameters:\n${lines(18, () => `{values: ${list(10)}}`)}`,
  "grid, 20 switches with a conditional range each": `method: grid\nparameters:\n${lines(40, (i) => (i % 2 === 0 ? "{values: [true, false]}" : `{distribution: int_uniform, min: 1, max: 1000000, when: {p${String(i - 1).padStart(2, "0")}: true}}`))}`,
  "random, 8 parameters": `method: random\nparameters:${typical}\n  dropout: {min: 0.0, max: 0.9}\n  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 0.1}`,
  "random, 4 normal and 4 beta": `method: random\nparameters:\n${lines(8, (i) => (i % 2 === 0 ? "{distribution: normal, mu: 0, sigma: 1}" : "{distribution: beta, a: 2, b: 5}"))}`,
};

/** Read at the end, so that nothing measured can be left out as unused. */
let sink = 0;
const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

function timeAt(points: Points): number {
  const stream = openStream("7", ["bench"]);
  const indexes = Array.from({ length: POINTS_A_ROUND }, (_, k) => {
    const place = BigInt(Math.floor(drawUnit(stream, BigInt(k)) * 1e15));
    return points.size === null ? place : (place * 7919n) % points.size;
  });
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (const index of indexes) sink += points.at(index).hash[0] ?? 0;
    rounds.push(((performance.now() - start) * 1000) / POINTS_A_ROUND);
  }
  return median(rounds.slice(3));
}

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}; median of ${ROUNDS - 3} rounds of ${POINTS_A_ROUND} points`,
);
for (const [name, text] of Object.entries(sweeps)) {
  const { config, errors } = parseSweepConfig(text);
  if (!config) throw new Error(`${name}: ${errors[0]?.message}`);
  const opened: number[] = [];
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    sink += Number(openPoints(config, "42").size === null);
    opened.push(performance.now() - start);
  }
  const points = openPoints(config, "42");
  const at = timeAt(points).toFixed(1);
  console.log(`${at.padStart(7)} µs a point, ${median(opened).toFixed(2)} ms to open   ${name}`);
}
console.log(`(sink ${sink})`);
