import type { Expression } from "./types";

/** Everything that an expression holds, itself first. */
export function* partsOf(expression: Expression): Generator<Expression> {
  yield expression;
  for (const inner of innerOf(expression)) yield* partsOf(inner);
}

function innerOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "parameter":
    case "metric":
      return [];
    case "list":
      return expression.items;
    case "not":
    case "sign":
      return [expression.of];
    case "arithmetic":
      return [expression.left, expression.right];
    case "compare":
      return [expression.first, ...expression.rest.map((each) => each.with)];
    default:
      return expression.of;
  }
}

/** Paths of the parameters that it looks at, each once. */
export function parametersIn(expression: Expression): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const part of partsOf(expression))
    if (part.kind === "parameter") found.set(JSON.stringify(part.path), part.path);
  return [...found.values()];
}

export function metricsIn(expression: Expression): readonly string[] {
  const found = new Set<string>();
  for (const part of partsOf(expression)) if (part.kind === "metric") found.add(part.name);
  return [...found];
}
