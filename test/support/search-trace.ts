import { createHash } from "node:crypto";
import { methodOf } from "@/compute/search/methods";
import { simulate } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { stringifyJson, toNumber, type ValueMap } from "@/core/value";
import { exp, log } from "@/math/elementary";

/**
 * SHA-256 of all that a method proposes, expectations and memory to the last bit, in a search of 40 runs by four agents over a
 * mixed and conditional space. As a program it prints those of the methods named: what another process, or another
 * version of Node, makes of them (`node --import tsx test/support/search-trace.ts bayes`).
 */
export function hashOfTrace(name: string): string {
  const { config } = parseSweepConfig(name === "grid" ? GRID : MIXED);
  if (!config) throw new Error("the space of the trace can't be read");
  const search = methodOf(name).open({ config, seed: "trace" });
  const { happenings } = simulate(search, objective, {
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
const GRID = `method: grid\nmetric: {name: loss}\nparameters: ${discrete}`;
const MIXED = `method: bayes\nmetric: {name: loss}\nparameters: ${discrete}
  dropout: {distribution: q_uniform, min: 0.0, max: 0.9, q: 0.1}
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0}
  mix: {distribution: beta, a: 2, b: 5}
  noise: {distribution: normal, mu: 0, sigma: 1}
  momentum: {min: 0.0, max: 1.0, when: {optimizer: sgd}}`;

/** Of the four operations and our own exp and log only, so that it is the same everywhere, too. */
function objective(params: ValueMap, draw: (i: number) => number) {
  const number = (name: string): number => toNumber(params[name] ?? null) ?? 0.5;
  const off = log(number("lr") <= 0 ? 1 : number("lr")) + 6;
  const wide = (number("layers") - 3) / 4 + number("batch") / 200;
  const loss =
    off * off * 0.1 + wide * wide + (params.optimizer === "sgd" ? number("momentum") : 0.4) - number("mix");
  return { objectives: [exp(0.2 * loss) + 0.05 * draw(0)] };
}

const isProgram = process.argv[1]?.endsWith("search-trace.ts");
if (isProgram) for (const name of process.argv.slice(2)) console.log(`${name} ${hashOfTrace(name)}`);
