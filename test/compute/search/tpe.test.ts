import { describe, expect, test } from "vitest";
import { hypervolume } from "@/compute/analysis/pareto";
import type { Problem } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { type Objective, type Play, simulate, type World } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber, type ValueMap } from "@/core/value";

const problemOf = (text: string, seed: string): Problem => {
  const { config, errors } = parseSweepConfig(`method: tpe\n${text}`);
  if (!config) throw new Error(errors[0]?.message);
  return { config, seed };
};
const at = (params: ValueMap, name: string): number => toNumber(params[name] ?? null) ?? Number.NaN;
const play = (name: string, problem: Problem, objective: Objective, world: Partial<World> = {}): Play =>
  simulate(methodOf(name).open(problem), objective, { agents: 1, runs: 120, seed: problem.seed, ...world });
const outcomes = ({ happenings }: Play) =>
  happenings.flatMap(({ event }) => (event.type === "observed" ? [event] : []));
const best = (of: Play): number => Math.min(...outcomes(of).map(({ objectives }) => objectives[0] as number));
const SEEDS = ["1", "2", "3", "4", "5"];
const middle = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[list.length >> 1] as number;
const regret = (name: string, space: string, objective: Objective, world: Partial<World> = {}): number =>
  middle(SEEDS.map((seed) => best(play(name, problemOf(space, seed), objective, world))));

const VALLEY = `metric: {name: loss}
parameters: {x: {min: -2.0, max: 2.0}, y: {min: -2.0, max: 2.0}, z: {min: -2.0, max: 2.0}}`;
const valley: Objective = (params) => {
  const [x, y, z] = [at(params, "x"), at(params, "y"), at(params, "z")];
  return { objectives: [(x - 0.7) ** 2 + 2 * (y - x * x) ** 2 + (z + 0.4) ** 2] };
};
const TREE = `metric: {name: loss}
parameters:
  model: {values: [forest, knn, net, svm]}
  depth: {distribution: int_uniform, min: 1, max: 20, when: {model: forest}}
  k: {distribution: int_uniform, min: 1, max: 50, when: {model: knn}}
  layers: {distribution: int_uniform, min: 1, max: 6, when: {model: net}}
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0, when: {model: net}}
  c: {distribution: log_uniform_values, min: 1.0e-3, max: 1000.0, when: {model: svm}}`;
/** The net is the best and the hardest to get right: most of its configurations are worse than any forest. */
const tree: Objective = (params) => {
  if (params.model === "forest") return { objectives: [0.1 + 0.001 * Math.abs(at(params, "depth") - 12)] };
  if (params.model === "knn") return { objectives: [0.3 + 0.001 * Math.abs(at(params, "k") - 9)] };
  if (params.model === "svm") return { objectives: [0.2 + 0.01 * Math.log10(at(params, "c")) ** 2] };
  const off = Math.log10(at(params, "lr")) + 3;
  return { objectives: [0.08 * off * off + 0.02 * (at(params, "layers") - 3) ** 2] };
};

describe("tpe", () => {
  test("comes five times as near as random on a bent valley of three numbers, and three times with eight agents", () => {
    const random = regret("random", VALLEY, valley);
    expect(regret("tpe", VALLEY, valley)).toBeLessThan(random / 5);
    expect(regret("tpe", VALLEY, valley, { agents: 8 })).toBeLessThan(random / 3);
  });

  test("finds the best branch of a conditional space, and its best place within", () => {
    expect(regret("tpe", TREE, tree)).toBeLessThan(regret("random", TREE, tree) / 2);
  });

  test("keeps to a constraint on a metric, and finds what is best within", () => {
    const space = `${VALLEY}\nconstraints: ["size <= 0"]`;
    const limited: Objective = (params) => ({
      ...valley(params, () => 0),
      metrics: { size: at(params, "x") },
    });
    const kept = (of: Play): number =>
      Math.min(
        ...outcomes(of).map(({ objectives, metrics }) =>
          (metrics?.size as number) <= 0 ? (objectives[0] as number) : 99,
        ),
      );
    const plays = SEEDS.map((seed) => play("tpe", problemOf(space, seed), limited));
    // 0.49 at x = y = 0, z = -0.4
    expect(middle(plays.map(kept))).toBeLessThan(0.49 + 0.1);
    const late = plays.flatMap((of) => outcomes(of).slice(60));
    expect(late.filter(({ metrics }) => (metrics?.size as number) <= 0).length / late.length).toBeGreaterThan(
      0.6,
    );
  });

  test("covers more of what two metrics can be together than random does", () => {
    const space = `metrics: [{name: a}, {name: b}]
parameters: {x: {min: -2.0, max: 2.0}, y: {min: -2.0, max: 2.0}, z: {min: -2.0, max: 2.0}}`;
    const two: Objective = (params) => {
      const [x, y, z] = [at(params, "x"), at(params, "y"), at(params, "z")];
      return { objectives: [x * x + y * y + z * z, (x - 1) ** 2 + (y - 1) ** 2 + z * z] };
    };
    const volume = (name: string): number =>
      middle(
        SEEDS.map((seed) =>
          hypervolume(
            outcomes(play(name, problemOf(space, seed), two)).map(({ objectives }) =>
              objectives.map((each) => -each),
            ),
            [-3, -3],
          ),
        ),
      );
    expect(volume("tpe")).toBeGreaterThan(volume("random") * 1.1);
  });

  test("chooses among 3,000 names in milliseconds, and learns which is best", () => {
    const names = Array.from({ length: 3000 }, (_, i) => `v${i}`);
    const space = `metric: {name: loss}
parameters: {name: {values: [${names.join(", ")}]}, x: {min: 0.0, max: 1.0}}`;
    const named: Objective = (params) => ({
      objectives: [Math.abs(at(params, "x") - 0.3) + (String(params.name) < "v2" ? 0 : 1)],
    });
    const before = process.cpuUsage();
    const of = play("tpe", problemOf(space, "1"), named);
    const { user, system } = process.cpuUsage(before);
    // some 10 ms each, where tables of all pairs of names took 1.1 s
    expect((user + system) / 1000).toBeLessThan(120 * 100);
    expect(best(of)).toBeLessThan(0.05);
  });

  test("expects of its later choices about what they come to", () => {
    const { happenings, proposals } = play("tpe", problemOf(VALLEY, "1"), valley, { runs: 200 });
    const came = new Map(
      happenings.flatMap(({ event }) =>
        event.type === "observed" ? [[event.number, event.objectives[0] as number]] : [],
      ),
    );
    const late = proposals.slice(100);
    expect(
      late.every(({ reason, predicted }) => reason === "model" && predicted?.by === "log-density-ratio"),
    ).toBe(true);
    const within = late.filter(({ number, predicted }) => {
      if (!predicted) return false;
      return Math.abs((came.get(number) ?? 0) - predicted.mean) <= 2 * predicted.sd;
    });
    expect(within.length / late.length).toBeGreaterThan(0.8);
  });
});
