import type { Hyperband } from "@/core/sweep-config";
import type { Crowd } from "./ranks";

/**
 * W&B's rule at one band, bit for bit (`hyperband_stop_runs` of PyPI `sweeps` 0.3.0). The threshold is the value at place
 * int(n / eta), from 0, of all n runs that have ever reached the band, whatever became of them: one more than the best 1/eta
 * go on, and the first run always does. A run is measured at the last band it has reached, again whenever another run
 * reaches that band: it may be stopped long after. What is held against the threshold is its value at the band, or the best
 * of all its values where the rule is not strict.
 */
export function hyperbandPlace({ eta }: Pick<Hyperband, "eta">, { others }: Crowd): number | null {
  const all = others + 1;
  // 1 / eta is rounded before it is multiplied, there as here.
  const place = Math.trunc((1 / eta) * all);
  return place < all ? place : null;
}
