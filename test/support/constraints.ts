import fc from "fast-check";
import type { Constraint, Expression } from "@/core/constraint";
import { listLeaves } from "@/core/leaves";
import type { Parameters } from "@/core/parameter";

const literals: readonly Expression[] = [-1, 0, 1, 2, 0.5, "a", true, null].map((value) => ({
  kind: "literal",
  value,
}));

/** Up to three constraints over these parameters, most of which leave something; what stands in `source` tells them apart. */
export const constraintsOn = (parameters: Parameters): fc.Arbitrary<readonly Constraint[]> => {
  const own = listLeaves(parameters).map(({ path }): Expression => ({ kind: "parameter", path }));
  const side = fc.constantFrom(...own, ...literals);
  const comparison = fc
    .tuple(
      fc.constantFrom(...own),
      fc.constantFrom("<=" as const, ">" as const, "!=" as const, "==" as const),
      side,
    )
    .map(([first, op, other]): Expression => ({ kind: "compare", first, rest: [{ op, with: other }] }));
  const test = fc.oneof(
    comparison,
    fc.tuple(comparison, comparison).map((of): Expression => ({ kind: "or", of })),
    comparison.map((of): Expression => ({ kind: "not", of })),
  );
  return fc
    .array(test, { maxLength: 3 })
    .map((tests) => tests.map((each, i) => ({ source: `constraint ${i}`, test: each })));
};
