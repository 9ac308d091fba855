import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendRow, cholesky, inverseFromCholesky, logDetFromCholesky, solveCholesky } from "@/math/cholesky";
import { exp } from "@/math/elementary";
import { dot, matVec } from "@/math/linalg";
import { drawUnit, openStream } from "@/math/random";
import { solveLower, solveLowerMany, solveLowerTransposed } from "@/math/triangular";

/** A covariance as a model sees it: points in the cube, a smooth kernel, noise on the diagonal. */
function covariance(n: number, { seed = "1", noise = 1e-2, scale = 1, stride = n } = {}): Float64Array {
  const stream = openStream(seed, ["test"]);
  const points = Float64Array.from({ length: n * 3 }, (_, i) => drawUnit(stream, BigInt(i)));
  const a = new Float64Array(n * stride);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let square = 0;
      for (let d = 0; d < 3; d++) square += ((points[i * 3 + d] ?? 0) - (points[j * 3 + d] ?? 0)) ** 2;
      a[i * stride + j] = scale * (exp(-3 * square) + (i === j ? noise : 0));
    }
  return a;
}

const vector = (n: number, seed = "b"): Float64Array => {
  const stream = openStream(seed, ["vector"]);
  return Float64Array.from({ length: n }, (_, i) => drawUnit(stream, BigInt(i)) - 0.5);
};

function factorOf(a: Float64Array, n: number, stride = n): Float64Array {
  const l = a.slice();
  expect(cholesky(l, n, { stride })).toEqual({ ok: true, jitter: 0 });
  return l;
}

/** The textbook's loop, one rounding a step, lowest index first. */
function plainFactor(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (l[i * n + k] ?? 0) * (l[j * n + k] ?? 0);
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / (l[j * n + j] ?? 0);
    }
  return l;
}

const lowerOf = (l: Float64Array, n: number, stride = n): number[] =>
  Array.from({ length: n }, (_, i) => [...l.subarray(i * stride, i * stride + i + 1)]).flat();

/** The largest difference of two lists, relative to the largest number of the second. */
function apart(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    most = Math.max(most, Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? 0)));
    size = Math.max(size, Math.abs(expected[i] ?? 0));
  }
  return most / (size || 1);
}

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 33, 50, 64, 65, 101, 130];

describe("cholesky", () => {
  test.each(sizes)("of a %i x %i matrix is the textbook's loop to the bit", (n) => {
    const a = covariance(n);
    expect(lowerOf(factorOf(a, n), n)).toEqual(lowerOf(plainFactor(a, n), n));
  });

  test.each(sizes)("grown row by row to %i is the factor of the whole to the bit", (n) => {
    const stride = n + 5;
    const a = covariance(n);
    const l = new Float64Array(n * stride);
    for (let i = 0; i < n; i++)
      expect(appendRow(l, i, stride, a.subarray(i * n, i * n + i), a[i * n + i] ?? 0)).toBe(true);
    expect(lowerOf(l, n, stride)).toEqual(lowerOf(factorOf(a, n), n));
    const wide = covariance(n, { stride });
    expect(lowerOf(factorOf(wide, n, stride), n, stride)).toEqual(lowerOf(l, n, stride));
  });

  test("does not depend on the unit: factors of a matrix times 2^60 and 2^-60 are the factor times 2^30 and 2^-30", () => {
    const plain = lowerOf(factorOf(covariance(40), 40), 40);
    for (const power of [60, -60]) {
      const scaled = lowerOf(factorOf(covariance(40, { scale: 2 ** power }), 40), 40);
      expect(scaled).toEqual(plain.map((x) => x * 2 ** (power / 2)));
    }
  });

  test.each([1e-9, 1, 1e9])(
    "needs the same jitter for a doubled point, relative to the diagonal, at scale %d",
    (scale) => {
      const n = 30;
      const a = covariance(n, { noise: 0, scale });
      for (let k = 0; k < n; k++) a[29 * n + k] = a[3 * n + k] ?? 0;
      for (let k = 0; k < n; k++) a[k * n + 29] = a[k * n + 3] ?? 0;
      a[29 * n + 29] = a[3 * n + 3] ?? 0;
      const l = a.slice();
      const result = cholesky(l, n);
      if (!result.ok) throw new Error("not factored");
      expect(result.jitter).toBeGreaterThan(0);
      expect(result.jitter).toBeLessThanOrEqual(1e-10 * scale);
      expect(l.subarray(0, n * n).every(Number.isFinite)).toBe(true);
      // L L' is the matrix with that jitter
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) {
          const product = dot(l.subarray(i * n, i * n + j + 1), l.subarray(j * n, j * n + j + 1), j + 1);
          const wanted = (a[i * n + j] ?? 0) + (i === j ? result.jitter : 0);
          expect(Math.abs(product - wanted)).toBeLessThanOrEqual(1e-14 * scale);
        }
    },
  );

  test("says which row fails, and leaves the lower triangle as it was", () => {
    const a = Float64Array.of(4, 2, 0, 2, 1, 3, 0, 3, -5);
    const l = a.slice();
    expect(cholesky(l, 3)).toEqual({ ok: false, row: 1 });
    expect(l).toEqual(a);
    expect(cholesky(Float64Array.of(1, 1, 1, 1), 2, { maxJitter: 0 })).toEqual({ ok: false, row: 1 });
  });

  test("fails at once on NaN and infinities instead of spreading them", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const a = covariance(20);
      a[7 * 20 + 3] = bad;
      expect(cholesky(a, 20)).toEqual({ ok: false, row: 7 });
      const b = covariance(20);
      b[7 * 20 + 7] = bad;
      expect(cholesky(b, 20).ok).toBe(false);
    }
    expect(cholesky(new Float64Array(9), 3)).toEqual({ ok: false, row: 0 });
  });

  test("refuses a matrix that does not fit its array", () => {
    expect(() => cholesky(new Float64Array(8), 3)).toThrow("a 3 x 3 matrix with rows 3 apart does not fit 8");
    expect(() => cholesky(new Float64Array(9), 3, { stride: 2 })).toThrow("rows 2 apart");
    expect(() => appendRow(new Float64Array(9), 3, 3, vector(3), 1)).toThrow("row 3");
  });

  test("refuses to append a row that depends on those before it", () => {
    const n = 10;
    const l = new Float64Array(11 * 11);
    const a = covariance(n, { noise: 0.1 });
    for (let i = 0; i < n; i++) appendRow(l, i, 11, a.subarray(i * n, i * n + i), a[i * n + i] ?? 0);
    const before = lowerOf(l, n, 11);
    expect(appendRow(l, n, 11, a.subarray(4 * n, 5 * n), a[4 * n + 4] ?? 0)).toBe(false);
    expect(appendRow(l, n, 11, a.subarray(4 * n, 5 * n), Number.NaN)).toBe(false);
    expect(appendRow(l, n, 11, a.subarray(4 * n, 5 * n), Infinity)).toBe(false);
    expect(lowerOf(l, n, 11)).toEqual(before);
  });
});

describe("solutions", () => {
  test.each(sizes)("with %i unknowns solve their systems", (n) => {
    const stride = n + 3;
    const a = covariance(n, { stride });
    const l = factorOf(a, n, stride);
    const b = vector(n);
    const x = solveCholesky(l, n, stride, b);
    expect(apart(matVec(a, n, n, x, undefined, stride), b)).toBeLessThan(1e-12);
    const lower = l.slice();
    for (let i = 0; i < n; i++) lower.fill(0, i * stride + i + 1, (i + 1) * stride);
    const y = solveLower(l, n, stride, b);
    expect(apart(matVec(lower, n, n, y, undefined, stride), b)).toBeLessThan(1e-13);
    const transposed = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) transposed[j * n + i] = lower[i * stride + j] ?? 0;
    expect(apart(matVec(transposed, n, n, solveLowerTransposed(l, n, stride, b)), b)).toBeLessThan(1e-13);
  });

  test("may be written over the right-hand side", () => {
    const l = factorOf(covariance(21), 21);
    const b = vector(21);
    const expected = solveCholesky(l, 21, 21, b);
    expect(b).toEqual(vector(21));
    expect(solveCholesky(l, 21, 21, b, b)).toBe(b);
    expect(b).toEqual(expected);
  });

  test("many at once are the same bits as one by one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 40 }), (n, count) => {
        const l = factorOf(covariance(n), n);
        const rowStride = n + 2;
        const rows = vector(count * rowStride);
        const expected = rows.slice();
        for (let r = 0; r < count; r++) {
          const row = expected.subarray(r * rowStride, r * rowStride + n);
          solveLower(l, n, n, row, row);
        }
        solveLowerMany(l, n, n, rows, count, rowStride);
        expect(rows).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test.each(sizes)("the inverse of a %i x %i matrix is symmetric and undoes it", (n) => {
    const a = covariance(n);
    const inverse = inverseFromCholesky(factorOf(a, n), n);
    for (let j = 0; j < n; j++) {
      const unit = new Float64Array(n);
      unit[j] = 1;
      const column = Float64Array.from({ length: n }, (_, i) => inverse[i * n + j] ?? 0);
      expect(column).toEqual(inverse.slice(j * n, (j + 1) * n));
      expect(apart(matVec(a, n, n, column), unit)).toBeLessThan(1e-11);
    }
  });

  test("an inverse at 1e9 and 1e-9 is as good as at 1", () => {
    for (const scale of [1e9, 1e-9]) {
      const a = covariance(50, { scale });
      const inverse = inverseFromCholesky(factorOf(a, 50), 50);
      expect(
        apart(
          inverse.map((x) => x * scale),
          inverseFromCholesky(factorOf(covariance(50), 50), 50),
        ),
      ).toBeLessThan(1e-12);
    }
  });

  test("the determinant's logarithm is the sum that it stands for, and does not overflow", () => {
    expect(logDetFromCholesky(factorOf(Float64Array.of(4, 2, 2, 3), 2), 2)).toBeCloseTo(Math.log(8), 14);
    const n = 100;
    const diagonal = new Float64Array(n * n);
    for (let i = 0; i < n; i++) diagonal[i * n + i] = 1e9;
    expect(logDetFromCholesky(factorOf(diagonal, n), n)).toBeCloseTo(n * Math.log(1e9), 9);
    expect(logDetFromCholesky(new Float64Array(0), 0)).toBe(0);
  });

  test("nearly singular systems are solved as well as their data allow: the residual stays small", () => {
    const n = 60;
    const a = covariance(n, { noise: 1e-10 });
    const x = solveCholesky(factorOf(a, n), n, n, vector(n));
    const back = matVec(a, n, n, x);
    const size = Math.sqrt(dot(x, x));
    expect(Math.max(...back.map((value, i) => Math.abs(value - (vector(n)[i] ?? 0))))).toBeLessThan(
      1e-14 * n * size,
    );
  });
});
