/** What is known of how much each parameter matters to a metric: shapes that computing, the API and drawing share. */

/**
 * forest: functional ANOVA of a random forest. good: PED-ANOVA, what tells the best runs from all. gp: Sobol indices of a
 * Gaussian process, which sees what parameters do only together from few runs on.
 */
export const IMPORTANCE_METHODS = ["forest", "good", "gp"] as const;
export type ImportanceMethod = (typeof IMPORTANCE_METHODS)[number];

/** auto: of forest and gp the one that foretells unseen runs better, where there are few enough runs to try both; else forest. */
export const ASKED_METHODS = ["auto", ...IMPORTANCE_METHODS] as const;
export type AskedMethod = (typeof ASKED_METHODS)[number];
/** So many take a Gaussian process 1.3 s; from 1,000 on a forest is as near to the truth as one needs to rank. */
export const MOST_AUTO_RUNS = 300;

/**
 * Of runs that ended without finishing, or whose value is not finite: they are left out, stand by the last value that they logged,
 * or count as bad as the worst finite value of all.
 */
export const UNFINISHED_CHOICES = ["leave_out", "last", "worst"] as const;
export type UnfinishedChoice = (typeof UNFINISHED_CHOICES)[number];

/** Rises with whatever makes another answer from the same runs: answers that servers have stored are computed anew. */
export const IMPORTANCE_ENGINE = 4;

/** Whose runs: the sweep's, or all of its project whose values lie in the sweep's space. */
export const IMPORTANCE_SCOPES = ["sweep", "project"] as const;
export type ImportanceScope = (typeof IMPORTANCE_SCOPES)[number];

/** The share of the runs that `good` calls the best. */
export const GOOD_QUANTILE = 0.25;
/** A Gaussian process of more takes too long: of more runs so many are drawn. */
export const MOST_GP_RUNS = 1_000;

export interface Importance {
  readonly method: ImportanceMethod;
  /** Runs that it was computed from. */
  readonly runs: number;
  /** Of those: how many the method calls the best; null for methods that ask for all runs alike. */
  readonly good: number | null;
  /** Of those: how many stand in it as bad as the worst finite value. */
  readonly imputed: number;
  /** The runs that a first answer takes. */
  readonly needed: number;
  /** Runs that ended without the metric, with NaN or an infinity, or with values outside the present ranges. */
  readonly leftOut: number;
  /** The most important one first; empty while there are too few runs or nothing varies. */
  readonly parameters: readonly ParameterImportance[];
  /** The strongest first: what two parameters do together beyond the sum of both. None by `good`. */
  readonly pairs: readonly PairImportance[];
  /** Parameters with one value in all these runs. */
  readonly constant: readonly string[];
  /**
   * Share of the variation that the model foretells in runs it has not seen, at most 1: out of bag of a forest, one left out
   * at a time of a Gaussian process. Null where it can't be said, and of `good`, which has no model.
   */
  readonly outOfBagR2: number | null;
  readonly warnings: readonly ImportanceWarning[];
}

export interface ParameterImportance {
  /** Dotted. */
  readonly name: string;
  /**
   * forest and gp: the share of the metric's variance over the whole space that this parameter explains by itself.
   * good: its share of all that tells the best runs from the others.
   */
  readonly importance: number;
  /** 90 %: where other samples of as many runs would have led; of gp where the share is believed to lie, its length scales given. */
  readonly low: number;
  readonly high: number;
  /** The share with all that it does together with others: of a forest in pairs, without an interval. Null for good. */
  readonly total: number | null;
  readonly totalLow: number | null;
  readonly totalHigh: number | null;
  /** What the forest's splits on it gained, as a share of all: W&B's number. Null without a forest. */
  readonly impurity: number | null;
  /** How much worse unseen runs are foretold when its values are shuffled: a share of the metric's variance. Null without a forest. */
  readonly permutation: number | null;
  /** Pearson's r with the metric, -1..1; for categories that of `correlationOf` against the others. Null without variation. */
  readonly correlation: number | null;
  readonly correlationOf: string | null;
  /** Spearman's; null for categories. */
  readonly rankCorrelation: number | null;
  /** Which way is better; mixed: neither, or it depends. */
  readonly direction: "higher" | "lower" | "mixed";
  /** The share of runs in which it has a value. */
  readonly active: number;
  readonly marginal: readonly MarginalPoint[];
}

/**
 * The metric that the model expects when the parameter has this value and all others are drawn from the space; of `good` the
 * chance, 0..1, that a run with this value is among the best.
 */
export interface MarginalPoint {
  /** A number, or a category's text. */
  readonly value: number | string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface PairImportance {
  readonly a: string;
  readonly b: string;
  readonly importance: number;
}

/**
 * No answer: TOO_FEW_RUNS, NOTHING_VARIES, METRIC_CONSTANT. WEAK_FIT: less than 0.3 of the variation is foretold in unseen runs; of
 * good, nothing tells the best runs from as many drawn at random. FEW_RUNS: fewer than 30, or fewer than 10 good ones.
 * SAMPLED_RUNS: there were more than a Gaussian process takes.
 */
export type ImportanceWarning =
  | "TOO_FEW_RUNS"
  | "NOTHING_VARIES"
  | "METRIC_CONSTANT"
  | "WEAK_FIT"
  | "FEW_RUNS"
  | "SAMPLED_RUNS";
