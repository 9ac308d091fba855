import { appendRow, cholesky, inverseFromCholesky, solveCholesky } from "@/math/cholesky";
import { exp, quickExp } from "@/math/elementary";
import { minimize } from "@/math/lbfgs";
import { drawUnit, openStream } from "@/math/random";
import { openSobol } from "@/math/sobol";
import { logEi } from "@/math/special";
import { fitYeoJohnson, normalScores } from "@/math/stats";
import { solveLowerMany } from "@/math/triangular";

/**
 * What the parts of a Gaussian process cost: `npx tsx bench/math.ts`. Processor time of this process, not time on the wall,
 * so that the figures hold beside other work. "Variances" are 1,000 solves with the factor, as 1,000 predictions need them.
 */
const RHS = 1_000;
const DIMENSIONS = 10;

/** Read at the end, so that nothing measured can be left out as unused. */
let sink = 0;
const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Median of `rounds` rounds, in ms a call; a round is long enough for a clock that ticks in microseconds. */
function time(rounds: number, repeats: number, work: () => void): number {
  work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let i = 0; i < repeats; i++) work();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000 / repeats);
  }
  return median(times);
}

function covariance(n: number): Float64Array {
  const stream = openStream("7", ["bench"]);
  const points = Float64Array.from({ length: n * DIMENSIONS }, (_, i) => drawUnit(stream, BigInt(i)));
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let square = 0;
      for (let d = 0; d < DIMENSIONS; d++)
        square += ((points[i * DIMENSIONS + d] ?? 0) - (points[j * DIMENSIONS + d] ?? 0)) ** 2;
      a[i * n + j] = exp(-square) + (i === j ? 1e-3 : 0);
    }
  return a;
}

console.log(`Node ${process.version}, ${process.platform} ${process.arch}; medians, ms of processor time`);
console.log("     n    cholesky      append       solve     inverse   1,000 variances");
for (const n of [50, 200, 500, 1000]) {
  const a = covariance(n);
  const work = new Float64Array(n * n);
  const repeats = Math.ceil(3e7 / n ** 3);
  const rounds = n >= 500 ? 15 : 50;
  const factored = time(rounds, repeats, () => {
    work.set(a);
    sink += cholesky(work, n).ok ? 1 : Number.NaN;
  });
  const last = a.slice((n - 1) * n, n * n);
  const many = Math.ceil(1e7 / n ** 2);
  const appended = time(15, many, () => {
    sink += appendRow(work, n - 1, n, last, last[n - 1] ?? 0) ? 1 : Number.NaN;
  });
  const out = new Float64Array(n);
  const solved = time(15, many, () => {
    sink += solveCholesky(work, n, n, last, out)[0] ?? 0;
  });
  const inverse = new Float64Array(n * n);
  const inverted = time(Math.min(rounds, 15), repeats, () => {
    sink += inverseFromCholesky(work, n, n, inverse)[0] ?? 0;
  });
  const rows = new Float64Array(RHS * n);
  const variances = time(9, 1, () => {
    for (let r = 0; r < RHS; r++) rows.set(last, r * n);
    solveLowerMany(work, n, n, rows, RHS);
    sink += rows[n] ?? 0;
  });
  const figures = [factored, appended, solved, inverted].map((ms) => ms.toFixed(3).padStart(12)).join("");
  console.log(`${String(n).padStart(6)}${figures}${variances.toFixed(2).padStart(18)}`);
}

const each = (name: string, count: number, work: () => void): void => {
  const ms = time(15, 1, work);
  console.log(`${((ms * 1e6) / count).toFixed(1).padStart(9)} ns   ${name}`);
};
const COUNT = 200_000;
console.log("");
each("exp", COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += exp(-i * 1e-4);
});
each("quickExp", COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += quickExp(-i * 1e-4);
});
each("logEi, z from 3 to -17", COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += logEi(3 - i * 1e-4);
});
const sobol = openSobol(DIMENSIONS, "7");
const point = new Float64Array(DIMENSIONS);
each(`a Sobol point of ${DIMENSIONS} dimensions`, COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += sobol.at(i, point)[0] ?? 0;
});
const scores = normalScores(Float64Array.from({ length: 1000 }, (_, i) => i)).map((z) => exp(z) - 2);
each("fitYeoJohnson of 1,000 values", 1, () => {
  sink += fitYeoJohnson(scores);
});
each("minimize, Rosenbrock in 10 dimensions", 1, () => {
  const { value } = minimize((x, gradient) => {
    gradient.fill(0);
    let sum = 0;
    for (let i = 0; i + 1 < x.length; i++) {
      const at = x[i] ?? 0;
      const away = (x[i + 1] ?? 0) - at * at;
      sum += 100 * away * away + (1 - at) ** 2;
      gradient[i] = (gradient[i] ?? 0) - 400 * at * away - 2 * (1 - at);
      gradient[i + 1] = (gradient[i + 1] ?? 0) + 200 * away;
    }
    return sum;
  }, new Float64Array(10).fill(-1.2));
  sink += value;
});
console.log(`(sink ${sink})`);
