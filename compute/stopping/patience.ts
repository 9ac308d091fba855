import type { Rung } from "@/core/history/bands";
import type { Verdict } from "@/core/stopping";
import type { Goal } from "@/core/sweep";
import type { Patience } from "@/core/sweep-config";

/** The last value that was better than the one before it in this place by more than `minDelta`; its band is its number. */
export type Mark = Rung;

/**
 * Where a run last improved on itself, after some more values (EarlyStopping of Keras, with its `min_delta`). Many small
 * improvements add up: each is measured against the mark, not against the value before it.
 * @param before the number of earlier values, and their mark
 */
export function markAfter(
  { minDelta }: Pick<Patience, "minDelta">,
  goal: Goal,
  before: { readonly count: number; readonly mark: Mark | null },
  { steps, values }: { readonly steps: Float64Array; readonly values: Float64Array },
): { count: number; mark: Mark | null; last: number | null } {
  const sign = goal === "minimize" ? 1 : -1;
  let { count, mark } = before;
  let last: number | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    count++;
    last = value;
    if (mark === null || sign * (mark.value - value) > minDelta)
      mark = { band: count, value, best: value, step: steps[i] as number };
  }
  return { count, mark, last };
}

/** After `count` values, the last of which was `last`. */
export function judgePatience(
  { patience, grace }: Pick<Patience, "patience" | "grace">,
  { count, mark, last }: { readonly count: number; readonly mark: Mark; readonly last: number },
): Verdict {
  return {
    stop: count >= grace && count - mark.band >= patience,
    rule: "patience",
    band: count,
    value: last,
    threshold: mark.value,
    rank: null,
    of: null,
  };
}
