import type { Fragment } from "postgres";
import type { Position } from "@/core/filter/position";
import type { Sql } from "../client";
import { unprepared } from "../unprepared";
import { beyond, type Keyset, positionText, sorting, sortValues } from "./keyset";

/** Which rows of a list. */
export interface Slice {
  /** Rows, at most. */
  readonly length: number;
  /** The page goes on behind this row. */
  readonly after?: Position | undefined;
  /** The page ends before this row: the last rows of the list, or the last before it. */
  readonly before?: Position | undefined;
  readonly backward?: boolean | undefined;
  /** Count all rows of the list as well, whatever page is asked for. */
  readonly counted?: boolean | undefined;
}

export type Listed<Row> = Row & { readonly position: Pick<Position, "id" | "values"> };

export interface ListPage<Row> {
  /** In the list's order, also when it was read backward. */
  readonly rows: readonly Listed<Row>[];
  /** More rows follow in the direction of reading. */
  readonly more: boolean;
  /** All rows of the list; undefined unless they were to be counted. */
  readonly total: number | undefined;
}

/** The parts of a list's SQL that differ from list to list. */
export interface ListParts {
  /** A table `asked` with a column `scope`: one list each, such as the runs of one sweep. Those that may not be seen are absent. */
  readonly asked: Fragment;
  /** `from ... where ...` of the rows in one scope. */
  readonly found: Fragment;
  /**
   * The column that ties a row to its scope, where an index has it ahead of the id. A page in the order of ids is sorted by
   * it first, and `found` gives it as a range of one value: for an equation the planner would know that this changes nothing,
   * and walk down the index of all ids instead, through 300,000 runs of other sweeps (280 ms instead of 1).
   */
  readonly scope?: Fragment;
  /** Whether `found` leaves out any by what they are: else counting them all is no reason to read them all. */
  readonly filtered: boolean;
  readonly keyset: Keyset;
  readonly columns: Fragment;
  /** `join ... on ...` that brings the columns of the row with `page.id`. */
  readonly tables: Fragment;
}

/**
 * One page of each scope, in one statement. Only ids and sort keys are carried through the sorting; the wide rows are
 * fetched for those that remain. Filter and keys are worked out once, also when the list is counted.
 */
export async function readListPages<Row extends object, Scope>(
  sql: Sql,
  { asked, found, scope, filtered, keyset, columns, tables }: ListParts,
  { length, after, before, backward = false, counted = false }: Slice,
): Promise<Map<Scope, ListPage<Row>>> {
  const bounds = [
    after && beyond(sql, keyset, after, false),
    before && beyond(sql, keyset, before, true),
  ].filter((bound) => bound !== undefined);
  const within = bounds.reduce((all, one) => sql`${all} and ${one}`, sql`true`);
  // In the order of an index the page is short work, as long as nobody else asks for what was found.
  const byId = keyset.length === 1;
  const countsAlone = !filtered && byId;
  const [scopeColumn, scopeFirst] =
    scope && byId
      ? [sql`, ${scope} as within`, keyset[0]?.descending === backward ? sql`f.within,` : sql`f.within desc,`]
      : [sql``, sql``];
  const total = !counted
    ? sql`(select null::int as total)`
    : sql`(select count(*)::int as total ${countsAlone ? found : sql`from found`})`;
  const rows = await unprepared(
    sql<(Row & { scope: Scope; total: number | null; position: string | null })[]>`
      select asked.scope, f.total, case when f.id is not null then ${positionText(sql, keyset)} end as position,
        ${columns}
      from ${asked} cross join lateral (
        with found as (select ${sortValues(sql, keyset)} ${scopeColumn} ${found}),
        page as (
          select f.* from found f where ${within} order by ${scopeFirst} ${sorting(sql, keyset, backward)}
          limit ${length + 1})
        select counted.total, page.* from ${total} counted left join page on true
      ) f ${tables}
      order by asked.scope, ${sorting(sql, keyset, backward)}`,
  );
  const pages = new Map<Scope, ListPage<Row> & { rows: Listed<Row>[] }>();
  for (const { scope, total: all, position, ...row } of rows) {
    const page = pages.get(scope) ?? { rows: [], more: false, total: all ?? undefined };
    pages.set(scope, page);
    if (position === null) continue;
    const values = JSON.parse(position) as (string | number | null)[];
    const id = values.pop() ?? 0;
    page.rows.push({ ...(row as unknown as Row), position: { id, values } });
  }
  return new Map(Array.from(pages, ([scope, page]) => [scope, cut(page, length, backward)]));
}

function cut<Row>(page: ListPage<Row>, length: number, backward: boolean): ListPage<Row> {
  const rows = page.rows.slice(0, length);
  return { ...page, rows: backward ? rows.reverse() : rows, more: page.rows.length > length };
}
