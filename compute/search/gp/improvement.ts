import { exp, log } from "@/math/elementary";
import { logEi, logEiDerivative } from "@/math/special";
import type { Probe } from "./probe";
import type { Score } from "./score";

/**
 * The logarithm of the expected improvement on the best posterior mean, averaged over what runs under way may come to.
 *
 * | symbol   | meaning                                                | shape |
 * | -------- | ------------------------------------------------------ | ----- |
 * | μ_m, b_m | mean and incumbent under fantasy m (see probe.ts)      | M     |
 * | z_m      | (μ_m - b_m) / σ                                        | M     |
 * | h(z)     | φ(z) + z Φ(z)                                          |       |
 * | score    | ln σ + ln mean_m h(z_m)                                |       |
 *
 * The incumbent is a posterior mean and not the best value seen, which under noise is the luckiest one. The logarithm has a slope where
 * the improvement itself is 1e-300 (Ament et al., "Unexpected improvements to expected improvement", NeurIPS 2023).
 */
export function openImprovement(probe: Probe): Score {
  const { fantasies: M, best } = probe;
  const z = new Float64Array(M);
  const logH = new Float64Array(M);
  const byMean = new Float64Array(M);
  let means = new Float64Array(0);
  let sds = new Float64Array(0);

  /** ln mean_m h(z_m); fills z and ln h(z). */
  const average = (mean: Float64Array, from: number, sd: number): number => {
    let top = 0;
    for (let m = 0; m < M; m++) {
      z[m] = ((mean[from + m] as number) - (best[m] as number)) / sd;
      if ((z[m] as number) > (z[top] as number)) top = m;
    }
    for (let m = 0; m < M; m++) logH[m] = logEi(z[m] as number);
    const scale = logH[top] as number;
    if (M === 1) return scale;
    let sum = 0;
    for (let m = 0; m < M; m++) sum += exp((logH[m] as number) - scale);
    return scale + log(sum / M);
  };

  return {
    many(points, count, out) {
      if (sds.length < count) {
        means = new Float64Array(count * M);
        sds = new Float64Array(count);
      }
      probe.many(points, count, means, sds);
      for (let i = 0; i < count; i++)
        out[i] = log(sds[i] as number) + average(means, i * M, sds[i] as number);
    },
    slope(x, gradient) {
      const sd = probe.at(x);
      const level = average(probe.mean, 0, sd);
      // ∂ score / ∂ μ_m = share_m (h'/h)(z_m) / σ and ∂ score / ∂ σ = (1 - Σ_m share_m z_m (h'/h)(z_m)) / σ
      let rest = 1;
      for (let m = 0; m < M; m++) {
        const zm = z[m] as number;
        const share = M === 1 ? 1 : exp((logH[m] as number) - level) / M;
        const steep = share * logEiDerivative(zm);
        byMean[m] = steep / sd;
        rest -= steep * zm;
      }
      gradient.fill(0);
      probe.addSlope(byMean, rest / sd, gradient);
      return log(sd) + level;
    },
  };
}
