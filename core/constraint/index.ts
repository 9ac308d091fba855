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
  /**
   * How far a run's value lies on the allowed side, in the metric's unit; below 0 beyond it. Infinite without a bound; with one, a
   * value that was not logged lies infinitely far beyond it.
   */
  slack(value: number | undefined, params: ValueMap): number;
  /** Whether a slack (of a run, or the mean of several) is on the allowed side: 0 is where the bound itself is allowed. */
  allows(slack: number): boolean;
  /** False for NaN and for a value that was not logged, unless there is no bound. */
  holds(value: number | undefined, params: ValueMap): boolean;
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
        if (value === undefined) return Number.NEGATIVE_INFINITY;
        return op === "<" || op === "<=" ? limit - value : value - limit;
      },
      allows: (slack) => (op === "<" || op === ">" ? slack > 0 : slack >= 0),
      holds(value, params) {
        const limit = bound(params);
        return limit === undefined || (value !== undefined && compare(op, value, limit) === true);
      },
    };
  });
}

/**
 * Whether a run keeps to all of them: who may be the best run, reach a target or enter a front, for the search and for the sweep alike.
 * @param metrics the last finite value of each metric that it logged
 */
export const keepsTo = (
  constraints: readonly OpenSoftConstraint[],
  {
    params,
    metrics,
  }: { readonly params: ValueMap; readonly metrics?: Readonly<Record<string, number>> | undefined },
): boolean =>
  constraints.every(({ metric, holds }) =>
    holds(metrics !== undefined && Object.hasOwn(metrics, metric) ? metrics[metric] : undefined, params),
  );

function openNumber(expression: Expression): (params: ValueMap) => number | undefined {
  const value = compile<ValueMap>(expression, (path) => (params) => valueAt(params, path));
  return (params) => {
    const found = value(params);
    const number = found === undefined ? undefined : toNumber(found);
    return Number.isNaN(number) ? undefined : number;
  };
}
