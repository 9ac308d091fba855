import type { Asha } from "@/core/sweep-config";
import type { Crowd } from "./ranks";

/**
 * Asynchronous successive halving of the stopping kind (Li et al. 2020, "A system for massively parallel hyperparameter
 * tuning"; SuccessiveHalvingPruner of Optuna): of the n that have come to the band so far the best n / eta go on, rounded
 * down, at least one. A run is judged once, when it comes, and is one of the n.
 */
export function ashaPlace({ eta }: Pick<Asha, "eta">, { others }: Crowd): number {
  return Math.max(1, Math.floor((others + 1) / eta)) - 1;
}
