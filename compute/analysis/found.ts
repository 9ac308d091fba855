import type { ImportanceWarning, PairImportance, ParameterImportance } from "@/core/importance";

/** What a method says of runs that vary. */
export interface Found {
  readonly parameters: readonly ParameterImportance[];
  readonly pairs: readonly PairImportance[];
  readonly outOfBagR2: number | null;
  readonly warnings: readonly ImportanceWarning[];
  /** Of `good`: how many runs those are. */
  readonly good?: number;
  /** Those that it was computed from, where that is not all of them. */
  readonly runs?: number;
}

/** 5 % and 95 % of a normal distribution. */
export const Z90 = 1.6449;
/** The share of the variation foretold in unseen runs below which a ranking is mostly noise. */
export const WEAK_R2 = 0.3;
