import { OPERATORS, OPERATORS_OF, type Operator, type Plain, readValue } from "./kinds";
import { type Operand, operandKeys, readGiven, readOperand, type Vocabulary } from "./operand";
import { refuse } from "./refuse";

/**
 * Conditions joined by and, or and not. Logic has two values: a condition about something that is not there (a
 * parameter the run has not, a metric it never logged) does not hold. `ne` and `notIn` are the opposites of `eq` and `in`, so they
 * do hold then; ask `exists` as well where that matters. So `not` turns any filter into its exact complement.
 */
export type Filter =
  | { readonly kind: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly kind: "not"; readonly filter: Filter }
  | { readonly kind: "test"; readonly operand: Operand; readonly op: Operator; readonly value: Plain };

/** What is anything more is a program's mistake, and a burden on the database. */
export const MAX_CONDITIONS = 100;
export const MAX_DEPTH = 10;
/** Values in all lists together. */
const MAX_VALUES = 5_000;

/** A filter from outside, checked. @throws AppError BAD_INPUT that names the value, its place and what was expected */
export function readFilter(vocabulary: Vocabulary, input: unknown, path = "filter"): Filter {
  return read(vocabulary, input, path, 1, { conditions: 0, values: 0 });
}

interface Size {
  conditions: number;
  values: number;
}

function read(vocabulary: Vocabulary, input: unknown, path: string, depth: number, size: Size): Filter {
  if (depth > MAX_DEPTH) refuse(path, "nested deeper", `at most ${MAX_DEPTH} levels`, { quoted: false });
  const subjects = operandKeys(vocabulary);
  const heads = ["and", "or", "not", ...subjects];
  const given = readGiven(input, [...heads, ...(vocabulary.named ? ["stat"] : []), "op", "value"], path);
  const [head, ...others] = heads.filter((key) => given[key] !== undefined);
  if (head === undefined || others.length > 0) {
    const found = head === undefined ? "without a subject" : `about ${[head, ...others].join(" and ")}`;
    return refuse(path, found, `exactly one of ${heads.join(", ")}`, { quoted: false });
  }
  if (head === "and" || head === "or" || head === "not") {
    for (const key of ["op", "value", "stat"])
      if (given[key] !== undefined) refuse(`${path}.${key}`, given[key], `nothing beside ${head}`);
    if (head === "not")
      return { kind: "not", filter: read(vocabulary, given.not, `${path}.not`, depth + 1, size) };
    const list = given[head];
    if (!Array.isArray(list)) return refuse(`${path}.${head}`, list, "a list of filters");
    if (list.length > MAX_CONDITIONS) return refuseConditions(`${path}.${head}`);
    const filters = list.map((item, i) => read(vocabulary, item, `${path}.${head}[${i}]`, depth + 1, size));
    return { kind: head, filters };
  }
  if (++size.conditions > MAX_CONDITIONS) refuseConditions(path);
  const operand = readOperand(vocabulary, given, path);
  const op = readOperator(operand, given.op, `${path}.op`);
  const value = readValue(operand.field, op, given.value, `${path}.value`);
  size.values += Array.isArray(value) ? value.length : 1;
  if (size.values > MAX_VALUES)
    refuse(path, `the ${size.values}th value`, `at most ${MAX_VALUES}`, { quoted: false });
  return { kind: "test", operand, op, value };
}

function readOperator({ field }: Operand, op: unknown, path: string): Operator {
  const known = OPERATORS.find((one) => one === op);
  const allowed = field.kind === "json" ? OPERATORS : OPERATORS_OF[field.kind];
  if (known !== undefined && allowed.includes(known)) return known;
  return refuse(path, op, `one of ${allowed.join(", ")}`);
}

const refuseConditions = (path: string): never =>
  refuse(path, "one condition too many", `at most ${MAX_CONDITIONS}`, { quoted: false });
