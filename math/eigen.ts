/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations, cyclic by rows (Golub and Van Loan, "Matrix
 * computations", 8.5): slower than reduction to a tridiagonal matrix (about 10 n³ steps), but every eigenvalue of a
 * positive definite matrix comes out with a small relative error as far as its diagonal scaling allows (Demmel and Veselić,
 * 1992), where other methods drown the small ones in the rounding of the large ones. Matrices lie by rows.
 */
export interface Eigen {
  /** Rising. */
  readonly values: Float64Array;
  /** Row i is the unit vector that belongs to values[i]; n x n. */
  readonly vectors: Float64Array;
}

/** Convergence is quadratic at last: 6 to 10 sweeps for n up to 200. */
const MOST_SWEEPS = 60;

/** @param a n x n, of which the lower triangle is read; it is left as it was. @throws RangeError for NaN and infinities */
export function symmetricEigen(a: Float64Array, n: number): Eigen {
  const A = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const value = a[i * n + j] as number;
      if (!Number.isFinite(value)) throw new RangeError(`entry ${i}, ${j} of the matrix is ${value}`);
      largest = Math.max(largest, Math.abs(value));
      A[i * n + j] = value;
      A[j * n + i] = value;
    }
  // Squares of entries beyond 1e154 would overflow, those below 1e-154 vanish; a power of two rounds nothing.
  const unit = largest > 0 ? powerOfTwoNear(largest) : 1;
  for (let at = 0; at < A.length; at++) A[at] = (A[at] as number) / unit;
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) if (rotate(A, V, n, p, q)) rotated = true;
    if (!rotated) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => (A[i * n + i] as number) - (A[j * n + j] as number) || i - j,
  );
  const vectors = new Float64Array(n * n);
  for (const [row, i] of order.entries()) vectors.set(V.subarray(i * n, (i + 1) * n), row * n);
  return { values: Float64Array.from(order, (i) => (A[i * n + i] as number) * unit), vectors };
}

/** Makes entry (p, q) zero; false where it is as good as zero beside its diagonal entries. */
function rotate(A: Float64Array, V: Float64Array, n: number, p: number, q: number): boolean {
  const entry = A[p * n + q] as number;
  const [first, second] = [A[p * n + p] as number, A[q * n + q] as number];
  if (Math.abs(entry) <= Number.EPSILON * Math.sqrt(Math.abs(first)) * Math.sqrt(Math.abs(second))) {
    if (entry === 0) return false;
    A[p * n + q] = 0;
    A[q * n + p] = 0;
    return false;
  }
  // t = tan of the angle, the smaller root of t² + 2 θ t = 1
  const theta = (second - first) / (2 * entry);
  const t =
    Math.abs(theta) > 1e150
      ? 1 / (2 * theta)
      : (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    if (k === p || k === q) continue;
    const [x, y] = [A[p * n + k] as number, A[q * n + k] as number];
    const [down, up] = [c * x - s * y, s * x + c * y];
    A[p * n + k] = down;
    A[k * n + p] = down;
    A[q * n + k] = up;
    A[k * n + q] = up;
  }
  A[p * n + p] = first - t * entry;
  A[q * n + q] = second + t * entry;
  A[p * n + q] = 0;
  A[q * n + p] = 0;
  for (let k = 0; k < n; k++) {
    const [x, y] = [V[p * n + k] as number, V[q * n + k] as number];
    V[p * n + k] = c * x - s * y;
    V[q * n + k] = s * x + c * y;
  }
  return true;
}

/** The largest power of two that is not above x > 0, up to a factor of two. */
function powerOfTwoNear(x: number): number {
  let power = 1;
  while (power * 2 <= x && power < 2 ** 1022) power *= 2;
  while (power > x && power > 2 ** -1022) power /= 2;
  return power;
}
