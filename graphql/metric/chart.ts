import { AppError } from "@/core/errors";
import { HISTORY_AXES, type HistoryX } from "@/core/history";
import { builder } from "../builder";
import { toLookup } from "../ids";

/** What the two doors to history (of one run, of many) have in common. */

export const DEFAULT_SAMPLES = 500;
const MAX_KEYS = 100;

const HistoryAxis = builder.enumType("HistoryAxis", {
  description:
    "STEP: as logged. TIME: milliseconds since 1970. RELATIVE_TIME: milliseconds since the run's startedAt, below zero where the training machine's clock is behind. METRIC: another metric's value at the same step.",
  values: HISTORY_AXES,
});

export const HistoryXInput = builder.inputType("HistoryXInput", {
  description: "What lies along a chart's x axis.",
  fields: (t) => ({
    axis: t.field({ type: HistoryAxis, required: true, description: "Which kind of axis." }),
    metric: t.string({
      description:
        "With METRIC: which one. A point lies where that metric's value at the same step is; points whose step has none, or one that is not finite, are left out and counted as unpaired. Where x repeats or falls, points are sorted by x, equal ones by step.",
    }),
  }),
});

export function toX(x: typeof HistoryXInput.$inferInput | null | undefined): HistoryX {
  if (x == null) return { axis: "STEP" };
  const { axis, metric } = x;
  if (axis === "METRIC") {
    if (!metric) throw new AppError("BAD_INPUT", "x.metric is missing, expected the name of a metric");
    return { axis, metric: toLookup("x.metric", metric) };
  }
  if (metric == null) return { axis };
  throw new AppError("BAD_INPUT", `x.metric is ${JSON.stringify(metric)}, expected none with axis ${axis}`);
}

export function toKeys(keys: readonly string[]): string[] {
  if (keys.length > MAX_KEYS)
    throw new AppError("INPUT_TOO_LARGE", `keys has ${keys.length} entries, at most ${MAX_KEYS} are taken`);
  return keys.map((key) => toLookup("keys", key));
}
