import { writeComparison, writeLabel } from "@/core/run-query";
import type { Brush } from "@/ui/charts/prepare/brush";
import { readMetricKey } from "@/ui/charts/prepare/dimension";

/** A condition put together from lists and fields instead of being typed. */
export interface Built {
  /** `state`, `tags`, or a dimension's id. */
  readonly subject: string;
  readonly operator: Operator;
  /** Numbers, or the texts that were ticked. */
  readonly values: readonly (number | boolean | null | string)[];
}

export const NUMBER_OPERATORS = [
  "at least",
  "at most",
  "more than",
  "less than",
  "equal to",
  "between",
] as const;
export const WORD_OPERATORS = ["one of", "none of"] as const;
export type Operator = (typeof NUMBER_OPERATORS)[number] | (typeof WORD_OPERATORS)[number];

const SIGNS: Readonly<Partial<Record<Operator, string>>> = {
  "at least": ">=",
  "at most": "<=",
  "more than": ">",
  "less than": "<",
  "equal to": "=",
};

/** More words of the query, or a brush: what the language can't say (several categories, two ends, the objective). */
export type FilterStep =
  | { readonly terms: readonly string[] }
  | { readonly id: string; readonly brush: Brush };

/** @returns undefined where neither can say it */
export function toFilterStep({ subject, operator, values }: Built): FilterStep | undefined {
  if (values.length === 0) return undefined;
  if (subject === "state" || subject === "tags") {
    const term = writeLabel(subject === "tags" ? "tag" : "state", values.map(String));
    return term === undefined ? undefined : { terms: [operator === "none of" ? `-${term}` : term] };
  }
  const terms = toTerms(subject, operator, values);
  if (terms) return { terms };
  const brush = toBrush(operator, values);
  return brush && { id: subject, brush };
}

function toTerms(subject: string, operator: Operator, values: Built["values"]): string[] | undefined {
  const metric = readMetricKey(subject);
  const about = metric
    ? { metric: metric.name, stat: metric.stat }
    : subject.startsWith("p.")
      ? { param: subject.slice(2) }
      : undefined;
  const sign =
    operator === "none of" ? "!=" : operator === "one of" && values.length === 1 ? "=" : SIGNS[operator];
  if (!about || sign === undefined) return undefined;
  const terms = values.map((value) => writeComparison(about, sign, value));
  return terms.every((term) => term !== undefined) ? terms : undefined;
}

function toBrush(operator: Operator, values: Built["values"]): Brush | undefined {
  if (operator === "one of") return { values: values.map(String) };
  const [a, b] = values.map(Number);
  if (a === undefined || Number.isNaN(a)) return undefined;
  switch (operator) {
    case "at least":
      return { ranges: [[a, Number.POSITIVE_INFINITY]] };
    case "at most":
      return { ranges: [[Number.NEGATIVE_INFINITY, a]] };
    case "equal to":
      return { ranges: [[a, a]] };
    case "between":
      return b === undefined || Number.isNaN(b) ? undefined : { ranges: [[Math.min(a, b), Math.max(a, b)]] };
    default:
      return undefined;
  }
}
