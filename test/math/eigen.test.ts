import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "@/math/eigen";

const sizes = fc.integer({ min: 1, max: 12 });
const symmetric = fc.tuple(sizes, fc.constantFrom(1, 1e-300, 1e-20, 1e20, 1e300)).chain(([n, scale]) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n * n, maxLength: n * n })
    .map((entries) => {
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) {
          a[i * n + j] = (entries[i * n + j] as number) * scale;
          a[j * n + i] = a[i * n + j] as number;
        }
      return { a, n, scale };
    }),
);

const product = (a: Float64Array, n: number, x: Float64Array): Float64Array =>
  Float64Array.from({ length: n }, (_, i) =>
    x.reduce((sum, each, j) => sum + (a[i * n + j] as number) * each, 0),
  );

describe("the eigenvectors of a symmetric matrix", () => {
  test("are of length 1, at right angles, and stretched by their eigenvalues, at any scale", () => {
    fc.assert(
      fc.property(symmetric, ({ a, n, scale }) => {
        const before = a.slice();
        const { values, vectors } = symmetricEigen(a, n);
        expect(a).toEqual(before);
        for (let i = 0; i < n; i++) {
          const v = vectors.subarray(i * n, (i + 1) * n);
          if (i > 0) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1] as number);
          for (let j = 0; j <= i; j++) {
            const w = vectors.subarray(j * n, (j + 1) * n);
            const dot = v.reduce((sum, x, k) => sum + x * (w[k] as number), 0);
            expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-13);
          }
          for (const [k, x] of product(a, n, v).entries())
            expect(Math.abs(x / scale - ((values[i] as number) / scale) * (v[k] as number))).toBeLessThan(
              1e-13 * n,
            );
        }
      }),
    );
  });

  test("keep the trace", () => {
    fc.assert(
      fc.property(symmetric, ({ a, n, scale }) => {
        const trace = Array.from({ length: n }, (_, i) => (a[i * n + i] as number) / scale);
        const sum = symmetricEigen(a, n).values.reduce((all, value) => all + value / scale, 0);
        expect(Math.abs(sum - trace.reduce((all, x) => all + x, 0))).toBeLessThan(1e-13 * n);
      }),
    );
  });

  test("keep small eigenvalues beside huge ones: a matrix D K D with D from 1e-8 to 1e8 has its determinant to 12 digits", () => {
    const n = 5;
    const d = [1e-8, 1e-4, 1, 1e4, 1e8];
    const a = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return (d[i] as number) * (d[j] as number) * (i === j ? 1 : 0.5);
    });
    const { values } = symmetricEigen(a, n);
    // det K = (1 - 0.5)^4 (1 + 4 * 0.5), and the D cancel
    const determinant = values.reduce((all, value) => all * value, 1);
    expect(Math.abs(determinant / (0.5 ** 4 * 3) - 1)).toBeLessThan(1e-12);
    expect(values[0]).toBeGreaterThan(0);
  });

  test("are known for a matrix of two rows, for a diagonal one and for nothing but zeros", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect([...values].map((x) => Math.round(x * 1e12) / 1e12)).toEqual([1, 3]);
    expect(Math.abs((vectors[2] as number) - (vectors[3] as number))).toBeLessThan(1e-15);
    expect([...symmetricEigen(Float64Array.of(3, 0, 0, -7), 2).values]).toEqual([-7, 3]);
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
  });

  test("of what is no number are refused with the place", () => {
    expect(() => symmetricEigen(Float64Array.of(1, 0, Number.NaN, 1), 2)).toThrow(
      "entry 1, 0 of the matrix is NaN",
    );
  });
});
