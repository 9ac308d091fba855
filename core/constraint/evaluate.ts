import type { Value } from "@/core/value";
import { calculate, negate, toNumeric } from "./arithmetic";
import { compare, isTrue } from "./compare";
import { callFunction } from "./functions";
import type { Comparison, Expression } from "./types";

/** The value of an expression; undefined where there is none (see `calculate`). */
export type Evaluate<Where> = (where: Where) => Value | undefined;
/** How a parameter's value is found in `Where`; undefined where the parameter does not exist. */
export type Find<Where> = (path: readonly string[]) => Evaluate<Where>;

/** An expression as nested functions: it is asked a million times for a grid, so its tree is walked once. */
export function compile<Where>(expression: Expression, find: Find<Where>): Evaluate<Where> {
  const go = (inner: Expression): Evaluate<Where> => compile(inner, find);
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "parameter":
      return find(expression.path);
    case "metric":
      return () => undefined; // a soft constraint's metric is on the other side
    case "list":
      return listed(expression.items.map(go));
    case "not":
      return mapped(go(expression.of), (value) => !isTrue(value));
    case "and":
      return junction(expression.of.map(go), false);
    case "or":
      return junction(expression.of.map(go), true);
    case "sign":
      return mapped(go(expression.of), expression.op === "-" ? negate : toNumeric);
    case "arithmetic": {
      const { op } = expression;
      const left = go(expression.left);
      const right = go(expression.right);
      return (where) => {
        const a = left(where);
        const b = a === undefined ? undefined : right(where);
        return a === undefined || b === undefined ? undefined : calculate(op, a, b);
      };
    }
    case "compare":
      return chain(
        go(expression.first),
        expression.rest.map((each) => ({ op: each.op, value: go(each.with) })),
      );
    case "call": {
      const { name } = expression;
      const values = listed(expression.of.map(go));
      return (where) => {
        const given = values(where);
        return given === undefined ? undefined : callFunction(name, given);
      };
    }
  }
}

function mapped<Where>(of: Evaluate<Where>, map: (value: Value) => Value | undefined): Evaluate<Where> {
  return (where) => {
    const value = of(where);
    return value === undefined ? undefined : map(value);
  };
}

function listed<Where>(items: readonly Evaluate<Where>[]): (where: Where) => readonly Value[] | undefined {
  return (where) => {
    const values: Value[] = [];
    for (const item of items) {
      const value = item(where);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  };
}

/** Python's `and` and `or`: the first value that decides, or the last; what stands behind it is not looked at. */
function junction<Where>(of: readonly Evaluate<Where>[], decides: boolean): Evaluate<Where> {
  return (where) => {
    let value: Value | undefined;
    for (const each of of) {
      value = each(where);
      if (value === undefined || isTrue(value) === decides) return value;
    }
    return value;
  };
}

function chain<Where>(
  first: Evaluate<Where>,
  rest: readonly { readonly op: Comparison["op"]; readonly value: Evaluate<Where> }[],
): Evaluate<Where> {
  return (where) => {
    let left = first(where);
    for (const { op, value } of rest) {
      const right = left === undefined ? undefined : value(where);
      if (left === undefined || right === undefined) return undefined;
      const holds = compare(op, left, right);
      if (holds !== true) return holds;
      left = right;
    }
    return true;
  };
}
