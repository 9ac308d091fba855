import { parseSweepConfig, type SweepConfig } from "@/core/sweep-config";
import type { ValueMap } from "@/core/value";

/** Something to search: a space, and what a configuration of it is worth. */
export interface Task {
  readonly name: string;
  readonly config: SweepConfig;
  /** Of our methods those that a sweep file of this space may not name. */
  readonly refusedBy: ReadonlySet<string>;
  /** What a run of it reports, less is better. @param draw the i-th random number in (0, 1) of this run */
  measure(params: ValueMap, draw: (i: number) => number): number;
  /** How much worse it is than the best there is, without any noise. */
  regret(params: ValueMap): number;
}

type Parameters = Readonly<Record<string, unknown>>;

export const OUR_METHODS = ["bayes", "tpe", "cmaes", "sobol", "random", "auto"] as const;

/** @param parameters as in a sweep file */
export const toSpace = (parameters: Parameters, evaluations: number): Pick<Task, "config" | "refusedBy"> => ({
  config: toConfig(parameters, evaluations),
  refusedBy: new Set(
    OUR_METHODS.filter((method) => parse(parameters, evaluations, method).config === undefined),
  ),
});

const parse = (parameters: Parameters, evaluations: number, method: string) =>
  parseSweepConfig({
    json: { method, metric: { name: "loss", goal: "minimize" }, run_cap: evaluations, parameters },
  });

/** @param parameters as in a sweep file */
export function toConfig(parameters: Parameters, evaluations: number): SweepConfig {
  const { config, errors } = parse(parameters, evaluations, "auto");
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
