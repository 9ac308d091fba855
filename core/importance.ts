/** What is known of how much each parameter matters to a metric: shapes that computing, the API and drawing share. */
export interface Importance {
  /** Runs that it was computed from. */
  readonly runs: number;
  /** The runs that a first answer takes. */
  readonly needed: number;
  /** Runs that ended without the metric, with NaN or an infinity, or with values outside the present ranges. */
  readonly leftOut: number;
  /** The most important one first; empty while there are too few runs or nothing varies. */
  readonly parameters: readonly ParameterImportance[];
  /** The strongest first: what two parameters do together beyond the sum of both. */
  readonly pairs: readonly PairImportance[];
  /** Parameters with one value in all these runs. */
  readonly constant: readonly string[];
  /** Share of the variation that the forest foretells in runs it has not seen, at most 1; null where it can't be said. */
  readonly outOfBagR2: number | null;
  readonly warnings: readonly ImportanceWarning[];
}

export interface ParameterImportance {
  /** Dotted. */
  readonly name: string;
  /** fANOVA: the share of the metric's variance over the whole space that this parameter explains by itself. */
  readonly importance: number;
  /** 90 % of samples of as many runs would have led into this interval. */
  readonly low: number;
  readonly high: number;
  /** What the forest's splits on it gained, as a share of all: W&B's number. */
  readonly impurity: number;
  /** How much worse unseen runs are foretold when its values are shuffled: a share of the metric's variance. */
  readonly permutation: number;
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

/** The metric that the forest expects when the parameter has this value and all others are drawn from the space. */
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

export type ImportanceWarning =
  | "TOO_FEW_RUNS"
  | "NOTHING_VARIES"
  | "METRIC_CONSTANT"
  | "WEAK_FIT"
  | "FEW_RUNS";
