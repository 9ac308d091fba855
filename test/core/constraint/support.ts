import { type Expression, parseExpression } from "@/core/constraint";
import { compile } from "@/core/constraint/evaluate";
import { valueAt } from "@/core/leaves";
import { toValueMap, type Value, type ValueMap } from "@/core/value";

/** Every name is a parameter, dots walk into groups. */
export const anyName = (name: string): Expression => ({ kind: "parameter", path: name.split(".") });

export function parsed(source: string): Expression {
  const read = parseExpression(source, anyName);
  if ("complaint" in read) throw new Error(`${source}: ${read.complaint} at ${read.at}`);
  return read.expression;
}

export const evaluate = (source: string, params: ValueMap = toValueMap([])): Value | undefined =>
  compile<ValueMap>(parsed(source), (path) => (where) => valueAt(where, path))(params);

/** `complaint @ position`. */
export function complaintOf(source: string): string {
  const read = parseExpression(source, anyName);
  return "complaint" in read ? `${read.complaint} @ ${read.at}` : "none";
}
