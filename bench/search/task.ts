import { parseSweepConfig, type SweepConfig } from "@/core/sweep-config";
import type { ValueMap } from "@/core/value";

/** Something to search: a space, and what a configuration of it is worth. */
export interface Task {
  readonly name: string;
  readonly config: SweepConfig;
  /** What a run of it reports, less is better. @param draw the i-th random number in (0, 1) of this run */
  measure(params: ValueMap, draw: (i: number) => number): number;
  /** How much worse it is than the best there is, without any noise. */
  regret(params: ValueMap): number;
}

/** @param parameters as in a sweep file */
export function toConfig(parameters: Readonly<Record<string, unknown>>, evaluations: number): SweepConfig {
  const { config, errors } = parseSweepConfig({
    json: { method: "auto", metric: { name: "loss", goal: "minimize" }, run_cap: evaluations, parameters },
  });
  if (config === undefined) throw new Error(errors.map(({ message }) => message).join("; "));
  return config;
}

export const uniform = (min: number, max: number) => ({ distribution: "uniform", min, max });
export const logUniform = (min: number, max: number) => ({ distribution: "log_uniform_values", min, max });
export const integer = (min: number, max: number) => ({ distribution: "int_uniform", min, max });
export const logInteger = (min: number, max: number) => ({
  distribution: "q_log_uniform_values",
  min,
  max,
  q: 1,
});
