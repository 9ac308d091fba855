import { describe, expect, test } from "vitest";
import { hypervolume } from "@/compute/analysis/pareto";
import { bestByModel } from "@/compute/search/bayes-winner";
import type { Problem } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { type Objective, type Play, simulate, type World } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber, type ValueMap } from "@/core/value";

const problemOf = (text: string, seed = "1"): Problem => {
  const { config, errors } = parseSweepConfig(`method: bayes\n${text}`);
  if (!config) throw new Error(errors[0]?.message);
  return { config, seed };
};
const at = (params: ValueMap, name: string): number => toNumber(params[name] ?? null) ?? Number.NaN;
const play = (name: string, problem: Problem, objective: Objective, world: Partial<World> = {}): Play =>
  simulate(methodOf(name).open(problem), objective, { agents: 1, runs: 30, seed: problem.seed, ...world });
const results = ({ happenings }: Play): number[][] =>
  happenings.flatMap(({ event }) => (event.type === "observed" ? [[...event.objectives]] : []));
const best = (of: Play): number => Math.min(...results(of).map(([first = Number.NaN]) => first));
const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;

const SEEDS = ["1", "2", "3", "4"];

describe("bayes", () => {
  test("comes ten times as near as random on a bent valley of three numbers, and four times with four agents", () => {
    const space =
      "metric: {name: loss}\nparameters: {x: {min: -2.0, max: 2.0}, y: {min: -2.0, max: 2.0}, z: {min: -2.0, max: 2.0}}";
    const valley: Objective = (params) => {
      const [x, y, z] = [at(params, "x"), at(params, "y"), at(params, "z")];
      return { objectives: [(x - 0.7) ** 2 + 2 * (y - x * x) ** 2 + (z + 0.4) ** 2] };
    };
    const regret = (name: string, agents: number): number =>
      mean(SEEDS.map((seed) => best(play(name, problemOf(space, seed), valley, { agents }))));
    const random = regret("random", 1);
    expect(regret("bayes", 1)).toBeLessThan(random / 10);
    expect(regret("bayes", 4)).toBeLessThan(random / 4);
  });

  test("comes four times as near as random over categories, whole numbers and a condition, under noise", () => {
    const space = `metric: {name: loss}
parameters:
  kind: {values: [a, b, c, d]}
  layers: {distribution: int_uniform, min: 1, max: 12}
  lr: {distribution: log_uniform_values, min: 1.0e-6, max: 1.0}
  momentum: {min: 0.0, max: 1.0, when: {kind: c}}`;
    const clean = (params: ValueMap): number =>
      (Math.log10(at(params, "lr")) + 2.5) ** 2 / 4 +
      ((at(params, "layers") - 7) / 6) ** 2 +
      (params.kind === "c" ? (at(params, "momentum") - 0.6) ** 2 : 0.5);
    const noisy: Objective = (params, draw) => ({ objectives: [clean(params) + 0.02 * (draw(0) - 0.5)] });
    const regret = (name: string): number =>
      mean(
        SEEDS.map((seed) =>
          Math.min(...play(name, problemOf(space, seed), noisy).proposals.map(({ params }) => clean(params))),
        ),
      );
    expect(regret("bayes")).toBeLessThan(regret("random") / 4);
  });

  test("learns where runs fail: of its later proposals fewer than a quarter do, of random ones a half", () => {
    const space = "metric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}, y: {min: 0.0, max: 1.0}}";
    const half: Objective = (params, draw) => ({
      objectives: [
        at(params, "x") > 0.5
          ? Number.NaN
          : (at(params, "x") - 0.3) ** 2 + (at(params, "y") - 0.6) ** 2 + 0.05 * draw(0),
      ],
    });
    const late = SEEDS.flatMap((seed) => play("bayes", problemOf(space, seed), half).proposals.slice(12));
    const failing = late.filter(({ params }) => at(params, "x") > 0.5).length;
    expect(failing / late.length).toBeLessThan(0.25);
  });

  test("spends no random points where the best place is a corner of the space", () => {
    const problem = problemOf(
      "metric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}, y: {min: 0.0, max: 1.0}}",
    );
    const corner: Objective = (params) => ({ objectives: [at(params, "x") + at(params, "y")] });
    const { proposals } = play("bayes", problem, corner, { runs: 60 });
    expect(proposals.filter(({ reason }) => reason === "random")).toEqual([]);
  });

  test("goes on in a space of branches of branches that draws hardly ever come to", () => {
    const depth = 40;
    const switches = Array.from(
      { length: depth },
      (_, i) => `  s${i}: {values: [0, 1]${i > 0 ? `, when: {s${i - 1}: 1}` : ""}}`,
    );
    const problem = problemOf(
      `metric: {name: loss}\nparameters:\n${switches.join("\n")}\n  x: {min: 0.0, max: 1.0, when: {s${depth - 1}: 1}}`,
    );
    const deep: Objective = (params) => ({ objectives: [-Object.keys(params).length] });
    // eight are what a thousand draws come to
    expect(play("bayes", problem, deep, { runs: 20 }).proposals.length).toBeGreaterThan(12);
  });

  test("keeps to a bound on another metric: most of its later proposals do up to 0.02, and reach it", () => {
    const problem = problemOf(
      "metric: {name: loss}\nconstraints: [latency <= 0.4]\nparameters: {x: {min: 0.0, max: 1.0}, y: {min: 0.0, max: 1.0}}",
    );
    expect(problem.config.softConstraints).toHaveLength(1);
    const bounded: Objective = (params) => ({
      objectives: [(at(params, "x") - 1) ** 2 + (at(params, "y") - 0.3) ** 2],
      metrics: { latency: at(params, "x") },
    });
    const { proposals } = play("bayes", problem, bounded);
    const late = proposals.slice(15);
    const allowed = late.filter(({ params }) => at(params, "x") <= 0.42);
    expect(allowed.length).toBeGreaterThan(late.length / 2);
    expect(Math.max(...allowed.map(({ params }) => at(params, "x")))).toBeGreaterThan(0.35);
  });

  test("covers more of what two goals trade than random does", () => {
    const space =
      "metrics: [{name: a, goal: maximize}, {name: b, goal: maximize}]\nparameters: {x: {min: 0.0, max: 1.0}, y: {min: 0.0, max: 1.0}, z: {min: 0.0, max: 1.0}}";
    const trade: Objective = (params) => {
      const [x, loss] = [at(params, "x"), 3 * ((at(params, "y") - 0.3) ** 2 + (at(params, "z") - 0.8) ** 2)];
      return { objectives: [x - loss, 1 - x * x - loss] };
    };
    const covered = (name: string): number =>
      mean(
        SEEDS.slice(0, 2).map((seed) =>
          hypervolume(results(play(name, problemOf(space, seed), trade)), [0, 0]),
        ),
      );
    const all = 2 / 3; // under 1 - a²
    const own = covered("bayes");
    expect(own).toBeGreaterThan(0.75 * all);
    expect(all - own).toBeLessThan((all - covered("random")) / 2);
  });

  test("holds for the winner what its neighbours say, too: nearer to the best place than the luckiest run", () => {
    const space = "metric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}}";
    const noisy: Objective = (params, draw) => ({
      objectives: [(at(params, "x") - 0.4) ** 2 + 0.4 * (draw(0) - 0.5)],
    });
    const distances = SEEDS.map((seed) => {
      const problem = problemOf(space, seed);
      const search = methodOf("random").open(problem);
      const played = simulate(search, noisy, { agents: 1, runs: 60, seed });
      const winner = bestByModel(problem, search.snapshot());
      const away = (number: number | undefined): number =>
        Math.abs(at(played.proposals[number ?? -1]?.params ?? {}, "x") - 0.4);
      const values = results(played).map(([value = Number.NaN]) => value);
      return { model: away(winner?.number), luck: away(values.indexOf(Math.min(...values))) };
    });
    expect(mean(distances.map(({ model }) => model))).toBeLessThan(mean(distances.map(({ luck }) => luck)));
    expect(mean(distances.map(({ model }) => model))).toBeLessThan(0.12);
  });

  test("says beside the winner what it makes of the best value, which under noise was luck", () => {
    const problem = problemOf("metric: {name: score, goal: maximize}\nparameters: {x: {min: 0.0, max: 1.0}}");
    const search = methodOf("random").open(problem);
    const noisy: Objective = (params, draw) => ({
      objectives: [1 - (at(params, "x") - 0.4) ** 2 + 0.4 * (draw(0) - 0.5)],
    });
    const values = results(simulate(search, noisy, { agents: 1, runs: 60, seed: "1" })).map(
      ([value]) => value,
    );
    const winner = bestByModel(problem, search.snapshot());
    const luckiest = winner?.luckiest;
    expect(luckiest?.value).toBe(Math.max(...(values as number[])));
    expect(luckiest?.number).toBe(values.indexOf(luckiest?.value as number));
    // The noise reaches 0.2 beyond the truth, which is 1 at most.
    expect(luckiest?.value).toBeGreaterThan(1.1);
    expect(winner?.mean).toBeLessThan(1.05);
    expect(winner?.mean).toBeGreaterThanOrEqual(luckiest?.mean as number);
    expect(winner?.sd).toBeLessThan(0.1);
  });

  test("lets no run win that broke a bound on another metric, and knows no winner where all did, or of several goals", () => {
    const bounded = "constraints: [latency <= 0.4]\nparameters: {x: {min: 0.0, max: 1.0}}";
    const winnerOf = (text: string, objective: Objective) => {
      const problem = problemOf(text);
      const search = methodOf("random").open(problem);
      const { proposals } = simulate(search, objective, { agents: 1, runs: 20, seed: "1" });
      const winner = bestByModel(problem, search.snapshot());
      return (
        winner && [winner, winner.luckiest].map(({ number }) => at(proposals[number]?.params ?? {}, "x"))
      );
    };
    const falling =
      (latency: (x: number) => number): Objective =>
      (params) => {
        const x = at(params, "x");
        return { objectives: [-x], metrics: { latency: latency(x) } };
      };
    const single = `metric: {name: loss}\n${bounded}`;
    const found =
      winnerOf(
        single,
        falling((x) => x),
      ) ?? [];
    expect(Math.max(...found)).toBeLessThanOrEqual(0.4);
    expect(Math.min(...found)).toBeGreaterThan(0.3);
    expect(
      winnerOf(
        single,
        falling(() => 1),
      ),
    ).toBeNull();
    const several: Objective = (params) => ({ objectives: [at(params, "x"), 1 - at(params, "x")] });
    const two = "metrics: [{name: a}, {name: b}]\nparameters: {x: {min: 0.0, max: 1.0}}";
    expect(winnerOf(two, several)).toBeNull();
  });

  test("runs a configuration as often as repeats says before anything new", () => {
    const { proposals } = play(
      "bayes",
      problemOf("metric: {name: loss}\nrepeats: 3\nparameters: {x: {min: 0.0, max: 1.0}}"),
      (params) => ({
        objectives: [at(params, "x")],
      }),
      { runs: 24 },
    );
    for (let i = 0; i < 24; i += 3) {
      const three = proposals.slice(i, i + 3);
      expect(three.map(({ repeat }) => repeat)).toEqual([0, 1, 2]);
      expect(new Set(three.map(({ hash }) => hash)).size).toBe(1);
    }
  });
});
