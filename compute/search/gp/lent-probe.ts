import { subtractProduct } from "@/math/linalg";
import { type LentFactor, toTiles } from "@/math/triangular";
import { keep, lend, memoryOf } from "@/math/wasm/kernels";
import { type AxisKind, crossSlope } from "./kernel";
import type { Model } from "./posterior";

/**
 * A probe's loops in the kernels' memory (see math/wasm/kernels.wat), where all that they read stays for as long as the probe
 * lives. The same bits as the plain loops of probe.ts, in half of the time: with 264 rows, 64 of them under way, and 16 fantasies 9
 * us against 22 a point, and 32 against 51 with its slope.
 *
 * Places are those of `memoryOf(kernels)`, in doubles. S is `factor.size`, n + p made even to four; so are D and M.
 *
 * | kept     | shape          |         | lent, for up to CHUNK points | shape |
 * | -------- | -------------- | ------- | ---------------------------- | ----- |
 * | columns  | D x S          | X       | points                       | h x D |
 * | rows     | S x D          | X again | white: k, then v             | h x S |
 * | minusZ   | M x p          | -Z      | rest, base                   | h     |
 * | alphas   | M x S          | A       | means                        | h x M |
 */
export interface LentProbe {
  /** @returns false, and nothing is of use, where the kernels have no room for the points */
  many(points: Float64Array, count: number, means: Float64Array, sds: Float64Array): boolean;
  at(x: Float64Array): number;
  addSlope(byMean: Float64Array, bySd: number, gradient: Float64Array): void;
}

/** As in math/triangular.ts: what is done with them stays in a second-level cache. */
const CHUNK = 128;
const KINDS: readonly AxisKind[] = ["number", "conditional", "category"];

/** @returns null where the kernels have no room left */
export function openLentProbe(
  model: Model,
  Z: Float64Array,
  M: number,
  A: Float64Array,
  factor: LentFactor,
  mean: Float64Array,
): LentProbe | null {
  const { rows, targets, axes, hyper, capacity, X, t } = model;
  const { kernels, size } = factor;
  const D = axes.count;
  const p = rows - targets;
  const [wideD, wideM] = [toTiles(D), toTiles(M)];
  const sizes = {
    columns: D * size,
    rows: size * wideD,
    minusZ: wideM * p,
    alphas: M * size,
    weights: D,
    kinds: toTiles(D),
    t: size,
    // one point and its slope; three rows more, since the kernels take four at a time
    x: wideD,
    lean: wideD,
    white: 4 * size,
    spare: size,
    slopes: size,
    c: size,
    rest: 8,
    means: 4 * wideM,
  };
  const kept = keep(Object.values(sizes).reduce((sum, each) => sum + each, 0));
  if (kept === null) return null;
  let end = kept().byteOffset / 8;
  const place = Object.fromEntries(
    Object.entries(sizes).map(([name, length]) => {
      end += length;
      return [name, end - length];
    }),
  ) as typeof sizes;

  const fill = (): void => {
    const data = kept();
    data.fill(0);
    const all = memoryOf(kernels);
    for (let d = 0; d < D; d++) {
      all.set(X.subarray(d * capacity, d * capacity + rows), place.columns + d * size);
      for (let i = 0; i < rows; i++) all[place.rows + i * wideD + d] = X[d * capacity + i] as number;
    }
    for (let i = 0; i < M * p; i++) all[place.minusZ + i] = -(Z[i] as number);
    for (let m = 0; m < M; m++) all.set(A.subarray(m * rows, (m + 1) * rows), place.alphas + m * size);
    all.set(hyper.w, place.weights);
    const kinds = new Int32Array(all.buffer, 8 * place.kinds, D);
    for (let d = 0; d < D; d++) kinds[d] = KINDS.indexOf(axes.kinds[d] ?? "number");
    all.set(t.subarray(0, targets), place.t);
  };
  fill();

  const covariances = (x: number, out: number, slopes: number): void =>
    kernels.covariances(
      8 * x,
      D,
      8 * place.weights,
      8 * place.kinds,
      8 * place.columns,
      8 * size,
      size,
      hyper.a,
      8 * out,
      8 * slopes,
    );
  /** From v to σ² and the means, for a multiple of four of rows. */
  const read = (all: Float64Array, white: number, count: number, rest: number, means: number): void => {
    const base = rest + count;
    kernels.reduce(8 * white, 8 * size, count, 8 * place.t, targets, rows, hyper.a, 8 * rest, 8 * base);
    for (let i = 0; i < count; i++)
      all.fill(all[base + i] as number, means + i * wideM, means + (i + 1) * wideM);
    if (p > 0)
      subtractProduct(
        { data: all, start: means, stride: wideM },
        { data: all, start: white + targets, stride: size },
        { data: all, start: place.minusZ, stride: p },
        count,
        wideM,
        p,
      );
  };
  const toSd = (rest: number): number => Math.sqrt(Math.max(rest, 1e-12 * hyper.a));

  const readChunk = (
    points: Float64Array,
    first: number,
    count: number,
    means: Float64Array,
    sds: Float64Array,
  ): boolean => {
    const high = toTiles(count);
    const lent = lend(high * (D + size + 2 + wideM));
    if (lent === null) return false;
    lent.set(points.subarray(first * D, (first + count) * D));
    const at = lent.byteOffset / 8;
    const white = at + high * D;
    const rest = white + high * size;
    const own = rest + 2 * high;
    lent.fill(0, high * D + count * size, high * (D + size));
    for (let i = 0; i < count; i++) covariances(at + i * D, white + i * size, 0);
    factor.solveMany(white, high);
    const all = memoryOf(kernels);
    read(all, white, high, rest, own);
    for (let i = 0; i < count; i++) {
      sds[first + i] = toSd(all[rest + i] as number);
      for (let m = 0; m < M; m++) means[(first + i) * M + m] = all[own + i * wideM + m] as number;
    }
    return true;
  };

  const x = new Float64Array(D);
  let sd = 0;
  return {
    many(points, count, means, sds) {
      for (let done = 0; done < count; done += CHUNK)
        if (!readChunk(points, done, Math.min(CHUNK, count - done), means, sds)) return false;
      return true;
    },
    at(point) {
      x.set(point);
      const all = memoryOf(kernels);
      all.set(x, place.x);
      covariances(place.x, place.white, place.slopes);
      factor.solve(place.white);
      read(all, place.white, 4, place.rest, place.means);
      sd = toSd(all[place.rest] as number);
      for (let m = 0; m < M; m++) mean[m] = all[place.means + m] as number;
      return sd;
    },
    addSlope(byMean, bySd, gradient) {
      const all = memoryOf(kernels);
      const c = place.c;
      all.fill(0, c, c + size);
      let m = 0;
      for (; m + 4 <= M; m += 4)
        kernels.subtractFour(
          8 * c,
          rows,
          8 * (place.alphas + m * size),
          8 * size,
          -(byMean[m] as number),
          -(byMean[m + 1] as number),
          -(byMean[m + 2] as number),
          -(byMean[m + 3] as number),
        );
      for (; m < M; m++) {
        const weight = byMean[m] as number;
        const row = place.alphas + m * size;
        for (let i = 0; i < rows; i++)
          all[c + i] = (all[c + i] as number) + weight * (all[row + i] as number);
      }
      // ∂ σ / ∂ k = - K⁻¹k / σ
      const k = place.spare;
      all.copyWithin(k, place.white, place.white + rows);
      factor.solveTransposed(k);
      const share = bySd / sd;
      for (let i = 0; i < rows; i++)
        all[c + i] =
          ((all[c + i] as number) - share * (all[k + i] as number)) *
          hyper.a *
          (all[place.slopes + i] as number);
      kernels.lean(8 * c, rows, 8 * place.rows, wideD, 8 * place.x, 8 * place.lean);
      for (let d = 0; d < D; d++) {
        const kind = axes.kinds[d];
        const slope =
          kind === "number"
            ? 2 * (hyper.w[d] as number) * (all[place.lean + d] as number)
            : crossSlope(axes, hyper.w, X, capacity, rows, x, d, all.subarray(c, c + rows));
        // a coordinate that does not exist has no slope
        gradient[d] = (gradient[d] as number) + (kind === "number" && (x[d] as number) < 0 ? 0 : slope);
      }
    },
  };
}
