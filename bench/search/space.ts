import { listLeaves, orderByConditions, valueAt } from "@/core/leaves";
import type { LeafParameter } from "@/core/parameter";
import type { SweepConfig } from "@/core/sweep-config";
import { fromPlain, isSameValue, toFloat, toNumber, type Value, type ValueMap } from "@/core/value";

/** A parameter as a peer is told of it: see peers/protocol.py. */
export type PeerParameter = { readonly name: string; readonly when?: PeerCondition } & (
  | { readonly kind: "float" | "integer"; readonly min: number; readonly max: number; readonly log: boolean }
  /** Numbers in their order, or values of which each is as far from any other. Answered by index. */
  | { readonly kind: "ordinal" | "category"; readonly values: readonly Value[] }
);

interface PeerCondition {
  readonly on: string;
  /** Indices into its values. */
  readonly in: readonly number[];
}

/** The parameters of a flat sweep file, those that others depend on first. @throws Error where a peer could not be told */
export function toPeerSpace({ parameters }: SweepConfig): PeerParameter[] {
  const leaves = listLeaves(parameters);
  const valuesOf = (at: number): readonly Value[] => {
    const parameter = leaves[at]?.parameter;
    if (parameter?.kind !== "categorical") throw new Error("a condition has to look at a list of values");
    return parameter.values;
  };
  return orderByConditions(leaves).map((at) => {
    const leaf = leaves[at];
    if (leaf === undefined || leaf.path.length !== 1) throw new Error("a peer's space is flat");
    const [condition, ...more] = leaf.conditions;
    if (more.length > 0) throw new Error(`${leaf.path}: more than one condition`);
    const described = { name: leaf.path[0] as string, ...describe(leaf.parameter) };
    if (condition === undefined) return described;
    const { on, test } = condition;
    if (test.kind !== "in") throw new Error(`${leaf.path}: a condition on a range`);
    const kept = valuesOf(on).flatMap((value, i) =>
      test.values.some((each) => isSameValue(each, value)) ? [i] : [],
    );
    return { ...described, when: { on: leaves[on]?.path[0] as string, in: kept } };
  });
}

type Described =
  | { kind: "float" | "integer"; min: number; max: number; log: boolean }
  | { kind: "ordinal" | "category"; values: readonly Value[] };

function describe(parameter: LeafParameter): Described {
  switch (parameter.kind) {
    case "uniform":
    case "log_uniform_values": {
      const { kind, min, max } = parameter;
      return { kind: "float", min, max, log: kind === "log_uniform_values" };
    }
    case "int_uniform":
      return { kind: "integer", min: parameter.min, max: parameter.max, log: false };
    case "q_log_uniform_values": {
      if (parameter.quantum.q !== 1) throw new Error("a peer's integers go by ones");
      return { kind: "integer", min: parameter.min, max: parameter.max, log: true };
    }
    case "categorical": {
      const isNumeric = parameter.values.every((value) => toNumber(value) !== undefined);
      return { kind: isNumeric ? "ordinal" : "category", values: parameter.values };
    }
    default:
      throw new Error(`no peer is asked for ${parameter.kind}`);
  }
}

/** What a peer answered, as parameters of the sweep: list entries by index, numbers moved into their bounds. */
export function fromPeer(
  space: readonly PeerParameter[],
  answer: Readonly<Record<string, number>>,
): ValueMap {
  const params: Record<string, Value> = {};
  for (const parameter of space) {
    const value = answer[parameter.name];
    if (value !== undefined) params[parameter.name] = readValue(parameter, value);
  }
  return params;
}

function readValue(parameter: PeerParameter, value: number): Value {
  if ("values" in parameter) {
    const chosen = parameter.values[value];
    if (chosen === undefined) throw new RangeError(`${parameter.name} has no value ${value}`);
    return chosen;
  }
  const { kind, min, max, name } = parameter;
  if (!Number.isFinite(value)) throw new RangeError(`${name} may not be ${value}`);
  const within = Math.min(Math.max(value, min), max);
  return kind === "integer" ? fromPlain(Math.round(within)) : toFloat(within);
}

/** The number that a task's program reads; NaN where the parameter is absent. */
export const numberOf = (params: ValueMap, name: string): number =>
  toNumber(valueAt(params, [name]) ?? null) ?? Number.NaN;

/** A number or a text as JSON has it, for Python. */
export const toPlain = (value: Value): unknown => toNumber(value) ?? value;
