import type { Fragment } from "postgres";
import type { SortKey } from "@/core/filter/order";
import {
  type ColumnType,
  columnTypes,
  isById,
  type Position,
  SORTED_CHARACTERS,
  untilId,
} from "@/core/filter/position";
import type { Sql } from "../client";
import { type Source, toIso } from "./filter-sql";

/*
 * Keyset paging: a page starts behind the values of the row that ended the one before, not behind a number of rows, so
 * rows that come or go meanwhile neither repeat nor hide others. Nulls stand last in both directions.
 */

interface SortColumn {
  /** k0, k1, ... of the rows that were found; the last one is their id. */
  readonly name: string;
  readonly type: ColumnType;
  readonly value: Fragment;
  readonly descending: boolean;
}

export type Keyset = readonly SortColumn[];

/** @param id the column that ends all ties, ascending unless the order says otherwise; keys behind it would change nothing */
export function toKeyset(
  sql: Sql,
  order: readonly SortKey[],
  source: Source,
  id: { value: Fragment; type: ColumnType },
): Keyset {
  const columns = untilId(order).flatMap((key) => {
    const values = toValues(sql, source.value(key.operand), key);
    return columnTypes(key).map((type, i) => ({
      type,
      value: values[i] ?? sql`null`,
      descending: key.direction === "desc",
    }));
  });
  const descending = order.find(isById)?.direction === "desc";
  return [...columns.map((column, i) => ({ ...column, name: `k${i}` })), { ...id, name: "id", descending }];
}

function toValues(sql: Sql, x: Fragment, { operand: { field } }: SortKey): Fragment[] {
  if (field.kind === "text" || field.kind === "word") return [sql`left(${x}, ${SORTED_CHARACTERS}::int)`];
  if (field.kind !== "json") return [x];
  return [
    sql`case jsonb_typeof(${x}) when 'number' then 1 when 'string' then 2 when 'boolean' then 3
      when 'array' then 4 when 'object' then 4 end`,
    sql`case jsonb_typeof(${x}) when 'number' then (${x})::numeric
      when 'boolean' then case when (${x})::boolean then 1 else 0 end end`,
    sql`case when jsonb_typeof(${x}) = 'string' then left((${x}) #>> '{}', ${SORTED_CHARACTERS}::int) end`,
  ];
}

/** For the select list that finds the rows. */
export const sortValues = (sql: Sql, keyset: Keyset): Fragment =>
  list(
    sql,
    keyset.map(({ name, value }) => sql`${value} as ${sql(name)}`),
  );

/** Behind `order by`, of rows under the alias `f`. */
export const sorting = (sql: Sql, keyset: Keyset, backward: boolean): Fragment =>
  list(
    sql,
    keyset.map((column) => {
      const x = columnOf(sql, column);
      // An id is never null, and only a bare `desc` is what an index on it has.
      if (column.name === "id") return column.descending === backward ? sql`${x}` : sql`${x} desc`;
      if (backward) return column.descending ? sql`${x} asc nulls first` : sql`${x} desc nulls first`;
      return column.descending ? sql`${x} desc nulls last` : sql`${x} asc nulls last`;
    }),
  );

/** What `Position.values` and its id are read from: JSON text, exact to the last bit. */
export const positionText = (sql: Sql, keyset: Keyset): Fragment =>
  sql`json_build_array(${list(
    sql,
    keyset.map(({ name, type }) => {
      const x = sql`f.${sql(name)}`;
      if (type === "time") return sql`round(extract(epoch from ${x}) * 1000)::bigint`;
      return type === "numeric" ? sql`${x}::text` : x;
    }),
  )})::text`;

/** Rows `f` that stand behind the position, or before it. */
export function beyond(sql: Sql, keyset: Keyset, position: Position, backward: boolean): Fragment {
  const values = [...keyset.slice(0, -1).map((_, i) => position.values[i] ?? null), position.id];
  // From the lightest key to the weightiest: behind in this one, or equal and behind in the rest.
  return keyset.reduceRight((rest, column, i) => {
    const value = values[i] ?? null;
    const x = columnOf(sql, column);
    if (value === null) {
      const equal = sql`${x} is null and ${rest}`;
      return backward ? sql`(${x} is not null or (${equal}))` : sql`(${equal})`;
    }
    const y = toParameter(sql, column.type, value);
    const ahead = column.descending === backward ? sql`${x} > ${y}` : sql`${x} < ${y}`;
    const behind = backward || column.name === "id" ? ahead : sql`(${ahead} or ${x} is null)`;
    return column.name === "id" ? behind : sql`(${behind} or (${x} = ${y} and ${rest}))`;
  }, sql`false`);
}

const columnOf = (sql: Sql, { name, type }: SortColumn): Fragment =>
  type === "text" ? sql`f.${sql(name)} collate "C"` : sql`f.${sql(name)}`;

function toParameter(sql: Sql, type: ColumnType, value: string | number): Fragment {
  switch (type) {
    case "text":
      return sql`${String(value)}::text`;
    case "float":
      return sql`${Number(value)}::float8`;
    case "numeric":
      return sql`${String(value)}::text::numeric`;
    case "integer":
      return sql`${Number(value)}::bigint`;
    case "time":
      return sql`${toIso(Number(value))}::text::timestamptz`;
  }
}

const list = (sql: Sql, parts: readonly Fragment[]): Fragment => {
  const [first = sql``, ...rest] = parts;
  return rest.reduce((all, one) => sql`${all}, ${one}`, first);
};
