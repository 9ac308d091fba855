import type { Metric, SweepConfig } from "./types";

/** What a sweep improves, in the file's order: none, its metric, or two to three metrics. */
export const objectivesOf = ({
  metric,
  metrics,
}: Pick<SweepConfig, "metric" | "metrics">): readonly Metric[] => metrics ?? (metric ? [metric] : []);
