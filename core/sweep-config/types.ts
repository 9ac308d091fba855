import type { Parameters } from "@/core/parameter";
import type { Goal } from "@/core/sweep";
import type { Value } from "@/core/value";

export type Method = "grid" | "random" | "bayes" | "custom";
export type Impute = "worst" | "best" | "latest";

export interface Metric {
  readonly name: string;
  readonly goal: Goal;
  readonly target?: number;
  readonly impute: Impute;
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

/** A sweep file, understood. Unknown keys are kept in `extra`. */
export interface SweepConfig {
  readonly method: Method;
  readonly parameters: Parameters;
  readonly metric?: Metric;
  readonly metrics?: readonly Metric[];
  readonly earlyTerminate?: Hyperband;
  readonly program?: string;
  /** Absent means W&B's default: env, interpreter, program, args. */
  readonly command?: readonly string[];
  readonly name?: string;
  readonly description?: string;
  readonly project?: string;
  readonly entity?: string;
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
