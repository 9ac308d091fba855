import { expect, test } from "vitest";
import { methodOf } from "@/compute/search/methods";
import { type Objective, simulate } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber } from "@/core/value";
import { describeMethod } from "../contract/method";
import { faultsOf } from "../support/configuration";

describeMethod({ method: "grid", cases: 100, exhausted: 300 });
describeMethod({ method: "random", cases: 100, exhausted: 300 });
describeMethod({ method: "sobol", cases: 100, exhausted: 300 });
describeMethod({ method: "bayes", cases: 20, exhausted: 36 });
describeMethod({ method: "tpe", cases: 100, exhausted: 300 });
describeMethod({ method: "cmaes", cases: 100, exhausted: 300 });

const { config } = parseSweepConfig(`method: bayes
metric: {name: loss}
parameters:
  layers: {distribution: int_uniform, min: 1, max: 12}
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0}
  momentum: {min: 0.0, max: 1.0, when: {optimizer: sgd}}
  optimizer: {values: [adam, sgd, rmsprop]}`);
const objective: Objective = (params, draw) => {
  const off = Math.log10(toNumber(params.lr ?? null) ?? 1) + 3;
  return { objectives: [off * off + draw(0) / 10] };
};

const SIZES = [
  [0, 200],
  [3, 200],
  [50, 200],
  [500, 64],
  [2000, 1],
  [2000, 200],
] as const;
const MANY = [...SIZES, [10_000, 64]] as const;

test.each([
  ...SIZES.map((sizes) => ["bayes", ...sizes] as const),
  ...MANY.map((sizes) => ["tpe", ...sizes] as const),
  ...MANY.map((sizes) => ["cmaes", ...sizes] as const),
])(
  "%s proposes with %i results and %i runs under way what it proposes after a restart",
  (name, results, pending) => {
    if (!config) throw new Error("the space can't be read");
    const problem = { config, seed: "many" };
    const method = methodOf(name);
    const search = method.open(problem);
    const random = methodOf("random").open(problem);
    const { happenings } = simulate(random, objective, {
      agents: 1,
      runs: results,
      seed: "many",
      failing: 0.1,
    });
    for (const { event } of happenings) search.observe(event);
    for (const proposal of random.propose(pending)) search.observe({ type: "proposed", ...proposal });
    const again = method.restore(problem, search.snapshot());
    const next = search.propose(2);
    expect(new Set(next.map(({ hash }) => hash)).size).toBe(2);
    expect(again.propose(2)).toEqual(next);
    for (const { params } of next) expect(faultsOf(config.parameters, params)).toEqual([]);
  },
);
