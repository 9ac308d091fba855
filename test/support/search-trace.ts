import { createHash } from "node:crypto";
import type { SearchEvent } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { simulate } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { stringifyJson, toNumber, toValueMap, type ValueMap } from "@/core/value";
import { exp, log } from "@/math/elementary";

/**
 * SHA-256 of all that a method proposes, expectations and memory to the last bit, in a search of 40 runs by four agents over a
 * mixed and conditional space, which is `common` to all, or in one with all that makes a search `special`: two metrics, constraints of
 * both kinds, repeats, prior runs, intermediate values. As a program it prints those of the methods named, of both searches with
 * `--all`: what another process, or another version of Node, makes of them (`node --import tsx test/support/search-trace.ts bayes`).
 */
export function hashOfTrace(name: string, kind: "common" | "special" = "common"): string {
  const space = name === "grid" ? discrete : discrete + mixed;
  const { config, errors } = parseSweepConfig(kind === "common" ? COMMON(space) : SPECIAL(space));
  if (!config) throw new Error(`the space of the trace can't be read: ${JSON.stringify(errors)}`);
  const search = methodOf(name).open({ config, seed: "trace" });
  if (kind === "special") for (const [i, params] of PRIORS.entries()) search.observe(toPrior(params, i));
  const { happenings } = simulate(search, kind === "common" ? objective : severalObjectives, {
    agents: 4,
    runs: 40,
    seed: "trace",
    failing: 0.1,
    losing: 0.05,
  });
  const lines = happenings.map(({ at, event }) =>
    event.type === "proposed"
      ? JSON.stringify([event.number, stringifyJson(event.params), event.hash, event.predicted, event.memory])
      : JSON.stringify([at, event]),
  );
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

const discrete = `
  batch: {values: [16, 32, 64, 128]}
  layers: {distribution: int_uniform, min: 1, max: 8}
  optimizer: {values: [adam, sgd, rmsprop]}`;
const mixed = `
  dropout: {distribution: q_uniform, min: 0.0, max: 0.9, q: 0.1}
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0}
  mix: {distribution: beta, a: 2, b: 5}
  noise: {distribution: normal, mu: 0, sigma: 1}
  momentum: {min: 0.0, max: 1.0, when: {optimizer: sgd}}`;
const COMMON = (space: string) => `method: bayes\nmetric: {name: loss}\nparameters: ${space}`;
const SPECIAL = (space: string) => `method: bayes
metrics: [{name: loss}, {name: speed, goal: maximize}]
repeats: 2
constraints: ["batch * layers <= 512", "memory <= 0.8"]
parameters: ${space}`;
const PRIORS = ["adam", "sgd", "rmsprop"].map((optimizer) =>
  toValueMap([
    ["batch", 32],
    ["layers", 2],
    ["optimizer", optimizer],
    ["dropout", 0.5],
    ["lr", 0.001],
    ["mix", 0.5],
    ["noise", 0.25],
    ...(optimizer === "sgd" ? [["momentum", 0.5] as const] : []),
  ]),
);
const toPrior = (params: ValueMap, i: number): SearchEvent => ({
  ...{ type: "prior", number: -1 - i, params },
  ...severalObjectives(params, () => 0.5),
});

/** Of the four operations and our own exp and log only, so that it is the same everywhere, too. */
function objective(params: ValueMap, draw: (i: number) => number) {
  const number = (name: string): number => toNumber(params[name] ?? null) ?? 0.5;
  const off = log(number("lr") <= 0 ? 1 : number("lr")) + 6;
  const wide = (number("layers") - 3) / 4 + number("batch") / 200;
  const loss =
    off * off * 0.1 + wide * wide + (params.optimizer === "sgd" ? number("momentum") : 0.4) - number("mix");
  return { objectives: [exp(0.2 * loss) + 0.05 * draw(0)] };
}

function severalObjectives(params: ValueMap, draw: (i: number) => number) {
  const { objectives } = objective(params, draw);
  const [loss = 0] = objectives;
  const layers = toNumber(params.layers ?? null) ?? 1;
  const logged = [loss + 1, Number.NaN, loss + 0.2 * draw(1), loss];
  return { objectives: [loss, 1 / layers], metrics: { memory: (layers + 8 * draw(2)) / 16 }, logged };
}

const isProgram = process.argv[1]?.endsWith("search-trace.ts");
if (isProgram) {
  const words = process.argv.slice(2);
  const kinds = words.includes("--all") ? (["common", "special"] as const) : (["common"] as const);
  for (const name of words.filter((word) => word !== "--all"))
    for (const kind of kinds)
      console.log(`${kind === "common" ? "" : `${kind} `}${name} ${hashOfTrace(name, kind)}`);
}
