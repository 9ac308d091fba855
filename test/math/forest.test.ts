import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Column, type Forest, growForest, outOfBagR2, predict, type Table } from "@/math/forest";

/** Uniform in [0, 1), the same on each machine. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function tableOf(rows: number, columns: number, f: (x: number[]) => number, seed = 7): Table {
  const draw = uniform(seed);
  const values = new Float64Array(rows * columns);
  const target = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const x = Array.from({ length: columns }, draw);
    for (const [at, value] of x.entries()) values[at * rows + row] = value;
    target[row] = f(x);
  }
  return { rows, columns: Array(columns).fill({ kind: "number" }), values, target };
}

/** Friedman's first: sin(pi x0 x1), a parabola, two lines, five columns of nothing. */
const friedman = (x: number[]): number =>
  10 * Math.sin(Math.PI * (x[0] ?? 0) * (x[1] ?? 0)) +
  20 * ((x[2] ?? 0) - 0.5) ** 2 +
  10 * (x[3] ?? 0) +
  5 * (x[4] ?? 0);

const bytesOf = (forest: Forest) => Buffer.from(forest.column.buffer as ArrayBuffer).toString("base64");

describe("a random forest", () => {
  test("foretells runs that it has not seen: Friedman's first function to R2 0.87 from 1,000 rows", () => {
    const table = tableOf(1_000, 10, friedman);
    const forest = growForest(table, { seed: "a" });
    expect(outOfBagR2(forest, table)).toBeGreaterThan(0.8);
    const fresh = tableOf(500, 10, friedman, 99);
    const means = predict(forest, fresh.values, fresh.rows);
    const mean = fresh.target.reduce((sum, y) => sum + y, 0) / 500;
    const error = means.reduce((sum, y, i) => sum + (y - (fresh.target[i] ?? 0)) ** 2, 0);
    const spread = fresh.target.reduce((sum, y) => sum + (y - mean) ** 2, 0);
    // What the rows left out say is what rows from elsewhere say.
    expect(1 - error / spread).toBeCloseTo(outOfBagR2(forest, table), 1);
  });

  test("is the same to the last byte from the same seed, and another from another", () => {
    const table = tableOf(200, 5, friedman);
    const grow = (seed: string) => bytesOf(growForest(table, { seed, trees: 8 }));
    expect(grow("a")).toBe(grow("a"));
    expect(grow("a")).not.toBe(grow("b"));
  });

  test("does not see monotone changes of a column: splits lie between the same rows", () => {
    const table = tableOf(300, 4, friedman);
    const stretched = { ...table, values: table.values.map((x) => Math.exp(20 * x)) };
    const grow = (each: Table) => growForest(each, { seed: "a", trees: 16 });
    expect(bytesOf(grow(stretched))).toBe(bytesOf(grow(table)));
  });

  test("splits categories by what they mean, not by their numbers", () => {
    // Even codes are low, odd ones high: no threshold on the code helps, one set of codes does.
    const rows = 240;
    const codes = Float64Array.from({ length: rows }, (_, i) => i % 12);
    const target = codes.map((code) => (code % 2 === 0 ? -1 : 1));
    const columns: Column[] = [{ kind: "category", size: 12 }];
    const forest = growForest({ rows, columns, values: codes, target }, { seed: "a", trees: 4 });
    expect([...predict(forest, codes, rows)]).toEqual([...target]);
    for (let tree = 0; tree < 4; tree++)
      expect((forest.starts[tree + 1] ?? 0) - (forest.starts[tree] ?? 0)).toBe(3);
  });

  test("sends rows without a value where they belong", () => {
    const rows = 200;
    const values = Float64Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? Number.NaN : i / rows));
    const target = values.map((value) => (Number.isNaN(value) ? 5 : value > 0.5 ? 1 : 0));
    const forest = growForest({ rows, columns: [{ kind: "number" }], values, target }, { seed: "a" });
    const means = predict(forest, Float64Array.of(Number.NaN, 0.1, 0.9), 3);
    expect([...means].map((mean) => mean.toFixed(0).replace("-", ""))).toEqual(["5", "0", "1"]);
  });

  test("counts a row of weight 3 as three rows", () => {
    const values = Float64Array.of(0, 0, 1, 1);
    const target = Float64Array.of(0, 1, 4, 8);
    const forest = growForest(
      { rows: 4, columns: [{ kind: "number" }], values, target, weights: Float64Array.of(3, 1, 1, 1) },
      { seed: "a", trees: 1, extra: true, minLeaf: 2 },
    );
    expect([...predict(forest, Float64Array.of(0, 1), 2)]).toEqual([0.25, 6]);
  });

  test("extremely randomised trees see all rows, and foretell new ones as well", () => {
    const table = tableOf(1_000, 10, friedman);
    const forest = growForest(table, { seed: "a", extra: true, columnShare: 1 });
    expect(outOfBagR2(forest, table)).toBeNaN();
    const fresh = tableOf(300, 10, friedman, 5);
    const means = predict(forest, fresh.values, fresh.rows);
    const error = means.reduce((sum, y, i) => sum + (y - (fresh.target[i] ?? 0)) ** 2, 0) / 300;
    // The function's variance is 24.
    expect(error).toBeLessThan(5);
  });

  test("is means of its own rows, within their range, whatever the rows are", () => {
    const value = fc.oneof(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constant(Number.NaN),
      fc.constant(0),
    );
    const row = fc.tuple(
      value,
      fc.integer({ min: 0, max: 3 }),
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), fc.string(), (drawn, seed) => {
        const rows = drawn.length;
        const table: Table = {
          rows,
          columns: [{ kind: "number" }, { kind: "category", size: 4 }],
          values: Float64Array.from([...drawn.map(([x]) => x), ...drawn.map(([, code]) => code)]),
          target: Float64Array.from(drawn, ([, , y]) => y),
        };
        const means = predict(growForest(table, { seed, trees: 5 }), table.values, rows);
        const [low, high] = [Math.min(...table.target), Math.max(...table.target)];
        const slack = 1e-9 * (Math.abs(low) + Math.abs(high));
        for (const mean of means) expect(mean >= low - slack && mean <= high + slack).toBe(true);
      }),
    );
  });

  test.each([
    ["no row", { rows: 0, columns: [{ kind: "number" as const }], values: [], target: [] }, "needs rows"],
    [
      "too few values",
      { rows: 2, columns: [{ kind: "number" as const }], values: [1], target: [1, 2] },
      "2 values",
    ],
    [
      "an infinite target",
      { rows: 1, columns: [{ kind: "number" as const }], values: [1], target: [Infinity] },
      "target 0 is Infinity",
    ],
    [
      "a code beyond its size",
      { rows: 1, columns: [{ kind: "category" as const, size: 2 }], values: [2], target: [1] },
      "expected a code below 2",
    ],
    [
      "300 categories",
      { rows: 1, columns: [{ kind: "category" as const, size: 300 }], values: [2], target: [1] },
      "at most 254",
    ],
  ])("refuses %s", (_, { values, target, ...rest }, why) => {
    const table = { ...rest, values: Float64Array.from(values), target: Float64Array.from(target) };
    expect(() => growForest(table, { seed: "a" })).toThrow(why);
  });
});
