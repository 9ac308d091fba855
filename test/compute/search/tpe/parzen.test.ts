import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDomain } from "@/compute/search/domain";
import { openDice } from "@/compute/search/gp/dice";
import { openAxes } from "@/compute/search/tpe/axes";
import { expectAt } from "@/compute/search/tpe/expect";
import { openParzen } from "@/compute/search/tpe/parzen";
import { widthsOf } from "@/compute/search/tpe/widths";
import { parseSweepConfig } from "@/core/sweep-config";

const { config } = parseSweepConfig(`method: tpe
metric: {name: loss}
parameters:
  kind: {values: [a, b, c]}
  layers: {distribution: int_uniform, min: 1, max: 4}
  width: {values: [32, 8, 16]}
  x: {min: 0.0, max: 1.0, when: {kind: [a, b]}}`);
if (!config) throw new Error("the space can't be read");
const domain = openDomain(config);
const axes = openAxes(domain);
const STEPS = 400;

const weights = (n: number): Float64Array => new Float64Array(n + 1).fill(1 / (n + 1));
const draws = (n: number, seed: number): Float64Array[] => {
  const dice = openDice(String(seed), ["points"]);
  return Array.from({ length: n }, () => axes.read(domain.sample(() => dice.unit()).x));
};
const open = (points: Float64Array[]) =>
  openParzen(axes, points, weights(points.length), widthsOf(axes, points));

/** Every combination of the lists, and the middles of STEPS slices of the range where it exists, with the volume of each. */
function* cells(): Generator<readonly [Float64Array, number]> {
  for (let kind = 0; kind < 3; kind++)
    for (let layers = 0; layers < 4; layers++)
      for (let width = 0; width < 3; width++)
        if (kind === 2) yield [Float64Array.of(kind, layers, width, -1), 1];
        else
          for (let step = 0; step < STEPS; step++)
            yield [Float64Array.of(kind, layers, width, (step + 0.5) / STEPS), 1 / STEPS];
}

describe("a density over a conditional space", () => {
  test("sums to 1 over all of it, whatever the points", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.nat(), (n, seed) => {
        const density = open(draws(n, seed));
        const out = new Float64Array(1);
        let sum = 0;
        for (const [x, volume] of cells()) {
          density.logDensities(x, 1, out);
          sum += volume * Math.exp(out[0] as number);
        }
        expect(Math.abs(sum - 1)).toBeLessThan(1e-3);
      }),
      { numRuns: 20 },
    );
  });

  test("is what its draws have: 20,000 of them fall on each value as often as it says, within five deviations", () => {
    const density = open(draws(6, 3));
    const dice = openDice("draws", []);
    const x = new Float64Array(4);
    const counts = new Map<string, number>();
    const all = 20_000;
    for (let i = 0; i < all; i++) {
      density.draw(dice, x);
      const key = `${x[0]} ${x[1]} ${x[2]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const shares = new Map<string, number>();
    const out = new Float64Array(1);
    for (const [at, volume] of cells()) {
      density.logDensities(at, 1, out);
      const key = `${at[0]} ${at[1]} ${at[2]}`;
      shares.set(key, (shares.get(key) ?? 0) + volume * Math.exp(out[0] as number));
    }
    for (const [key, share] of shares) {
      const deviation = Math.sqrt(all * share * (1 - share));
      expect(Math.abs((counts.get(key) ?? 0) - all * share), key).toBeLessThan(5 * deviation);
    }
  });

  test("draws numbers within their bounds only, however near a point lies to them", () => {
    const density = open([Float64Array.of(0, 0, 0, 0), Float64Array.of(0, 0, 0, 1)]);
    const dice = openDice("bounds", []);
    const x = new Float64Array(4);
    for (let i = 0; i < 2000; i++) {
      density.draw(dice, x);
      expect(x[3]).toBeGreaterThanOrEqual(0);
      expect(x[3]).toBeLessThanOrEqual(1);
    }
  });

  test("knows the order of a list of numbers: 8 is nearer to 16 than to 32, which stands beside it in the file", () => {
    const density = open(Array.from({ length: 20 }, () => Float64Array.of(2, 0, 1, -1)));
    const at = Float64Array.of(2, 0, 0, -1, 2, 0, 1, -1, 2, 0, 2, -1);
    const [of32, of8, of16] = (() => {
      const out = new Float64Array(3);
      density.logDensities(at, 3, out);
      return out;
    })() as unknown as [number, number, number];
    expect(of8).toBeGreaterThan(of16);
    expect(of16).toBeGreaterThan(of32);
  });

  test("parts of it sum to 1, and the nearest point has the largest", () => {
    const points = draws(8, 5);
    const density = open(points);
    for (const [i, x] of points.entries()) {
      const { kernels, prior } = density.partsAt(x);
      expect(Math.abs(kernels.reduce((sum, part) => sum + part, prior) - 1)).toBeLessThan(1e-12);
      expect(kernels[i]).toBe(Math.max(...kernels));
    }
  });
});

describe("what is expected somewhere", () => {
  test("is finite and between the results, at any scale", () => {
    const result = fc.oneof(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.constantFrom(1e300, -1e300, 5e-324, Number.NaN),
    );
    fc.assert(
      fc.property(fc.array(result, { minLength: 3, maxLength: 12 }), fc.nat(), (list, seed) => {
        const values = Float64Array.from([1, ...list]);
        const points = draws(values.length, seed);
        const { mean, sd } = expectAt(points[0] as Float64Array, [
          { density: open(points), share: values.length, values },
        ]);
        const known = [...values].filter((value) => !Number.isNaN(value));
        const slack = 1e-12 * Math.max(...known.map(Math.abs));
        expect(mean).toBeGreaterThanOrEqual(Math.min(...known) - slack);
        expect(mean).toBeLessThanOrEqual(Math.max(...known) + slack);
        expect(sd).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(sd)).toBe(true);
      }),
    );
  });
});
