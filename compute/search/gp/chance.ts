import { exp, log } from "@/math/elementary";
import { normalLogCdf } from "@/math/special";
import type { Probe } from "./probe";
import type { Score } from "./score";

/**
 * The logarithm of the chance that a modelled quantity is above 0: a run that does not fail (labels +1 and -1), a metric
 * that keeps to its bound (what is left up to it).
 *
 * | symbol | meaning                                                    |
 * | ------ | ---------------------------------------------------------- |
 * | μ, σ   | mean and spread of the function (see probe.ts)             |
 * | s      | variance of the noise on top                               |
 * | τ, z   | √(σ² + s), μ / τ                                           |
 * | score  | ln Φ(z), slope φ(z) / Φ(z)                                 |
 */
export function openChance(probe: Probe, s: number): Score {
  const byMean = new Float64Array(1);
  let means = new Float64Array(0);
  let sds = new Float64Array(0);
  return {
    many(points, count, out) {
      if (sds.length < count) {
        means = new Float64Array(count);
        sds = new Float64Array(count);
      }
      probe.many(points, count, means, sds);
      for (let i = 0; i < count; i++) {
        const sd = sds[i] as number;
        out[i] = normalLogCdf((means[i] as number) / Math.sqrt(sd * sd + s));
      }
    },
    slope(x, gradient) {
      const sd = probe.at(x);
      const spread = Math.sqrt(sd * sd + s);
      const z = (probe.mean[0] as number) / spread;
      const score = normalLogCdf(z);
      const steep = exp(-0.5 * z * z - HALF_LOG_TWO_PI - score);
      byMean[0] = steep / spread;
      gradient.fill(0);
      probe.addSlope(byMean, (-steep * z * sd) / (spread * spread), gradient);
      return score;
    },
  };
}

const HALF_LOG_TWO_PI = 0.5 * log(2 * Math.PI);
