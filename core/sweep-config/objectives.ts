import type { Metric, MetricTarget, SweepConfig } from "./types";

/** What a sweep improves, in the file's order: none, its metric, or two to three metrics. */
export const objectivesOf = ({
  metric,
  metrics,
}: Pick<SweepConfig, "metric" | "metrics">): readonly Metric[] => metrics ?? (metric ? [metric] : []);

/** What one run reaches, all of it, to end the sweep: of each metric that has one the target. */
export const targetsOf = (config: Pick<SweepConfig, "metric" | "metrics">): readonly MetricTarget[] =>
  objectivesOf(config).flatMap(({ name, goal, target }) =>
    target === undefined ? [] : [{ metric: name, goal, value: target }],
  );
