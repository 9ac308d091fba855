import type { Outcome, Reached } from "@/compute/search/method";
import { objectivesOf, type SweepConfig } from "@/core/sweep-config";
import type { RunMetric } from "@/db/queries/search-log";

/** Names of the metrics that the outcome of a run is made of: its objectives, and what constraints are about. */
export const metricsAsked = (config: SweepConfig): string[] => [
  ...new Set([...objectivesOf(config).map(({ name }) => name), ...constrainedMetrics(config)]),
];

/**
 * What a run came to, in the words of the search: the best value of each objective by its goal, NaN where it has none, and the
 * last value of each metric that a constraint is about.
 * @param metrics summaries of its current attempt
 * @param first the first objective, where it is known without them
 */
export function toOutcome(config: SweepConfig, metrics: readonly RunMetric[], first?: number): Outcome {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  const objectives = objectivesOf(config).map(({ name, goal }, i) => {
    if (i === 0 && first !== undefined) return first;
    const summary = byName.get(name);
    return (goal === "minimize" ? summary?.min : summary?.max) ?? Number.NaN;
  });
  const asked = constrainedMetrics(config).flatMap((name) => {
    const last = byName.get(name)?.last;
    return last == null ? [] : [[name, last] as const];
  });
  return asked.length > 0 ? { objectives, metrics: Object.fromEntries(asked) } : { objectives };
}

/**
 * The best and the last finite value of each objective, for a run without a result; nothing where it logged none, and where the
 * file takes the worst result for all such runs.
 */
export function toReached(config: SweepConfig, metrics: readonly RunMetric[]): { reached?: Reached } {
  if (!imputes(config)) return {};
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  const own = objectivesOf(config).map(({ name, goal }) => {
    const summary = byName.get(name);
    const best = goal === "minimize" ? summary?.min : summary?.max;
    return { best: best ?? Number.NaN, last: summary?.last ?? Number.NaN };
  });
  if (own.every(({ last }) => Number.isNaN(last))) return {};
  return { reached: { best: own.map(({ best }) => best), last: own.map(({ last }) => last) } };
}

/** Whether a run without a result may count by what it had reached. */
export const imputes = (config: SweepConfig): boolean =>
  objectivesOf(config).some(({ impute }) => impute !== "worst");

/** Names of the metrics that constraints are about. */
export const constrainedMetrics = ({ softConstraints = [] }: SweepConfig): string[] => [
  ...new Set(softConstraints.map(({ metric }) => metric)),
];
