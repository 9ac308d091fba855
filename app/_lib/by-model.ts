import type { BestByModel } from "@/graphql/operations/pages";
import { formatNumber } from "@/ui/format";

export interface ModelWord {
  /** The run that the model holds for better than the best one; absent when that is the same. */
  readonly run?: { readonly name: string; readonly displayName: string };
  readonly mean: number;
  readonly sd: number;
  /** What it expects of the best run's configuration, where another is better. */
  readonly ofBest?: { readonly mean: number; readonly sd: number };
}

/**
 * What the model has to say beside the best run: that another is better on average, or that the best value was luck. Undefined
 * where it says what the value says, since there is no noise to speak of.
 */
export function toModelWord(model: BestByModel | null, bestId: string): ModelWord | undefined {
  if (!model?.run) return undefined;
  const { run, mean, sd, luckiest } = model;
  const isLuckiest = luckiest.run?.id === bestId;
  if (run.id === bestId) {
    const { value } = luckiest;
    if (!isLuckiest || Math.abs(value - mean) <= sd || looksAlike(value, mean)) return undefined;
    return { mean, sd };
  }
  if (!isLuckiest) return { run, mean, sd };
  if (looksAlike(mean, luckiest.mean)) return undefined;
  return { run, mean, sd, ofBest: { mean: luckiest.mean, sd: luckiest.sd } };
}

const looksAlike = (a: number, b: number): boolean => formatNumber(a, 3) === formatNumber(b, 3);
