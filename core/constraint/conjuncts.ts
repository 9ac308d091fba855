import type { Expression } from "./types";

/** What holds when all of these do: `and` and chains of comparisons taken apart. */
export function conjunctsOf(expression: Expression): readonly Expression[] {
  if (expression.kind === "and") return expression.of.flatMap(conjunctsOf);
  if (expression.kind !== "compare") return [expression];
  let first = expression.first;
  return expression.rest.map((next): Expression => {
    const pair: Expression = { kind: "compare", first, rest: [next] };
    first = next.with;
    return pair;
  });
}
