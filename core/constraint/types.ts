import type { Value } from "@/core/value";

/** A constraint over parameters alone: no configuration that breaks it is ever run. */
export interface Constraint {
  /** As it stands in the file. */
  readonly source: string;
  readonly test: Expression;
}

/** What a metric of a finished run should keep to: nobody knows it beforehand, so methods learn where it may hold. */
export interface SoftConstraint {
  /** As it stands in the file. */
  readonly source: string;
  readonly metric: string;
  /** The metric stands on its left, however it was written. */
  readonly op: "<" | "<=" | ">" | ">=";
  /** A number, which may depend on parameters. */
  readonly bound: Expression;
}

/**
 * An expression as plain data: it is stored with the sweep's config and means the same in every later version. Names are
 * resolved: a parameter by its path from the root, a metric by its name.
 */
export type Expression =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "parameter"; readonly path: readonly string[] }
  | { readonly kind: "metric"; readonly name: string }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "not"; readonly of: Expression }
  | { readonly kind: "and" | "or"; readonly of: readonly Expression[] }
  | { readonly kind: "sign"; readonly op: "-" | "+"; readonly of: Expression }
  | {
      readonly kind: "arithmetic";
      readonly op: ArithmeticOp;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** `first op rest[0] op rest[1] ...`: holds when each neighbouring pair does, as in Python. */
  | { readonly kind: "compare"; readonly first: Expression; readonly rest: readonly Comparison[] }
  | { readonly kind: "call"; readonly name: FunctionName; readonly of: readonly Expression[] };

export interface Comparison {
  readonly op: ComparisonOp;
  readonly with: Expression;
}

export type ArithmeticOp = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type ComparisonOp = "<" | "<=" | ">" | ">=" | "==" | "!=" | "in" | "not in";
export type FunctionName = "min" | "max" | "abs" | "log" | "exp" | "sqrt" | "floor" | "ceil";
