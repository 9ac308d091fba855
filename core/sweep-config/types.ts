import type { Constraint, SoftConstraint } from "@/core/constraint/types";
import type { Parameters } from "@/core/parameter";
import type { Goal } from "@/core/sweep";
import type { Value } from "@/core/value";

export type Method = "grid" | "random" | "sobol" | "bayes" | "tpe" | "cmaes" | "auto" | "custom";
export type Impute = "worst" | "best" | "latest";

export interface Metric {
  readonly name: string;
  readonly goal: Goal;
  /** The nearer one of its own and that in `budget.until`. Those of several metrics are to be reached by one run together. */
  readonly target?: number;
  /** What a run that failed, or finished without a finite value, counts with: the worst result known, its own best or last value. */
  readonly impute: Impute;
  /** The same of a run under way; "false": it does not count. */
  readonly imputeWhileRunning: Impute | "false";
}

export interface Hyperband {
  readonly type: "hyperband";
  readonly minIter?: number;
  readonly maxIter?: number;
  readonly s?: number;
  readonly eta: number;
  readonly strict: boolean;
}

/** Which runs are stopped before their end. Counts are of logged finite values of the (first) metric. */
export type EarlyTerminate = Hyperband | Asha | Median | Percentile | Funnel | Wilcoxon | Patience;

interface Graced {
  /** No run is stopped before it has logged this many values (with `by: step`: before this step). 0 means at any time. */
  readonly grace: number;
}

/** Successive halving without waiting: at each band the best 1/eta of all that came so far go on. */
export interface Asha extends Graced {
  readonly type: "asha";
  /** Bands at minIter, minIter·eta, minIter·eta², ... Either this or `bands`. */
  readonly minIter?: number;
  /** Rising, from 1. */
  readonly bands?: readonly number[];
  readonly eta: number;
  /** Compare the value at the band, not the best so far. */
  readonly strict: boolean;
  /** What bands and grace count: logged values, or the steps they were logged at. */
  readonly by: "count" | "step";
}

interface AmongRuns extends Graced {
  /** As many other runs must have come as far before anybody is stopped. */
  readonly minRuns: number;
  /** Looks at every so many-th value behind the grace. */
  readonly every: number;
}

/** Stops a run whose best value so far is worse than the median of the others' at the same count. */
export interface Median extends AmongRuns {
  readonly type: "median";
}

/** The same with another share than one half: the best `percent` of 100 go on. */
export interface Percentile extends AmongRuns {
  readonly type: "percentile";
  /** Above 0 and below 100. */
  readonly percent: number;
}

/** Stops a run that is hardly among the best of all runs, a share that narrows from `percent` at the grace to `final`. */
export interface Funnel extends AmongRuns {
  readonly type: "funnel";
  /** Above 0 and below 100. */
  readonly percent: number;
  /** Above 0 and below 100; what is above `percent` counts as `percent`. */
  readonly final: number;
}

/** Stops a run that a signed-rank test, paired by count (folds, seeds, instances), finds worse than the best run. */
export interface Wilcoxon extends AmongRuns {
  readonly type: "wilcoxon";
  /** Above 0 and below 1. */
  readonly pThreshold: number;
}

/** Stops a run that has not improved on itself by more than `minDelta` in its last `patience` values. */
export interface Patience extends Graced {
  readonly type: "patience";
  readonly patience: number;
  readonly minDelta: number;
}

/** When a sweep has done enough; the first that is met ends it. */
export interface Budget {
  /** Of wall-clock time since the sweep began. */
  readonly hours?: number;
  /** Another way to write `run_cap`; `runCap` holds the lesser of both. */
  readonly runs?: number;
  readonly until?: Until;
}

export interface Until {
  /** As the file says them; what counts is each metric's `target`. */
  readonly targets?: readonly MetricTarget[];
  /** As many finished runs in a row without a new best value (with several objectives: without one that no earlier run matches in all). */
  readonly noImprovement?: number;
  /** What the model's proposals are expected to gain, in the metric's unit, stays below this. */
  readonly expectedImprovement?: number;
}

export interface MetricTarget {
  readonly metric: string;
  readonly goal: Goal;
  readonly value: number;
}

/** A sweep file, understood. Unknown keys are kept in `extra`. */
export interface SweepConfig {
  readonly method: Method;
  readonly parameters: Parameters;
  /** The metric, or the first of several. */
  readonly metric?: Metric;
  /** Two or three objectives, the first of them in `metric` too; absent when there is one. */
  readonly metrics?: readonly Metric[];
  readonly earlyTerminate?: EarlyTerminate;
  readonly program?: string;
  /** Absent means W&B's default: env, interpreter, program, args. */
  readonly command?: readonly string[];
  readonly name?: string;
  readonly description?: string;
  readonly project?: string;
  readonly entity?: string;
  /** The lesser of `run_cap` and `budget.runs`. */
  readonly runCap?: number;
  readonly controller?: "local" | "cloud";
  readonly scheduler?: Value;
  // ours
  /** Decimal text, since a seed may exceed 2^53. */
  readonly seed?: string;
  readonly gridOrder: "sorted" | "random";
  readonly repeats: number;
  readonly retries: number;
  readonly retryFailed: boolean;
  readonly runName?: string;
  /** Over parameters; all must hold. */
  readonly constraints?: readonly Constraint[];
  /** On metrics. */
  readonly softConstraints?: readonly SoftConstraint[];
  readonly budget?: Budget;
  /** Regular expressions (RE2) with named groups, which the agent holds against what the program prints. */
  readonly logPattern?: readonly string[];
  /** So many runs in a row that fail at once on a machine, and it gets no more. Absent in what was stored before there was such a key. */
  readonly quarantineAfter?: number | false;
  readonly extra: ReadonlyMap<string, Value>;
}

export interface Diagnostic {
  /** Stable, e.g. METRIC_GOAL_IGNORED. */
  readonly code: string;
  /** Names the value, what was expected and how to mend it. */
  readonly message: string;
  /** Keys from the root, e.g. ["parameters", "lr", "min"]. */
  readonly path: readonly string[];
  /** From 1; absent when the input was a JSON value. */
  readonly line?: number;
  readonly column?: number;
}

export interface ParsedSweep {
  /** Absent when there are errors. */
  readonly config?: SweepConfig;
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  /** The text as it came (a JSON value is written as YAML), comments included. */
  readonly source: string;
}
