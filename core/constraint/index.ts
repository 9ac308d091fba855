import { type Leaf, valueAt } from "@/core/leaves";
import { toNumber, type Value, type ValueMap } from "@/core/value";
import { compare, isTrue } from "./compare";
import { compile, type Find } from "./evaluate";
import { parametersIn } from "./mentions";
import type { Constraint, Expression, SoftConstraint } from "./types";

export { type ParsedExpression, parseExpression, type Resolve } from "./parser";
export type * from "./types";

interface Constrained {
  readonly constraints?: readonly Constraint[] | undefined;
}

/**
 * Whether a configuration keeps to all constraints. One that mentions a parameter that does not exist there holds; one
 * whose value can't be computed (1 / 0, a text below a number) does not, since nobody can say that it holds.
 */
export function openConstraints({ constraints }: Constrained): (params: ValueMap) => boolean {
  return all(constraints, (path) => (params: ValueMap) => valueAt(params, path));
}

/** The same for values in the order of the leaves: for whoever looks at many before making any of them a configuration. */
export function openConstraintsOn(
  { constraints }: Constrained,
  leaves: readonly Leaf[],
): (values: readonly (Value | undefined)[]) => boolean {
  const places = new Map(leaves.map(({ path }, index) => [JSON.stringify(path), index]));
  return all(constraints, (path) => {
    const place = places.get(JSON.stringify(path)) ?? -1;
    return (values: readonly (Value | undefined)[]) => values[place];
  });
}

function all<Where>(constraints: readonly Constraint[] = [], find: Find<Where>): (where: Where) => boolean {
  const tests = constraints.map(({ test }) => {
    const mentioned = parametersIn(test).map(find);
    const value = compile(test, find);
    return (where: Where): boolean => {
      for (const parameter of mentioned) if (parameter(where) === undefined) return true;
      const found = value(where);
      return found !== undefined && isTrue(found);
    };
  });
  return (where) => tests.every((holds) => holds(where));
}

/** A soft constraint, ready to be asked of finished runs. */
export interface OpenSoftConstraint extends Omit<SoftConstraint, "bound"> {
  /** Undefined where there is none: a parameter that it mentions does not exist, or it can't be computed. Then all is allowed. */
  bound(params: ValueMap): number | undefined;
  /** How far a run's value lies on the allowed side, in the metric's unit; below 0 beyond it. Infinite without a bound. */
  slack(value: number, params: ValueMap): number;
  /** False for NaN, unless there is no bound. */
  holds(value: number, params: ValueMap): boolean;
}

export function openSoftConstraints({
  softConstraints = [],
}: {
  readonly softConstraints?: readonly SoftConstraint[] | undefined;
}): readonly OpenSoftConstraint[] {
  return softConstraints.map(({ source, metric, op, bound: expression }) => {
    const bound = openNumber(expression);
    return {
      source,
      metric,
      op,
      bound,
      slack(value, params) {
        const limit = bound(params);
        if (limit === undefined) return Number.POSITIVE_INFINITY;
        return op === "<" || op === "<=" ? limit - value : value - limit;
      },
      holds(value, params) {
        const limit = bound(params);
        return limit === undefined || compare(op, value, limit) === true;
      },
    };
  });
}

function openNumber(expression: Expression): (params: ValueMap) => number | undefined {
  const value = compile<ValueMap>(expression, (path) => (params) => valueAt(params, path));
  return (params) => {
    const found = value(params);
    const number = found === undefined ? undefined : toNumber(found);
    return Number.isNaN(number) ? undefined : number;
  };
}
