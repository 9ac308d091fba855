import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { methodOf } from "@/compute/search/methods";
import { type Happening, type Objective, simulate, type World } from "@/compute/search/simulate";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber, type ValueMap } from "@/core/value";

const problemOf = (parameters: string, seed = "1") => {
  const { config } = parseSweepConfig(`method: random\nmetric: {name: loss}\nparameters: ${parameters}`);
  if (config === null || config === undefined) throw new Error(`no config: ${parameters}`);
  return { config, seed };
};
const line = problemOf("{x: {min: 0.0, max: 1.0}}");
const numberOf = (params: ValueMap): number => toNumber(params.x ?? null) ?? Number.NaN;
const objective: Objective = (params, draw) => ({ objectives: [numberOf(params) + draw(0)] });
const play = (world: Partial<World> = {}, of: Objective = objective) =>
  simulate(methodOf("random").open(line), of, { agents: 3, runs: 30, seed: "1", ...world });
const count = (happenings: readonly Happening[], type: string): number =>
  happenings.filter(({ event }) => event.type === type).length;

const worlds = fc.record({
  agents: fc.integer({ min: 1, max: 12 }),
  runs: fc.integer({ min: 0, max: 60 }),
  seed: fc.string({ maxLength: 6 }),
  failing: fc.double({ min: 0, max: 0.5, noNaN: true }),
  losing: fc.double({ min: 0, max: 0.5, noNaN: true }),
});

describe("a simulated search", () => {
  test("ends every run once, has never more under way than agents, and never goes back in time", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { happenings, proposals, duration } = play(world);
        expect(proposals).toHaveLength(world.runs);
        const underWay = new Set<number>();
        let before = 0;
        for (const { at, event } of happenings) {
          expect(at).toBeGreaterThanOrEqual(before);
          before = at;
          if (event.type === "proposed") underWay.add(event.number);
          else if (event.type !== "started") expect(underWay.delete(event.number)).toBe(true);
          expect(underWay.size).toBeLessThanOrEqual(world.agents);
        }
        expect(underWay.size).toBe(0);
        expect(duration).toBe(before);
      }),
    );
  });

  test("is the same again, and another one with another seed", () => {
    const world = { failing: 0.2, losing: 0.1 };
    expect(play(world)).toEqual(play(world));
    expect(play({ ...world, seed: "2" }).happenings).not.toEqual(play(world).happenings);
  });

  test("brings results in the order in which runs end, not in that of their proposals", () => {
    const ends = play({ agents: 8 }).happenings.filter(({ event }) => event.type === "observed");
    const numbers = ends.map(({ event }) => event.number);
    expect(numbers).toHaveLength(30);
    expect(numbers).not.toEqual([...numbers].sort((a, b) => a - b));
    const inTurn = play({ agents: 1 }).happenings.filter(({ event }) => event.type === "observed");
    expect(inTurn.map(({ event }) => event.number)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  test("loses and fails as many as it is told to: 300 of 1,000 and 100 of 1,000, within five deviations", () => {
    const { happenings } = play({ runs: 1000, failing: 0.3, losing: 0.1 });
    expect(Math.abs(count(happenings, "failed") - 300)).toBeLessThan(5 * Math.sqrt(210));
    expect(Math.abs(count(happenings, "lost") - 100)).toBeLessThan(5 * Math.sqrt(90));
    expect(count(happenings, "observed")).toBe(
      1000 - count(happenings, "failed") - count(happenings, "lost"),
    );
  });

  test("takes as long as its runs: twelve of one hour by four agents are three hours", () => {
    expect(play({ agents: 4, runs: 12, duration: () => 1 }).duration).toBe(3);
  });

  test("tells on the way the best finite value logged, and how many there were", () => {
    const logged: Objective = () => ({ objectives: [1], logged: [Number.NaN, 3, 5, 2] });
    const told = play({ agents: 1, runs: 1 }, logged).happenings.flatMap(({ event }) =>
      event.type === "intermediate" ? [[event.count, event.value]] : [],
    );
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 2],
    ]);
    const highest = play({ agents: 1, runs: 1, goal: "maximize" }, logged).happenings.flatMap(({ event }) =>
      event.type === "intermediate" ? [event.value] : [],
    );
    expect(highest).toEqual([3, 5, 5]);
  });

  test("ends where the space does, once what was lost has been run again", () => {
    const search = methodOf("random").open(problemOf("{a: {values: [1, 2, 3, 4, 5]}, b: {values: [x, y]}}"));
    const { happenings } = simulate(search, () => ({ objectives: [0] }), {
      agents: 4,
      runs: 200,
      seed: "3",
      losing: 0.3,
    });
    expect(count(happenings, "observed")).toBe(10);
    expect(count(happenings, "lost")).toBeGreaterThan(0);
  });
});
