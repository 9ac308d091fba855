import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openSobol, SOBOL_DIMENSIONS, sobolWord } from "@/math/sobol";

/** SciPy's points before scrambling, which are Joe and Kuo's. */
const published = JSON.parse(readFileSync("test/fixtures/reference/sobol.json", "utf8")) as {
  indexes: number[];
  words: Record<string, number[]>;
};

const points = (dimensions: number, seed: string, count: number, first = 0): Float64Array[] => {
  const sobol = openSobol(dimensions, seed);
  return Array.from({ length: count }, (_, i) => sobol.at(first + i, new Float64Array(dimensions)));
};
const column = (list: Float64Array[], d: number): number[] => list.map((point) => point[d] ?? Number.NaN);
const strata = (values: number[], parts: number): number =>
  new Set(values.map((v) => Math.floor(v * parts))).size;

describe("Sobol points", () => {
  test("are the published ones before they are scrambled", () => {
    for (const [dimension, words] of Object.entries(published.words)) {
      const found = published.indexes.map((index) => sobolWord(Number(dimension), index ^ (index >> 1)));
      expect(found, `dimension ${dimension}`).toEqual(words);
    }
  });

  test("have one in each of 2^m slices of every coordinate, whichever aligned 2^m are taken", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 1000 }),
        (seed, m, block) => {
          const list = points(SOBOL_DIMENSIONS + 44, seed, 2 ** m, block * 2 ** m);
          for (const d of [0, 1, 2, 17, 100, 255, 256, 257, 299])
            expect(strata(column(list, d), 2 ** m), `coordinate ${d}`).toBe(2 ** m);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("fill every elementary box of the first two coordinates once, within the table and beyond it", () => {
    for (const seed of ["1", "2", "3"]) {
      const list = points(SOBOL_DIMENSIONS + 2, seed, 256);
      for (const first of [0, SOBOL_DIMENSIONS]) {
        for (let bits = 0; bits <= 8; bits++) {
          const boxes = list.map((point) => {
            const across = Math.floor((point[first] ?? 0) * 2 ** bits);
            return across * 2 ** (8 - bits) + Math.floor((point[first + 1] ?? 0) * 2 ** (8 - bits));
          });
          expect(new Set(boxes).size, `seed ${seed}, ${bits} bits`).toBe(256);
        }
      }
    }
  });

  test("integrate a smooth function far better than random points would", () => {
    // the product of 1 + (x - 1/2)/(1 + d), whose mean is 1 and whose spread is 0.34: random points miss by 0.0054 at 4096
    const errors = Array.from({ length: 20 }, (_, seed) => {
      const list = points(20, String(seed), 4096);
      const sum = list.reduce(
        (total, point) => total + point.reduce((product, x, d) => product * (1 + (x - 0.5) / (1 + d)), 1),
        0,
      );
      return sum / 4096 - 1;
    });
    expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / 20)).toBeLessThan(0.0054 / 30);
  });

  test("are as random as they are even: a coordinate of one point is uniform over seeds, and pairs do not lean", () => {
    const list = Array.from(
      { length: 4000 },
      (_, seed) => points(3, `seed ${seed}`, 1, 5)[0] ?? new Float64Array(3),
    );
    for (const d of [0, 1, 2]) {
      const sorted = column(list, d).sort((a, b) => a - b);
      const gap = Math.max(...sorted.map((value, i) => Math.abs(value - (i + 0.5) / sorted.length)));
      expect(gap, "Kolmogorov and Smirnov's distance").toBeLessThan(2 / Math.sqrt(4000));
    }
    const lean = list.reduce((sum, p) => sum + ((p[0] ?? 0) - 0.5) * ((p[1] ?? 0) - 0.5) * 12, 0) / 4000;
    expect(Math.abs(lean)).toBeLessThan(4 / Math.sqrt(4000));
  });

  test("are a pure function of seed and number, and differ between seeds and labels", () => {
    const sobol = openSobol(5, "42");
    const out = new Float64Array(5);
    const late = [...sobol.at(1234, out)];
    sobol.at(7, out);
    expect([...openSobol(5, "42").at(1234, out)]).toEqual(late);
    expect([...openSobol(8, "42").at(1234, new Float64Array(8))].slice(0, 5)).toEqual(late);
    expect([...openSobol(5, "43").at(1234, out)]).not.toEqual(late);
    expect([...openSobol(5, "42", ["start"]).at(1234, out)]).not.toEqual(late);
  });

  test("give the same bits for ever", () => {
    expect([...openSobol(3, "7").at(99, new Float64Array(3))].map((x) => x * 2 ** 33)).toMatchInlineSnapshot(`
      [
        1087120021,
        765619731,
        7284330231,
      ]
    `);
  });

  test("stay inside the open unit interval to the last number, and refuse what lies outside", () => {
    const sobol = openSobol(2, "1");
    for (const x of sobol.at(2 ** 32 - 1, new Float64Array(2))) expect(x > 0 && x < 1).toBe(true);
    for (const index of [-1, 0.5, 2 ** 32, Number.NaN])
      expect(() => sobol.at(index, new Float64Array(2))).toThrow(`not ${index}`);
    expect(() => openSobol(-1, "1")).toThrow("not -1");
    expect(openSobol(0, "1").at(3, new Float64Array(0))).toHaveLength(0);
  });
});
