import { type Box, boxesAbove, type Point, paretoFront } from "@/compute/analysis/pareto";
import { exp, log, log1p } from "@/math/elementary";
import { logEi } from "@/math/special";
import type { Probe } from "./probe";
import type { Score } from "./score";

/**
 * The logarithm of the expected gain in hypervolume over several objectives, each with a model of its own.
 *
 * | symbol      | meaning                                                                  | shape |
 * | ----------- | ------------------------------------------------------------------------ | ----- |
 * | J           | objectives                                                               |       |
 * | μ_j, σ_j    | mean and spread of objective j (see probe.ts)                            | J     |
 * | B           | boxes of the region that no known point dominates, l_bj .. u_bj (pareto.ts) |       |
 * | ψ_j(c)      | E max(0, f_j - c) = σ_j h((μ_j - c) / σ_j)                               |       |
 * | score       | ln Σ_b Π_j (ψ_j(l_bj) - ψ_j(u_bj))                                       |       |
 *
 * Exact for independent objectives: what f covers of a box in coordinate j is min(f_j, u) - l above l, and its mean is that
 * difference. Each term is taken as a logarithm, ψ(l) - ψ(u) = ψ(l) (1 - ψ(u) / ψ(l)), so that it has a slope far from the front, too. Slopes in μ_j and σ_j
 * are central differences of this sum, which costs no kernel: 4 J + 1 sums a point.
 */
export function openHypervolume(probes: readonly Probe[], known: readonly Point[]): Score {
  const J = probes.length;
  const front = paretoFront(known).map((i) => known[i] as Point);
  const boxes = toColumns(boxesAbove(front, referenceOf(front, J)), J);
  const mean = new Float64Array(J);
  const sd = new Float64Array(J);
  const terms = new Float64Array(boxes.count);
  const levels = boxes.levels.map(({ length }) => new Float64Array(length));

  const value = (): number => {
    for (let j = 0; j < J; j++) {
      const own = levels[j] as Float64Array;
      const places = boxes.levels[j] as Float64Array;
      for (let i = 0; i < own.length; i++)
        own[i] =
          log(sd[j] as number) + logEi(((mean[j] as number) - (places[i] as number)) / (sd[j] as number));
    }
    let top = Number.NEGATIVE_INFINITY;
    for (let b = 0; b < boxes.count; b++) {
      let term = 0;
      for (let j = 0; j < J; j++) {
        const own = levels[j] as Float64Array;
        const low = own[boxes.lower[b * J + j] as number] as number;
        const up = boxes.upper[b * J + j] as number;
        // 1 - e^-x for an x below 1e-15 is x, and not 0
        const gap = up < 0 ? Number.POSITIVE_INFINITY : low - (own[up] as number);
        term += low + (gap < 1e-8 ? log(Math.max(gap, 1e-300)) : log1p(-exp(-gap)));
      }
      terms[b] = term;
      top = Math.max(top, term);
    }
    let sum = 0;
    for (let b = 0; b < boxes.count; b++) sum += exp((terms[b] as number) - top);
    return top + log(sum);
  };

  const byMean = new Float64Array(1);
  const difference = (of: Float64Array, j: number, step: number): number => {
    const at = of[j] as number;
    of[j] = at + step;
    const above = value();
    of[j] = at - step;
    const below = value();
    of[j] = at;
    return (above - below) / (2 * step);
  };

  return {
    many(points, count, out) {
      const means = probes.map(() => new Float64Array(count));
      const sds = probes.map(() => new Float64Array(count));
      for (const [j, probe] of probes.entries())
        probe.many(points, count, means[j] as Float64Array, sds[j] as Float64Array);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < J; j++) {
          mean[j] = means[j]?.[i] as number;
          sd[j] = sds[j]?.[i] as number;
        }
        out[i] = value();
      }
    },
    slope(x, gradient) {
      for (const [j, probe] of probes.entries()) {
        sd[j] = probe.at(x);
        mean[j] = probe.mean[0] as number;
      }
      gradient.fill(0);
      for (const [j, probe] of probes.entries()) {
        const step = STEP * (sd[j] as number);
        byMean[0] = difference(mean, j, step);
        probe.addSlope(byMean, difference(sd, j, step), gradient);
      }
      return value();
    },
  };
}

/** In spreads: the error of a central difference is least near the third root of the machine's precision. */
const STEP = 1e-5;
/** Targets have variance 1: where the front is a single point, this much below it still counts. */
const LEAST_MARGIN = 0.1;

/** A tenth of the front's extent below its worst coordinates, so that its ends are worth extending. */
function referenceOf(front: readonly Point[], J: number): number[] {
  return Array.from({ length: J }, (_, j) => {
    const own = front.map((point) => point[j] as number);
    const low = Math.min(...own);
    return low - Math.max(LEAST_MARGIN, 0.1 * (Math.max(...own) - low));
  });
}

/** Boxes share few levels: each is looked up by its number, -1 for no end. */
function toColumns(list: readonly Box[], J: number) {
  const levels = Array.from({ length: J }, (_, j) => {
    const all = list.flatMap(({ lower, upper }) => [lower[j] as number, upper[j] as number]);
    return Float64Array.from(new Set(all.filter(Number.isFinite))).sort();
  });
  const lower = new Int32Array(list.length * J);
  const upper = new Int32Array(list.length * J);
  for (const [b, box] of list.entries()) {
    for (let j = 0; j < J; j++) {
      lower[b * J + j] = levels[j]?.indexOf(box.lower[j] as number) ?? 0;
      upper[b * J + j] = levels[j]?.indexOf(box.upper[j] as number) ?? -1;
    }
  }
  return { count: list.length, levels, lower, upper };
}
