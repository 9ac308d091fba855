import type { Fragment } from "postgres";
import type { Operator, Plain } from "@/core/filter/kinds";
import type { Operand } from "@/core/filter/operand";
import type { Filter } from "@/core/filter/tree";
import { fromPlain, stringifyJson } from "@/core/value";
import type { Sql } from "../client";

/** How a list's SQL reaches what its filters speak of. */
export interface Source {
  /** The value of an operand: text, bigint, float8, timestamptz or, of kind json, jsonb; null where there is none. */
  readonly value: (operand: Operand) => Fragment;
  /** Whether a set has one of these members, or any at all. */
  readonly hasAny?: (operand: Operand, members: readonly string[] | undefined) => Fragment;
}

/**
 * A filter as a condition that is true or false, never null, so that `not` gives the exact complement. What the user wrote
 * travels as parameters only. Text is compared by code point whatever the database's collation is; `contains` and its like
 * take a-z and A-Z for the same, and no others, for the same reason.
 */
export function toCondition(sql: Sql, filter: Filter, source: Source): Fragment {
  switch (filter.kind) {
    case "and":
    case "or": {
      const parts = filter.filters.map((one) => toCondition(sql, one, source));
      const [first = filter.kind === "and" ? sql`true` : sql`false`, ...rest] = parts;
      const and = filter.kind === "and";
      return sql`(${rest.reduce((all, one) => (and ? sql`${all} and ${one}` : sql`${all} or ${one}`), first)})`;
    }
    case "not":
      return sql`(not ${toCondition(sql, filter.filter, source)})`;
    case "test":
      return test(sql, filter, source);
  }
}

type Test = Extract<Filter, { kind: "test" }>;

function test(sql: Sql, { operand, op, value }: Test, source: Source): Fragment {
  if (op === "ne" || op === "notIn") {
    const opposite = op === "ne" ? "eq" : "in";
    return sql`(not ${test(sql, { kind: "test", operand, op: opposite, value }, source)})`;
  }
  if (operand.field.kind === "set") {
    const members = op === "exists" ? undefined : op === "contains" ? [String(value)] : (value as string[]);
    const has = source.hasAny?.(operand, members) ?? sql`false`;
    return op === "exists" && value === false ? sql`(not ${has})` : has;
  }
  const x = source.value(operand);
  if (op === "exists") return value === false ? sql`(${x} is null)` : sql`(${x} is not null)`;
  const holds =
    operand.field.kind === "json" ? testJson(sql, x, op, value) : testColumn(sql, x, op, operand, value);
  return sql`((${holds}) is true)`;
}

function testColumn(sql: Sql, x: Fragment, op: Operator, operand: Operand, value: Plain): Fragment {
  const { kind } = operand.field;
  if (kind === "text" || kind === "word") {
    if (op === "in") return sql`${x} = any(${value as string[]}::text[])`;
    return testText(sql, x, op, value as string);
  }
  if (op === "in") {
    const list = value as number[];
    if (kind === "integer") return sql`${x} = any(${list}::bigint[])`;
    if (kind === "number") return sql`${x} = any(${list}::float8[])`;
    return sql`${x} = any(${list.map(toIso)}::text[]::timestamptz[])`;
  }
  const number = value as number;
  if (kind === "integer") return compare(sql, x, op, sql`${number}::bigint`);
  if (kind === "number") return compare(sql, x, op, sql`${number}::float8`);
  return compare(sql, x, op, sql`${toIso(number)}::text::timestamptz`);
}

export const toIso = (ms: number): string => new Date(ms).toISOString();

function testText(sql: Sql, x: Fragment, op: Operator, value: string): Fragment {
  const lower = sql`lower((${x}) collate "C")`;
  const sought = sql`lower(${value}::text collate "C")`;
  switch (op) {
    case "contains":
      return sql`strpos(${lower}, ${sought}) > 0`;
    case "startsWith":
      return sql`starts_with(${lower}, ${sought})`;
    case "endsWith":
      return sql`right(${lower}, length(${sought})) = ${sought}`;
    default:
      return compare(sql, sql`(${x}) collate "C"`, op, sql`${value}::text`);
  }
}

/** Values of different types are never equal and none is before the other; numbers compare by what they are worth, 1.0 as 1. */
function testJson(sql: Sql, x: Fragment, op: Operator, value: Plain): Fragment {
  const json = sql`${toJson(value)}::text::jsonb`;
  const text = sql`((${x}) #>> '{}')`;
  switch (op) {
    case "eq":
      return sql`${x} = ${json}`;
    case "in":
      return sql`${x} in (select jsonb_array_elements(${json}))`;
    case "contains": {
      const inText =
        typeof value === "string" ? sql`when 'string' then ${testText(sql, text, op, value)}` : sql``;
      return sql`case jsonb_typeof(${x}) ${inText}
        when 'array' then exists (select from jsonb_array_elements(${x}) item where item.value = ${json}) end`;
    }
    default:
      if (typeof value === "number") {
        return sql`case when jsonb_typeof(${x}) = 'number'
          then ${compare(sql, sql`(${x})::numeric`, op, sql`${toJson(value)}::text::numeric`)} end`;
      }
      return sql`case when jsonb_typeof(${x}) = 'string' then ${testText(sql, text, op, String(value))} end`;
  }
}

/** As parameters are written: whole numbers with all their digits, where JavaScript shortens those from 1e21 on. */
const toJson = (value: Plain): string => stringifyJson(fromPlain(value));

function compare(sql: Sql, x: Fragment, op: Operator, y: Fragment): Fragment {
  switch (op) {
    case "lt":
      return sql`${x} < ${y}`;
    case "le":
      return sql`${x} <= ${y}`;
    case "gt":
      return sql`${x} > ${y}`;
    case "ge":
      return sql`${x} >= ${y}`;
    default:
      return sql`${x} = ${y}`;
  }
}
