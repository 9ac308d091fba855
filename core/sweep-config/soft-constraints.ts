import type { Comparison, Constraint, Expression, SoftConstraint } from "@/core/constraint";
import { conjunctsOf } from "@/core/constraint/conjuncts";
import { metricsIn } from "@/core/constraint/mentions";

interface Split {
  readonly constraints: Constraint[];
  readonly softConstraints: SoftConstraint[];
}

/**
 * A constraint on metrics as what each comparison in it asks: `5 < latency_ms <= 20 and a < b` are three. What mentions no
 * metric is a constraint as any other.
 */
export function splitOnMetric(
  source: string,
  expression: Expression,
): Split | { readonly code: string; readonly complaint: string } {
  const split: Split = { constraints: [], softConstraints: [] };
  for (const part of conjunctsOf(expression)) {
    if (metricsIn(part).length === 0) {
      split.constraints.push({ source, test: part });
      continue;
    }
    const soft =
      part.kind === "compare" && part.rest.length === 1
        ? toSoft(source, part.first, part.rest[0])
        : undefined;
    if (!soft)
      return {
        code: "CONSTRAINT_ON_METRIC",
        complaint: `a metric (${metricsIn(part).join(", ")}) stands alone on one side of <, <=, > or >=, with no metric on the other, such as \`latency_ms <= 20\`; several such may be joined with \`and\``,
      };
    split.softConstraints.push(soft);
  }
  return split;
}

const MIRRORED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;
const isOrder = (op: string): op is keyof typeof MIRRORED => Object.hasOwn(MIRRORED, op);

function toSoft(
  source: string,
  left: Expression,
  comparison: Comparison | undefined,
): SoftConstraint | undefined {
  if (!comparison || !isOrder(comparison.op)) return undefined;
  const { op, with: right } = comparison;
  if (left.kind === "metric" && metricsIn(right).length === 0)
    return { source, metric: left.name, op, bound: right };
  if (right.kind === "metric" && metricsIn(left).length === 0)
    return { source, metric: right.name, op: MIRRORED[op], bound: left };
  return undefined;
}
