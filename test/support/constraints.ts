import fc from "fast-check";
import { openDomain } from "@/compute/search/domain";
import { type Constraint, type Expression, openConstraints } from "@/core/constraint";
import { listLeaves } from "@/core/leaves";
import type { Parameters } from "@/core/parameter";
import { drawUnit, openStream } from "@/math/random";

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

/** Looked at in the first 500 random configurations: whoever has none there is not asked to find the rare one. */
export function leavesNothing(parameters: Parameters, constraints: readonly Constraint[]): boolean {
  const domain = openDomain({ parameters });
  const stream = openStream("contract", []);
  const allows = openConstraints({ constraints });
  for (let k = 0n; k < 500n; k++) {
    const { params } = domain.sample((dimension) => drawUnit(stream, k * 100n + BigInt(dimension)));
    if (allows(params)) return false;
  }
  return true;
}
