import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { importanceOf } from "@/compute/analysis/importance";
import { IMPORTANCE_METHODS, type ImportanceMethod } from "@/core/importance";
import { configOf, openDraws, runsOf, shareOf, unitCube } from "../../support/known-shares";

const NAMES = ["a", "b", "c", "d"];
const isBrief = process.env.BESOM_CI === "brief";
/** Counterexamples name their seed. */
const checksOf = (method: ImportanceMethod) => ({ numRuns: isBrief ? 2 : method === "gp" ? 3 : 5 });
/** A sum of lines and a parabola with weights of their own, a little noise. */
const weights = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 })
  .filter((all) => all.some((w) => w > 2));
const seeds = fc.integer({ min: 0, max: 1e6 }).map(String);

const toFunction = (w: readonly number[]) => (x: readonly number[], draw: () => number) =>
  (w[0] ?? 0) * (x[0] ?? 0) +
  (w[1] ?? 0) * (x[1] ?? 0) +
  2 * (w[2] ?? 0) * ((x[2] ?? 0) - 0.5) ** 2 +
  (w[3] ?? 0) * (x[3] ?? 0) +
  draw();

const runsFor = (method: ImportanceMethod) => (method === "gp" ? 60 : 300);

describe.each(IMPORTANCE_METHODS)("shares by %s", (method) => {
  const ask = (input: Parameters<typeof importanceOf>[0]) => importanceOf({ ...input, method });

  test("do not see a scale: the same runs of a space on a logarithmic one have the same shares", () => {
    const logarithmic = configOf(
      NAMES.map((name) => `  ${name}: {distribution: log_uniform_values, min: 0.0001, max: 1.0}\n`).join(""),
    );
    fc.assert(
      fc.property(weights, seeds, (w, seed) => {
        const linear = runsOf(runsFor(method), NAMES, toFunction(w), seed);
        const params = linear.params.map((text) => {
          const x = JSON.parse(text) as Record<string, number>;
          return JSON.stringify(
            Object.fromEntries(NAMES.map((name) => [name, 10 ** (-4 + 4 * (x[name] ?? 0))])),
          );
        });
        const [own, other] = [ask(linear), ask({ ...linear, params, config: logarithmic })];
        for (const name of NAMES)
          expect(Math.abs(shareOf(own, name) - shareOf(other, name))).toBeLessThan(0.01);
      }),
      checksOf(method),
    );
  });

  test("go with the parameters where those change places", () => {
    fc.assert(
      fc.property(weights, seeds, fc.shuffledSubarray(NAMES, { minLength: 4 }), (w, seed, names) => {
        const runs = runsOf(runsFor(method), NAMES, toFunction(w), seed);
        // Parameters stand by name: a b c d become those that were drawn.
        const params = runs.params.map((text) => {
          const x = JSON.parse(text) as Record<string, number>;
          return JSON.stringify(Object.fromEntries(NAMES.map((name, i) => [names[i], x[name]])));
        });
        const [own, other] = [ask(runs), ask({ ...runs, params, config: unitCube(names) })];
        // Ties, and which columns a split tries, go by place.
        const near = method === "forest" ? 0.08 : method === "good" ? 0.03 : 0.05;
        for (const [i, name] of NAMES.entries())
          expect(Math.abs(shareOf(own, name) - shareOf(other, names[i] ?? ""))).toBeLessThan(near);
      }),
      checksOf(method),
    );
  });

  test("stay near where every run is there twice", () => {
    fc.assert(
      fc.property(weights, seeds, (w, seed) => {
        const runs = runsOf(runsFor(method), NAMES, toFunction(w), seed);
        const twice = {
          ...runs,
          params: [...runs.params, ...runs.params],
          values: [...runs.values, ...runs.values],
        };
        const [own, other] = [ask(runs), ask(twice)];
        // Two runs that agree to the last digit say that there is no noise, which a Gaussian process believes.
        const near = method === "gp" ? 0.2 : 0.1;
        for (const name of NAMES)
          expect(Math.abs(shareOf(own, name) - shareOf(other, name))).toBeLessThan(near);
      }),
      checksOf(method),
    );
  });

  test("and curves are finite numbers, low below high, whatever the runs are", () => {
    const config = configOf(
      "  a: {min: 0.0, max: 1.0}\n  k: {values: [x, y, z]}\n  n: {min: 1, max: 5}\n  m: {min: 0.0, max: 1.0, when: {k: x}}\n",
    );
    const value = fc.oneof(
      fc.double({ min: -1e300, max: 1e300, noNaN: true }),
      fc.constantFrom(0, 1, null, Number.NaN, Infinity),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 5, maxLength: 30 }),
        seeds,
        fc.constantFrom("worst" as const, "leave_out" as const),
        (values, seed, unfinished) => {
          const draw = openDraws(seed);
          const params = values.map(() => {
            const k = "xyz"[Math.floor(3 * draw())];
            return JSON.stringify({
              a: draw(),
              k,
              n: 1 + Math.floor(5 * draw()),
              ...(k === "x" && { m: draw() }),
            });
          });
          const found = ask({ config, goal: "minimize", params, values, unfinished, without: 0 });
          expect(found.runs + found.leftOut).toBe(values.length);
          const numbers = found.parameters.flatMap(({ importance, low, high, total, marginal }) => [
            ...[importance, low, high, total ?? 0],
            ...marginal.flatMap((point) => [point.mean, point.low, point.high]),
          ]);
          expect(numbers.every(Number.isFinite)).toBe(true);
          for (const { importance, low, high } of found.parameters)
            expect(0 <= low && low <= importance && importance <= high && high <= 1).toBe(true);
        },
      ),
      { numRuns: isBrief ? 10 : method === "gp" ? 15 : 40 },
    );
  });
});
