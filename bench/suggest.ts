import { methodOf } from "@/compute/search/methods";
import { type Objective, simulate } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber } from "@/core/value";
import { cholesky } from "@/math/cholesky";
import { quantile } from "@/math/stats";

/**
 * How long `bayes` takes for a suggestion over ten parameters of all kinds: `npm run bench -- suggest`. Each is asked for after one
 * more result, so a part of them fits the model anew, as in a sweep. Goals, p95: 30 ms with 50 results, 150 with 200, 800 with
 * 1,000. Times are the processor's own, so that what else the machine does is left out. Results come from sobol, told as its proposals; what is under way beside them is `pending`.
 */
const CASES = [
  { n: 50, pending: 0, goal: 30, rounds: 20 },
  { n: 200, pending: 0, goal: 150, rounds: 40 },
  { n: 1000, pending: 0, goal: 800, rounds: 25 },
  { n: 50, pending: 8, goal: 30, rounds: 20 },
  { n: 200, pending: 64, goal: 150, rounds: 40 },
];

const { config } = parseSweepConfig(`method: bayes
metric: {name: loss, goal: minimize}
parameters:
  augment: {values: [true, false]}
  batch: {values: [16, 32, 64, 128, 256]}
  decay: {distribution: log_uniform_values, min: 1.0e-6, max: 0.1}
  dropout: {min: 0.0, max: 0.9}
  layers: {distribution: int_uniform, min: 1, max: 12}
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0}
  momentum: {min: 0.0, max: 0.99, when: {optimizer: sgd}}
  optimizer: {values: [adam, sgd, rmsprop, lion]}
  smoothing: {distribution: q_uniform, min: 0.0, max: 0.5, q: 0.05}
  width: {distribution: q_log_uniform_values, min: 16, max: 2048, q: 16}
`);
if (!config) throw new Error("the bench's own sweep file is wrong");
const problem = { config, seed: "bench" };

const objective: Objective = (params, draw) => {
  const at = (name: string): number => toNumber(params[name] ?? null) ?? 0;
  const lr = Math.log10(at("lr") * (params.optimizer === "sgd" ? 0.1 : 1)) + 3.2;
  const width = Math.log2(at("width")) - 9;
  const depth = (at("layers") - 6) / 6;
  const loss =
    0.3 * lr * lr +
    0.05 * width * width +
    0.2 * depth * depth +
    (at("dropout") - 0.25) ** 2 +
    0.1 * at("smoothing");
  return { objectives: [loss + (params.augment === true ? 0 : 0.1) + 0.02 * draw(0)] };
};

/** How fast the machine is at the moment; another commit's figure may come from other kernels. */
function timeFactor(rows: number): number {
  const A = Float64Array.from({ length: rows * rows }, (_, at) => {
    const away = Math.abs(Math.floor(at / rows) - (at % rows));
    return Math.exp(-away / 20) + (away === 0 ? 0.1 : 0);
  });
  const times = Array.from({ length: 200 }, () => {
    const copy = A.slice();
    const before = process.cpuUsage();
    cholesky(copy, rows);
    return process.cpuUsage(before).user / 1000;
  });
  return quantile(times.slice(50), 0.5);
}

// A thread that is asked with 50 results has thought since the first ones: what is compiled by then is not timed.
simulate(methodOf("bayes").open(problem), objective, { agents: 8, runs: 80, seed: "warm" });
console.log(`Node ${process.version}; ms of one core a suggestion, each after one more result`);
console.log(`${timeFactor(200).toFixed(1).padStart(6)} for a factor of 200 rows`);
for (const { n, pending, goal, rounds } of CASES) {
  const search = methodOf("bayes").open(problem);
  const { happenings } = simulate(methodOf("sobol").open(problem), objective, {
    agents: 1,
    runs: n,
    seed: "bench",
  });
  for (const { event } of happenings) search.observe(event);
  search.propose(pending);
  const times: number[] = [];
  for (let i = 0; i < rounds + 2; i++) {
    const before = process.cpuUsage();
    const [proposal] = search.propose(1);
    times.push(process.cpuUsage(before).user / 1000);
    if (!proposal) throw new Error("the space is endless");
    search.observe({ type: "observed", number: proposal.number, ...objective(proposal.params, () => 0.5) });
  }
  const warm = times.slice(2);
  const [p50, p95] = [quantile(warm, 0.5), quantile(warm, 0.95)];
  const beside = pending > 0 ? `, ${pending} under way` : "";
  console.log(
    `${p50.toFixed(0).padStart(6)} p50 ${p95.toFixed(0).padStart(6)} p95 (goal ${goal})   ${n} results${beside}; first ${times[0]?.toFixed(0)}`,
  );
}
