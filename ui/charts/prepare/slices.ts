import type { Goal } from "@/core/sweep";
import type { ChartRun, Dimension } from "./dimension";
import { RELEVANCE_MIN_RUNS, type Relevance, relevanceOf } from "./relevance";
import { prepareScatter, type Scatter } from "./scatter";

/** One parameter's values against the metric. */
export interface Slice {
  readonly parameter: Dimension;
  readonly relevance: Relevance;
  readonly chart: Scatter;
  /** "explains 62 % of the ranking, ρ −0.71"; a statement of what is missing with too few runs. */
  readonly word: string;
}

export interface SlicesInput {
  readonly runs: readonly ChartRun[];
  /** In the order to show them: see `rankParameters`. */
  readonly parameters: readonly Dimension[];
  readonly metric: Dimension;
  readonly goal: Goal;
  /** The run's number, as colour: where a search went later is seen. */
  readonly color: Dimension | undefined;
  /** Runs that exist, where more do than were given. */
  readonly total?: number;
}

/** A small scatter for each parameter that has values. */
export function prepareSlices(input: SlicesInput): Slice[] {
  const { runs, parameters, metric, goal, color } = input;
  return parameters.flatMap((parameter) => {
    const chart = prepareScatter({
      runs,
      x: parameter,
      y: metric,
      color,
      goalOf: (id) => (id === metric.id ? goal : undefined),
      ...(input.total !== undefined && { total: input.total }),
    });
    if (!chart) return [];
    const relevance = relevanceOf(parameter, metric, runs);
    return [{ parameter, relevance, chart, word: toWord(relevance) }];
  });
}

function toWord({ share, correlation, runs }: Relevance): string {
  if (runs < RELEVANCE_MIN_RUNS)
    return `${RELEVANCE_MIN_RUNS - runs} more finished runs say how much it matters`;
  const sign = correlation === undefined ? "" : `, ρ ${correlation.toFixed(2).replace("-", "−")}`;
  return `explains ${Math.round(share * 100)} % of the ranking${sign}`;
}
