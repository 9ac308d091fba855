import { type Box, boxesAbove, type Point, paretoFront } from "@/compute/analysis/pareto";
import { log, quickExp } from "@/math/elementary";
import { logEi, logEiDerivative } from "@/math/special";
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
 * | p_bj        | 1 - ψ_j(u_bj) / ψ_j(l_bj), which is 1 without an upper end                | B x J |
 * | score       | ln Σ_b w_b, w_b = Π_j ψ_j(l_bj) p_bj                                     |       |
 *
 * Exact for independent objectives: what f covers of a box in coordinate j is min(f_j, u) - l above l, and its mean is
 * ψ(l) - ψ(u) = ψ(l) p. ψ is taken as a logarithm, so that the score has a slope far from the front, too; levels, of which there are few, are
 * looked up by number. A slope in μ_j or σ_j is Σ_b w_b (a(l) - (1 - p) a(u)) / p over Σ_b w_b, with a(c) that of ln ψ_j(c).
 */
export function openHypervolume(probes: readonly Probe[], known: readonly Point[]): Score {
  const J = probes.length;
  const front = paretoFront(known).map((i) => known[i] as Point);
  const boxes = toColumns(boxesAbove(front, referenceOf(front, J)), J);
  const mean = new Float64Array(J);
  const sd = new Float64Array(J);
  /** w_b by the largest product of ψ_j(l_bj), and p_bj. */
  const w = new Float64Array(boxes.count);
  const parts = new Float64Array(boxes.count * J);
  const levels = boxes.levels.map((places) => ({
    places,
    /** ln ψ, and its slopes in μ and σ. */
    log: new Float64Array(places.length),
    byMean: new Float64Array(places.length),
    bySd: new Float64Array(places.length),
  }));
  const byMean = Array.from({ length: J }, () => new Float64Array(1));
  const bySd = new Float64Array(J);

  const value = (): number => {
    for (const [j, own] of levels.entries()) {
      const [m, s] = [mean[j] as number, sd[j] as number];
      const unit = log(s);
      for (let i = 0; i < own.places.length; i++)
        own.log[i] = unit + logEi((m - (own.places[i] as number)) / s);
    }
    let top = Number.NEGATIVE_INFINITY;
    for (let b = 0; b < boxes.count; b++) {
      let product = 0;
      for (let j = 0; j < J; j++) {
        const at = b * J + j;
        const logs = (levels[j] as (typeof levels)[number]).log;
        const low = logs[boxes.lower[at] as number] as number;
        const up = boxes.upper[at] as number;
        parts[at] = up < 0 ? 1 : partOf(low - (logs[up] as number));
        product += low;
      }
      w[b] = product;
      top = Math.max(top, product);
    }
    let sum = 0;
    for (let b = 0; b < boxes.count; b++) {
      let weight = quickExp((w[b] as number) - top);
      for (let j = 0; j < J; j++) weight *= parts[b * J + j] as number;
      w[b] = weight;
      sum += weight;
    }
    return top + log(sum);
  };

  /** Into `byMean` and `bySd`, from what `value` has left. */
  const differentiate = (): void => {
    let sum = 0;
    for (let b = 0; b < boxes.count; b++) sum += w[b] as number;
    for (const [j, own] of levels.entries()) {
      const [m, s] = [mean[j] as number, sd[j] as number];
      for (let i = 0; i < own.places.length; i++) {
        const z = (m - (own.places[i] as number)) / s;
        const steep = logEiDerivative(z);
        own.byMean[i] = steep / s;
        own.bySd[i] = (1 - z * steep) / s;
      }
      let [ofMean, ofSd] = [0, 0];
      for (let b = 0; b < boxes.count; b++) {
        const share = (w[b] as number) / sum;
        const at = b * J + j;
        const [low, up] = [boxes.lower[at] as number, boxes.upper[at] as number];
        if (up < 0) {
          ofMean += share * (own.byMean[low] as number);
          ofSd += share * (own.bySd[low] as number);
        } else if (share > NOTHING) {
          const part = parts[at] as number;
          const rest = 1 - part;
          ofMean += (share / part) * ((own.byMean[low] as number) - rest * (own.byMean[up] as number));
          ofSd += (share / part) * ((own.bySd[low] as number) - rest * (own.bySd[up] as number));
        }
      }
      (byMean[j] as Float64Array)[0] = ofMean;
      bySd[j] = ofSd;
    }
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
      const score = value();
      differentiate();
      gradient.fill(0);
      for (const [j, probe] of probes.entries())
        probe.addSlope(byMean[j] as Float64Array, bySd[j] as number, gradient);
      return score;
    },
  };
}

/** 1 - e^-gap: by its series where the subtraction would take its digits, and never 0. */
function partOf(gap: number): number {
  if (gap >= 1e-4) return 1 - quickExp(-gap);
  return Math.max(gap * (1 - (gap / 2) * (1 - gap / 3)), LEAST_PART);
}

/** Three of them are a number still. Logarithms that rounding makes equal or exchanges are a box of no volume. */
const LEAST_PART = 1e-100;
/** A box of such a share has no say in the slope; what it says is divided by its part, of which rounding may have left nothing. */
const NOTHING = 1e-18;
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
