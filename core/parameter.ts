import type { Value } from "./value";

/** What a parameter's `when` asks of another parameter (a dotted path walks into groups). All of its entries must hold. */
export interface Condition {
  /** Path of the parameter looked at, relative to the root of the sweep's parameters. */
  readonly parameter: readonly string[];
  readonly test:
    | { readonly kind: "in"; readonly values: readonly Value[] }
    | { readonly kind: "range"; readonly min: number; readonly max: number };
}

interface Conditional {
  /** The parameter exists only where all of these hold; empty or absent means always. */
  readonly when?: readonly Condition[];
}

/** Bounds keep their lexical kind: an integer `q` gives integer results, as in W&B. */
export interface Quantum {
  readonly q: number;
  readonly integer: boolean;
}

export interface Constant extends Conditional {
  readonly kind: "constant";
  readonly value: Value;
}
export interface Categorical extends Conditional {
  readonly kind: "categorical";
  readonly values: readonly Value[];
  /** As long as `values`, sums to 1; absent means all alike. */
  readonly probabilities?: readonly number[];
}
export interface IntUniform extends Conditional {
  readonly kind: "int_uniform";
  /** Both ends included. */
  readonly min: number;
  readonly max: number;
}
/** `log_uniform` and `inv_log_uniform` give natural-log exponents, the `_values` forms give the values themselves. */
export interface Ranged extends Conditional {
  readonly kind:
    | "uniform"
    | "log_uniform"
    | "log_uniform_values"
    | "inv_log_uniform"
    | "inv_log_uniform_values";
  readonly min: number;
  readonly max: number;
}
export interface QuantizedRanged extends Conditional {
  readonly kind: "q_uniform" | "q_log_uniform" | "q_log_uniform_values";
  readonly min: number;
  readonly max: number;
  /** False when a bound was written as a float, `0.0`: a grid over q_uniform then counts in floats, as NumPy does. */
  readonly integerBounds?: boolean;
  readonly quantum: Quantum;
}
export interface Normal extends Conditional {
  readonly kind: "normal" | "log_normal";
  readonly mu: number;
  readonly sigma: number;
}
export interface QuantizedNormal extends Conditional {
  readonly kind: "q_normal" | "q_log_normal";
  readonly mu: number;
  readonly sigma: number;
  readonly quantum: Quantum;
}
export interface Beta extends Conditional {
  readonly kind: "beta";
  readonly a: number;
  readonly b: number;
}
export interface QuantizedBeta extends Conditional {
  readonly kind: "q_beta";
  readonly a: number;
  readonly b: number;
  readonly quantum: Quantum;
}
export interface Group extends Conditional {
  readonly kind: "group";
  readonly parameters: Parameters;
}

/** Any distribution that draws one value. */
export type LeafParameter =
  | Constant
  | Categorical
  | IntUniform
  | Ranged
  | QuantizedRanged
  | Normal
  | QuantizedNormal
  | Beta
  | QuantizedBeta;
export type Parameter = LeafParameter | Group;

/** In W&B's order: sorted by name (code points, as Python sorts), at every level. Never a plain object: names may be `__proto__`. */
export type Parameters = ReadonlyMap<string, Parameter>;
