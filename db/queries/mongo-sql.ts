import type { Fragment } from "postgres";
import type { MongoFilter, MongoOperand, MongoTest } from "@/core/mongo-filter";
import { isList, stringifyJson, type Value } from "@/core/value";
import type { Sql } from "../client";
import { toIso } from "./filter-sql";

/** How a list's SQL reaches what its filters speak of. */
export interface MongoSource {
  /** text, timestamptz, float8 or, of kind json, jsonb; of a set an array of texts. */
  readonly value: (operand: MongoOperand) => Fragment;
}

/**
 * A filter as a condition that is true or false, never null, so that `not` gives the exact complement, as in MongoDB: `$ne` is met where
 * nothing is. Names and values travel as parameters only.
 */
export function toMongoCondition(sql: Sql, filter: MongoFilter, source: MongoSource): Fragment {
  switch (filter.kind) {
    case "and":
    case "or": {
      const parts = filter.filters.map((one) => toMongoCondition(sql, one, source));
      const and = filter.kind === "and";
      const [first = and ? sql`true` : sql`false`, ...rest] = parts;
      return sql`(${rest.reduce((all, one) => (and ? sql`${all} and ${one}` : sql`${all} or ${one}`), first)})`;
    }
    case "not":
      return sql`(not ${toMongoCondition(sql, filter.filter, source)})`;
    case "test":
      return sql`((${test(sql, filter, source.value(filter.operand))}) is true)`;
  }
}

function test(sql: Sql, { operand, op, value }: MongoTest, x: Fragment): Fragment {
  const { kind } = operand;
  if (op === "exists") {
    const there = kind === "set" ? sql`cardinality(${x}) > 0` : sql`${x} is not null`;
    return value === true ? there : sql`not (${there})`;
  }
  if (op === "eq") return equals(sql, kind, x, value);
  if (op === "in") return isWithin(sql, kind, x, isList(value) ? value : []);
  if (op === "regex") return matches(sql, kind, x, String(value));
  switch (kind) {
    case "text":
      return compare(sql, sql`(${x}) collate "C"`, op, sql`${String(value)}::text`);
    case "time":
      return compare(sql, x, op, sql`${toIso(Number(value))}::text::timestamptz`);
    case "number":
      return compare(sql, x, op, sql`${Number(value)}::float8`);
    default:
      if (typeof value === "string")
        return sql`case when jsonb_typeof(${x}) = 'string'
          then ${compare(sql, sql`((${x}) #>> '{}') collate "C"`, op, sql`${value}::text`)} end`;
      return sql`case when jsonb_typeof(${x}) = 'number'
        then ${compare(sql, sql`(${x})::numeric`, op, sql`${stringifyJson(value)}::text::numeric`)} end`;
  }
}

function equals(sql: Sql, kind: MongoOperand["kind"], x: Fragment, value: Value): Fragment {
  if (value === null) {
    if (kind === "set") return sql`cardinality(${x}) = 0`;
    return kind === "json" ? sql`${x} is null or ${x} = 'null'::jsonb` : sql`${x} is null`;
  }
  if (kind === "set" && isList(value)) return sql`${x} = ${value as string[]}::text[]`;
  return isWithin(sql, kind, x, [value]);
}

/** A value that is a list is met by each of its members too. */
function isWithin(sql: Sql, kind: MongoOperand["kind"], x: Fragment, values: readonly Value[]): Fragment {
  const given = values.filter((value) => value !== null);
  const none = given.length < values.length ? sql`or ${equals(sql, kind, x, null)}` : sql``;
  switch (kind) {
    case "text":
      return sql`${x} = any(${given.map(String)}::text[]) ${none}`;
    case "number":
      return sql`${x} = any(${given.map(Number)}::float8[]) ${none}`;
    case "time":
      return sql`${x} = any(${given.map((time) => toIso(Number(time)))}::text[]::timestamptz[]) ${none}`;
    case "set":
      return sql`${x} && ${given.filter((value) => typeof value === "string")}::text[] ${none}`;
    default: {
      const list = sql`${stringifyJson(given)}::text::jsonb`;
      return sql`${x} in (select jsonb_array_elements(${list}))
        or (case when jsonb_typeof(${x}) = 'array' then exists (
          select from jsonb_array_elements(${x}) item where item.value in (select jsonb_array_elements(${list}))) end)
        ${none}`;
    }
  }
}

function matches(sql: Sql, kind: MongoOperand["kind"], x: Fragment, pattern: string): Fragment {
  if (kind === "set") return sql`exists (select from unnest(${x}) item where item ~ ${pattern}::text)`;
  if (kind === "text") return sql`${x} ~ ${pattern}::text`;
  return sql`case jsonb_typeof(${x}) when 'string' then ((${x}) #>> '{}') ~ ${pattern}::text
    when 'array' then exists (select from jsonb_array_elements(${x}) item
      where jsonb_typeof(item.value) = 'string' and (item.value #>> '{}') ~ ${pattern}::text) end`;
}

function compare(sql: Sql, x: Fragment, op: "gt" | "ge" | "lt" | "le", y: Fragment): Fragment {
  switch (op) {
    case "gt":
      return sql`${x} > ${y}`;
    case "ge":
      return sql`${x} >= ${y}`;
    case "lt":
      return sql`${x} < ${y}`;
    case "le":
      return sql`${x} <= ${y}`;
  }
}
