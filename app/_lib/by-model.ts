import type { BestByModel } from "@/graphql/operations/pages";
import { formatNumber } from "@/ui/format";

/** What a model expects of another run, and how well it knows that. */
interface Expectation {
  readonly mean: number;
  readonly sd: number;
}

export interface ModelWord extends Expectation {
  /** The run that the model holds for better than the best one; absent where it is about the best one itself. */
  readonly run?: { readonly name: string; readonly displayName: string };
  /** What it expects of the best run's configuration, where another is better. */
  readonly ofBest?: Expectation;
}

/**
 * What the model has to say beside the best run: that another is better on average, by more than it is in doubt about that one, or
 * that the best value was luck. Undefined where it says what the value says, since there is no noise to speak of.
 */
export function toModelWord(model: BestByModel | null, bestId: string): ModelWord | undefined {
  if (!model?.run) return undefined;
  const { run, mean, sd, luckiest } = model;
  const { value, mean: meanOfBest, sd: sdOfBest } = luckiest;
  // A best run that came since, or that has not finished, is one that the model has not seen.
  if (luckiest.run?.id !== bestId) return run.id === bestId ? undefined : { run, mean, sd };
  if (run.id !== bestId && differs(mean, meanOfBest, sd))
    return { run, mean, sd, ofBest: { mean: meanOfBest, sd: sdOfBest } };
  return differs(value, meanOfBest, sdOfBest) ? { mean: meanOfBest, sd: sdOfBest } : undefined;
}

/** By more than the doubt, and visibly. */
const differs = (a: number, b: number, doubt: number): boolean =>
  Math.abs(a - b) > doubt && formatNumber(a, 3) !== formatNumber(b, 3);
