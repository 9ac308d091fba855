import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDomain } from "@/compute/search/domain";
import type { Problem, Proposal, Search, SearchEvent } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { type Objective, simulate, type World } from "@/compute/search/simulate";
import { openConstraints, type SoftConstraint } from "@/core/constraint";
import { isAppError } from "@/core/errors";
import { listLeaves } from "@/core/leaves";
import type { Metric } from "@/core/sweep-config";
import { stringifyJson } from "@/core/value";
import { faultsOf } from "../support/configuration";
import { constraintsOn, leavesNothing } from "../support/constraints";
import { parameters } from "../support/parameters";
import { steps, walk } from "../support/search-steps";

export interface Contract {
  readonly method: "grid" | "random" | "sobol" | "bayes" | "tpe" | "cmaes";
  /** Cases of each property: a method that thinks takes some 50 ms a proposal. */
  readonly cases: number;
  /** Largest finite space that is gone through. */
  readonly exhausted: number;
}

/** What every search method must keep, whatever the space and the results. */
export function describeMethod({ method: name, cases, exhausted }: Contract): void {
  const method = methodOf(name);
  // a grid counts q_uniform from its lower bound, as W&B does: values that are no multiples of q (grid.test.ts)
  const isCounted = ({ config }: Problem): boolean =>
    name !== "grid" || listLeaves(config.parameters).every(({ parameter }) => parameter.kind !== "q_uniform");
  /** A grid lacks values that a draw has: the upper end of a q_uniform, as W&B's does. */
  const isOpened = (problem: Problem): boolean => {
    try {
      return method.open(problem) !== undefined;
    } catch (error) {
      if (name === "grid" && isAppError(error) && error.code === "CONSTRAINTS_LEAVE_NOTHING") return false;
      throw error;
    }
  };
  const problems = (limits: { continuous: boolean; metrics: number }): fc.Arbitrary<Problem> =>
    fc
      .record({
        parameters: parameters(limits),
        repeats: fc.constantFrom(1, 1, 1, 2, 3),
        gridOrder: fc.constantFrom("sorted" as const, "random" as const),
        seed: fc.string({ maxLength: 8 }),
        goals: fc.array(fc.constantFrom("minimize" as const, "maximize" as const), {
          minLength: 1,
          maxLength: limits.metrics,
        }),
        runCap: fc.constantFrom(undefined, undefined, 60),
        impute: fc.constantFrom("worst" as const, "best" as const, "latest" as const),
        whileRunning: fc.constantFrom("false" as const, "worst" as const, "latest" as const),
        soft: fc.boolean(),
      })
      .chain((parts) => fc.tuple(fc.constant(parts), constraintsOn(parts.parameters)))
      .map(([{ seed, goals, runCap, impute, whileRunning, soft, ...rest }, constraints]) => {
        const metrics = goals.map(
          (goal, m): Metric => ({ name: `m${m}`, goal, impute, imputeWhileRunning: whileRunning }),
        );
        const [metric] = metrics;
        const config = {
          ...{ method: name, retries: 0, retryFailed: false, extra: new Map(), ...rest },
          ...(!leavesNothing(rest.parameters, constraints) && { constraints }),
          ...(soft && { softConstraints: [QUICK] }),
        };
        return {
          seed,
          config: {
            ...config,
            ...(metric && { metric }),
            ...(metrics.length > 1 && { metrics }),
            ...(runCap !== undefined && { runCap }),
          },
        };
      })
      .filter(isOpened)
      .filter(isCounted);
  const anySpace = problems({ continuous: name !== "grid", metrics: 3 });
  const countOf = ({ config }: Problem): number => config.metrics?.length ?? 1;

  describe(`method ${name}`, () => {
    test("proposes configurations of the space only: bounds, kinds of numbers, quanta, conditions", () => {
      fc.assert(
        fc.property(anySpace, worlds(12), (problem, world) => {
          const domain = openDomain(problem.config);
          const { proposals } = simulate(method.open(problem), wild(countOf(problem)), world);
          for (const { params, hash, repeat } of proposals) {
            expect(faultsOf(problem.config.parameters, params)).toEqual([]);
            expect(openConstraints(problem.config)(params)).toBe(true);
            expect(hash).toMatch(/^[0-9a-f]{64}$/);
            if (domain.size !== null) expect(hash).toBe(domain.read(params)?.hash);
            expect(repeat).toBeLessThan(problem.config.repeats);
          }
        }),
        { numRuns: cases },
      );
    });

    test("does not come to the end of a space that has none, however little of it the constraints allow", () => {
      const endless = anySpace.filter(({ config }) => {
        const leaves = listLeaves(config.parameters);
        return openDomain(config).dimensions.some(
          ({ kind, leaf }) => kind === "real" && leaves[leaf]?.conditions.length === 0,
        );
      });
      if (name === "grid") return;
      fc.assert(
        fc.property(endless, worlds(8), (problem, world) => {
          const { proposals } = simulate(method.open(problem), wild(countOf(problem)), world);
          expect(proposals).toHaveLength(world.runs);
        }),
        { numRuns: cases },
      );
    });

    test("numbers its proposals from 0, and gives each its reason and what it expects in finite numbers", () => {
      fc.assert(
        fc.property(anySpace, worlds(12), (problem, world) => {
          const { proposals } = simulate(method.open(problem), wild(countOf(problem)), world);
          expect(proposals.map(({ number }) => number)).toEqual(proposals.map((_, i) => i));
          for (const { reason, predicted, memory } of proposals) {
            expect(predicted !== null).toBe(reason === "model");
            if (predicted === null) continue;
            expect([predicted.mean, predicted.sd].every(Number.isFinite), JSON.stringify(predicted)).toBe(
              true,
            );
            expect(predicted.sd).toBeGreaterThanOrEqual(0);
            expect(predicted.acquisition).not.toBeNaN();
            expect(memory?.every(Number.isFinite)).toBe(true);
          }
        }),
        { numRuns: cases },
      );
    });

    test("goes through a finite space once, however runs end, and says then that there is no more", () => {
      const small = problems({ continuous: false, metrics: 1 }).filter(({ config }) => {
        const { size } = openDomain(config);
        return size !== null && size <= BigInt(exhausted);
      });
      fc.assert(
        fc.property(small, worlds(1e6), (problem, world) => {
          const { size } = openDomain(problem.config);
          const search = method.open(problem);
          const { happenings, proposals } = simulate(search, wild(1), { ...world, losing: 0.2 });
          const lost = new Set(
            happenings.flatMap(({ event }) => (event.type === "lost" ? [event.number] : [])),
          );
          const done = proposals.filter(({ number }) => !lost.has(number));
          expect(new Set(done.map(({ hash }) => hash)).size).toBe(Number(size));
          expect(new Set(done.map(toRepeat)).size).toBe(done.length);
          expect(done).toHaveLength(Number(size) * problem.config.repeats);
          expect(search.propose(3)).toEqual([]);
        }),
        { numRuns: cases },
      );
    });

    test("never proposes what is under way or has an outcome, in any space", () => {
      fc.assert(
        fc.property(anySpace, steps({ minLength: 10, maxLength: 30 }), (problem, path) => {
          const { events } = walk(method.open(problem), path, countOf(problem));
          const live = new Map<number, string>();
          for (const event of events) {
            if (event.type === "proposed") {
              expect([...live.values()]).not.toContain(toRepeat(event));
              live.set(event.number, toRepeat(event));
            } else if (event.type === "lost" || event.type === "withdrawn") live.delete(event.number);
          }
        }),
        { numRuns: cases },
      );
    });

    test("n at once are what n one by one are, and an answer in between, a restart or another's log change nothing", () => {
      fc.assert(
        fc.property(
          anySpace,
          steps({ minLength: 8, maxLength: 24 }),
          fc.integer({ min: 1, max: 6 }),
          (problem, path, count) => {
            const metrics = countOf(problem);
            const plain = walk(method.open(problem), path, metrics);
            const restarted = walk(method.open(problem), path, metrics, (search, step) =>
              step % 3 === 0 ? restart(search, problem) : search,
            );
            expect(restarted.events).toEqual(plain.events);
            const told = method.open(problem);
            for (const event of plain.events) told.observe(event);
            const atOnce = plain.search.propose(count);
            const oneByOne = Array.from({ length: count }, () => restarted.search.propose(1)).flat();
            expect(oneByOne).toEqual(atOnce);
            expect(told.propose(count)).toEqual(atOnce);
            expect(restart(told, problem).propose(2)).toEqual(plain.search.propose(2));
          },
        ),
        { numRuns: cases },
      );
    });

    test("a second outcome, and a second proposal of one number, are ignored; one of an unknown number is refused", () => {
      fc.assert(
        fc.property(anySpace, fc.integer({ min: 1, max: 5 }), (problem, count) => {
          const search = method.open(problem);
          const proposals = search.propose(count);
          const metrics = countOf(problem);
          const observed = ({ number }: Proposal, value: number): SearchEvent => ({
            type: "observed",
            number,
            objectives: new Array(metrics).fill(value),
          });
          for (const proposal of proposals) search.observe(observed(proposal, proposal.number));
          const before = search.snapshot();
          for (const proposal of proposals) {
            search.observe(observed(proposal, 99));
            search.observe({ type: "lost", number: proposal.number });
            search.observe({ type: "proposed", ...proposal });
          }
          expect(search.snapshot()).toEqual(before);
          expect(() => search.observe({ type: "failed", number: 1000 })).toThrow(RangeError);
          expect(() => search.observe({ type: "prior", number: 7, params: {}, objectives: [1] })).toThrow(
            RangeError,
          );
        }),
        { numRuns: 20 },
      );
    });

    test("results of earlier runs are known, and those that lie outside the space do no harm", () => {
      fc.assert(
        fc.property(anySpace, anySpace, worlds(10), (problem, other, world) => {
          const search = method.open(problem);
          const known = method.open(problem).propose(4);
          const foreign = method.open(other).propose(2);
          const metrics = countOf(problem);
          for (const [i, { params }] of [...known, ...foreign].entries())
            search.observe({
              type: "prior",
              number: -1 - i,
              params,
              objectives: Array.from({ length: metrics }, (_, m) => i + m),
            });
          const { proposals } = simulate(search, wild(metrics), world);
          const { size } = openDomain(problem.config);
          if (name === "random" && size === null) return; // there a hash holds its number, as two equal draws are two runs
          const had = new Set(known.map(toRepeat));
          for (const proposal of proposals) expect(had).not.toContain(toRepeat(proposal));
        }),
        { numRuns: Math.ceil(cases / 2) },
      );
    });

    test("a snapshot is plain text, and another method's or version's is refused", () => {
      const problem = fc.sample(anySpace, { numRuns: 1, seed: 7 })[0] as Problem;
      const snapshot = method.open(problem).snapshot();
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
      expect(() => method.restore(problem, { ...snapshot, method: "another" })).toThrow(RangeError);
      expect(() => method.restore(problem, { ...snapshot, version: "0" })).toThrow(RangeError);
    });
  });

  const restart = (search: Search, problem: Problem): Search =>
    method.restore(problem, JSON.parse(JSON.stringify(search.snapshot())));
}

/** The play's runs take between 0 and 40 ms, and one in five doesn't say. */
const QUICK: SoftConstraint = {
  source: "ms <= 20",
  metric: "ms",
  op: "<=",
  bound: { kind: "literal", value: 20 },
};

const toRepeat = ({ hash, repeat }: Proposal): string => `${hash} ${repeat}`;

const worlds = (runs: number): fc.Arbitrary<World> =>
  fc.record({
    agents: fc.integer({ min: 1, max: 5 }),
    runs: fc.constant(runs),
    seed: fc.string({ maxLength: 6 }),
    failing: fc.constantFrom(0, 0.3, 1),
    losing: fc.constantFrom(0, 0.1),
  });

/** Results of all kinds: smooth, constant over stretches, huge, tiny, infinite, none. The same configuration has the same. */
const wild =
  (metrics: number): Objective =>
  (params, draw) => {
    const sum = [...stringifyJson(params)].reduce(
      (all, letter) => (all * 31 + letter.charCodeAt(0)) % 997,
      7,
    );
    const kind = draw(0);
    const value =
      kind < 0.6
        ? sum / 100
        : kind < 0.75
          ? 1
          : kind < 0.8
            ? Number.NaN
            : kind < 0.85
              ? Number.POSITIVE_INFINITY
              : kind < 0.9
                ? -1e300
                : draw(1);
    return {
      objectives: Array.from({ length: metrics }, (_, m) => (m === 0 ? value : draw(1 + m))),
      ...(draw(8) < 0.8 && { metrics: { ms: 40 * draw(7) } }),
      logged: [draw(9), Number.NaN, value],
    };
  };
