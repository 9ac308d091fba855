import { quickExp } from "@/math/elementary";
import type { Prediction } from "../method";
import type { Parzen } from "./parzen";

interface Part {
  readonly density: Parzen;
  /** How many points it has. */
  readonly share: number;
  /** Of its first points, in their order; NaN without a result. */
  readonly values: Float64Array;
}

/**
 * What the runs around a point came to: the mean of their results and its spread, weighted by their kernels there (Nadaraya and
 * Watson's regression, 1964). What the priors weigh goes to all results alike, so that far from all of them it is their
 * mean and spread.
 */
export function expectAt(x: Float64Array, parts: readonly Part[]): Pick<Prediction, "mean" | "sd"> {
  const at = new Float64Array(1);
  const logs = parts.map(({ density }) => {
    density.logDensities(x, 1, at);
    return at[0] as number;
  });
  const most = Math.max(...logs);
  const weights: number[] = [];
  const values: number[] = [];
  let prior = 0;
  for (const [p, { density, share, values: own }] of parts.entries()) {
    const { kernels, prior: left } = density.partsAt(x);
    const scale = share * quickExp((logs[p] as number) - most);
    prior += scale * left;
    for (const [i, value] of own.entries()) {
      if (Number.isNaN(value)) continue;
      values.push(value);
      weights.push(scale * (kernels[i] as number));
    }
  }
  // beyond 1e150 squares overflow
  const unit = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const even = prior / values.length;
  let sum = 0;
  let mean = 0;
  let squares = 0;
  for (const [i, value] of values.entries()) {
    const weight = (weights[i] as number) + even;
    if (!(weight > 0)) continue;
    sum += weight;
    const away = value / unit - mean;
    mean += (weight / sum) * away;
    squares += weight * away * (value / unit - mean);
  }
  return { mean: mean * unit, sd: Math.sqrt(squares / sum) * unit };
}
