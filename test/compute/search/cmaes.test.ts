import { describe, expect, test } from "vitest";
import type { Problem } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { type Objective, type Play, simulate, type World } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber, type ValueMap } from "@/core/value";

const problemOf = (parameters: string, { seed = "1", head = "metric: {name: loss}" } = {}): Problem => {
  const { config, errors } = parseSweepConfig(`method: cmaes\n${head}\nparameters: ${parameters}`);
  if (!config) throw new Error(errors[0]?.message);
  return { config, seed };
};
const at = (params: ValueMap, name: string): number => toNumber(params[name] ?? null) ?? Number.NaN;
const play = (problem: Problem, objective: Objective, world: Partial<World> = {}): Play =>
  simulate(methodOf("cmaes").open(problem), objective, {
    agents: 1,
    runs: 600,
    seed: problem.seed,
    ...world,
  });
const values = ({ happenings }: Play): number[] =>
  happenings.flatMap(({ event }) => (event.type === "observed" ? [event.objectives[0] as number] : []));
const best = (of: Play): number => Math.min(...values(of));

const NUMBERS = "{a: {min: -3.0, max: 2.0}, b: {min: -3.0, max: 2.0}, c: {min: -3.0, max: 2.0}}";
const bent: Objective = (params) => {
  const [a, b, c] = [at(params, "a"), at(params, "b"), at(params, "c")];
  return { objectives: [100 * (b - a * a) ** 2 + (1 - a) ** 2 + 100 * (c - b * b) ** 2 + (1 - b) ** 2] };
};

describe("cmaes", () => {
  test("follows Rosenbrock's valley to its end: 1e-4 after 900 runs, where random is at 1", () => {
    const problem = problemOf(NUMBERS);
    expect(best(play(problem, bent, { runs: 900 }))).toBeLessThan(1e-4);
    const random = simulate(methodOf("random").open(problem), bent, { agents: 1, runs: 900, seed: "1" });
    expect(best(random)).toBeGreaterThan(0.1);
  });

  test("with 16 agents too, in twice as many runs, with failures, lost ones and other metric units", () => {
    const large: Objective = (params) => ({
      objectives: [-1e9 * (bent(params, () => 0).objectives[0] as number)],
    });
    const problem = problemOf(NUMBERS, { head: "metric: {name: score, goal: maximize}" });
    const of = play(problem, large, { agents: 16, runs: 1800, failing: 0.05, losing: 0.05 });
    expect(Math.max(...values(of))).toBeGreaterThan(-1e9 * 1e-3);
  });

  test("finds whole numbers, steps, lists of numbers and categories together", () => {
    const space = `{n: {distribution: int_uniform, min: 1, max: 40}, q: {distribution: q_uniform, min: 0.0, max: 1.0, q: 0.05},
      batch: {values: [8, 128, 16, 64, 32]}, kind: {values: [a, b, c]}, x: {min: 0.0, max: 1.0}}`;
    const mixed: Objective = (params) => {
      const off = [(at(params, "n") - 31) / 40, at(params, "q") - 0.35, at(params, "x") - 0.8];
      const wide = Math.abs(Math.log2(at(params, "batch")) - 6);
      const kind = { a: 0.2, b: 0, c: 0.1 }[String(params.kind)] ?? 1;
      return { objectives: [off.reduce((sum, each) => sum + each * each, 0) + 0.05 * wide + kind] };
    };
    for (const seed of ["1", "2", "3"])
      expect(best(play(problemOf(space, { seed }), mixed))).toBeLessThan(1e-4);
  });

  test("takes a number whose steps are finer than the digits of its places for one without steps", () => {
    const space = `{a: {distribution: q_uniform, min: 0.0, max: 1.0, q: 1.0e-17},
      b: {distribution: q_normal, mu: 0.0, sigma: 1.0e+6, q: 1.0e-12}}`;
    const bowl: Objective = (params) => ({
      objectives: [(at(params, "a") - 0.7) ** 2 + (at(params, "b") / 1e6 - 0.5) ** 2],
    });
    expect(best(play(problemOf(space), bowl, { runs: 300 }))).toBeLessThan(1e-4);
  });

  test("begins anew elsewhere once it has converged, with larger generations, and gets out of a trap so", () => {
    const trap: Objective = (params) => {
      const [a, b] = [at(params, "a"), at(params, "b")];
      // a wide bowl at the centre, and a narrower hole that is deeper in a corner
      return {
        objectives: [Math.min(1 + 0.1 * (a * a + b * b), 2 * ((a - 1.2) ** 2 + (b - 1.2) ** 2))],
      };
    };
    const of = play(problemOf("{a: {min: -2.0, max: 2.0}, b: {min: -2.0, max: 2.0}}"), trap, { runs: 3000 });
    const restarts = of.proposals.map(({ memory }) => memory?.[0] ?? 0);
    expect(Math.max(...restarts)).toBeGreaterThanOrEqual(1);
    expect(best(of)).toBeLessThan(1e-6);
  });

  test("begins where known results were best", () => {
    const problem = problemOf(NUMBERS);
    const search = methodOf("cmaes").open(problem);
    for (const [i, a] of [0, 1.9, -2].entries()) {
      const params = { a, b: 0, c: 0 };
      search.observe({ type: "prior", number: -1 - i, params, objectives: [Math.abs(a + 2)] });
    }
    const first = search.propose(40);
    const mean = first.reduce((sum, { params }) => sum + at(params, "a") / first.length, 0);
    // around -2, of which the lower part is cut off at -3; the middle would be -0.5
    expect(mean).toBeLessThan(-1);
    expect(first.every(({ reason, memory }) => reason === "design" && memory?.length === 4)).toBe(true);
  });

  test("learns from a configuration once all its repeats are in, and then from their mean", () => {
    const problem = problemOf(NUMBERS, { head: "metric: {name: loss}\nrepeats: 3" });
    const noisy: Objective = (params, draw) => ({
      objectives: [at(params, "a") ** 2 + at(params, "b") ** 2 + at(params, "c") ** 2 + draw(0)],
    });
    const { proposals } = play(problem, noisy, { runs: 900, agents: 4 });
    const late = proposals
      .slice(-60)
      .map(({ params }) => Math.hypot(at(params, "a"), at(params, "b"), at(params, "c")));
    expect(late.sort((x, y) => x - y)[30]).toBeLessThan(0.7);
    const byHash = new Map<string, number>();
    for (const { hash } of proposals) byHash.set(hash, (byHash.get(hash) ?? 0) + 1);
    expect([...byHash.values()].filter((count) => count === 3).length).toBeGreaterThan(byHash.size - 6);
  });

  test("expects of a run what the better half of the last generation came to", () => {
    const { proposals } = play(problemOf(NUMBERS), bent, { runs: 60 });
    const last = proposals.at(-1);
    expect(last).toMatchObject({ reason: "model", predicted: { by: "log-density" } });
    expect(last?.predicted?.acquisition).toBeLessThanOrEqual(0);
  });

  test("where all runs fail, it stays where it is", () => {
    const { proposals } = play(problemOf(NUMBERS), bent, { runs: 200, failing: 1 });
    expect(proposals.every(({ reason }) => reason === "design")).toBe(true);
    const mean = proposals.reduce((sum, { params }) => sum + at(params, "a") / proposals.length, 0);
    expect(Math.abs(mean + 0.5)).toBeLessThan(0.5);
  });
});
