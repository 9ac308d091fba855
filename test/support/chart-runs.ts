import type { ChartRun } from "@/ui/charts/prepare/dimension";
import { flattenParams } from "@/ui/charts/prepare/rows";

const START_MS = Date.UTC(2026, 0, 1, 12);

/** A finished run as charts see it; the n-th was created n minutes after noon. */
export function chartRun(
  number: number,
  params: Readonly<Record<string, unknown>>,
  objective: number | null,
  rest: Partial<ChartRun> = {},
): ChartRun {
  const at = (minutes: number): string => new Date(START_MS + minutes * 60_000).toISOString();
  return {
    id: String(number),
    name: `run${number}`,
    displayName: `run-${number}`,
    state: objective === null ? "running" : "finished",
    ordinal: number,
    objective,
    feasible: null,
    createdAt: at(number),
    startedAt: at(number),
    finishedAt: objective === null ? null : at(number + 5),
    agent: { host: `box-${number % 2}` },
    flat: flattenParams(JSON.stringify(params)),
    metrics: new Map(),
    ...rest,
  };
}
