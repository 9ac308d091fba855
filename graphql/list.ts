import { createHash } from "node:crypto";
import type { ArgBuilder } from "@pothos/core";
import { AppError } from "@/core/errors";
import { OPERATORS } from "@/core/filter/kinds";
import { METRIC_STATS } from "@/core/filter/operand";
import { DIRECTIONS, type SortKey } from "@/core/filter/order";
import { type Position, readPosition as readListPosition } from "@/core/filter/position";
import type { Filter } from "@/core/filter/tree";
import type { Listed, ListPage } from "@/db/queries/list-page";
import { builder } from "./builder";
import { checkFirst, PageToCome, readPosition, toCursor } from "./connection";
import type { Context } from "./context";
import type { ListQuery } from "./list-query";

/** Lists that can be filtered and ordered: one shape of arguments for all of them. */

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

export const FilterOperator = builder.enumType("FilterOperator", {
  description:
    "eq, ne, lt, le, gt, ge: compare (text by code point, numbers by what they are worth). in, notIn: with a list of values. exists: is there at all (value false: is not). contains, startsWith, endsWith: of text, a-z and A-Z being the same; contains also looks for a member of a list or of the tags. What is missing satisfies none of them, so it does satisfy ne and notIn.",
  values: OPERATORS,
});
export const MetricStatType = builder.enumType("MetricStat", {
  description:
    "What is kept of a metric's finite values. last, first: by step. min, max, mean: least, greatest, average. count: how many.",
  values: METRIC_STATS,
});
const Direction = builder.enumType("OrderDirection", {
  description:
    "asc: the least first. desc: the greatest first. best, for a run's objective: by the goal of its sweep. What is missing stands last in each.",
  values: DIRECTIONS,
});

/** `NameField`, `NameFilter` and `NameOrder`. @param named whether parameters and metrics can be asked about as well */
export function filterTypes(
  name: string,
  what: string,
  fields: Readonly<Record<string, string>>,
  named = false,
) {
  const Field = builder.enumType(`${name}Field`, {
    description: `What ${what} can be filtered and ordered by.`,
    values: Object.fromEntries(Object.entries(fields).map(([key, description]) => [key, { description }])),
  });
  const subjects = named ? "field, param, metric" : "field";
  const filter = builder.inputRef<object>(`${name}Filter`);
  filter.implement({
    description: `Which ${what}: exactly one of and, or, not, ${subjects}. At most 100 conditions, 10 levels deep.`,
    fields: (t) => ({
      and: t.field({ type: [filter], description: "All of these hold; an empty list always does." }),
      or: t.field({ type: [filter], description: "One of these holds; an empty list never does." }),
      not: t.field({ type: filter, description: "This does not hold." }),
      field: t.field({ type: Field, description: "A field of the row." }),
      ...(named && {
        param: t.string({
          description:
            "A parameter by its name; inside groups with dots, as in optimizer.lr. A dot that is part of one of several names is written \\.",
        }),
        metric: t.string({
          description: "A metric by its name, in the history of the run's current attempt.",
        }),
        stat: t.field({ type: MetricStatType, description: "Beside metric; last when absent." }),
      }),
      op: t.field({ type: FilterOperator, description: "How it is compared." }),
      value: t.field({
        type: "JSON",
        description:
          "With what: a value of the same type, a list of them for in and notIn; times as ISO 8601 text.",
      }),
    }),
  });
  const order = builder.inputRef<object>(`${name}Order`);
  order.implement({
    description: `A key to sort ${what} by: exactly one of ${subjects}. Up to 8 keys; whatever is equal in all of them is sorted by id.`,
    fields: (t) => ({
      field: t.field({ type: Field, description: "A field of the row." }),
      ...(named && {
        param: t.string({
          description:
            "A parameter, as in a filter: numbers before texts before booleans before lists and groups.",
        }),
        metric: t.string({ description: "A metric by its name." }),
        stat: t.field({ type: MetricStatType, description: "Beside metric; last when absent." }),
      }),
      direction: t.field({ type: Direction, description: "asc when absent." }),
    }),
  });
  return { filter, order };
}

/** The arguments of a list. */
export const listArgs = (
  t: ArgBuilder<Types>,
  { filter, order }: ReturnType<typeof filterTypes>,
  usual: string,
) => ({
  first: t.int({ description: "Length of the page, at most 1000; 50 when absent." }),
  after: t.string({ description: "The endCursor of the page before." }),
  last: t.int({
    description: "Instead of first: the last rows of the list, or the last ones before `before`.",
  }),
  before: t.string({ description: "The startCursor of the page behind." }),
  filter: t({ type: filter, description: "Only these; all when absent." }),
  orderBy: t({ type: [order], description: `The weightiest key first; ${usual} when absent.` }),
});

export interface ListArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: object | null | undefined;
  orderBy?: readonly object[] | null | undefined;
}

interface ListOptions<Row> {
  readonly readFilter: (input: unknown) => Filter;
  readonly readOrder: (input: unknown) => SortKey[];
  /** The order when none is asked for. */
  readonly usual: readonly object[];
  readonly isId: (id: unknown) => id is string | number;
  readonly read: (query: ListQuery) => Promise<ListPage<Row> | undefined>;
}

/** Checks the arguments at once, reads the page once its fields are asked for. @throws AppError BAD_INPUT */
export function toPage<Row>(
  { loaders }: Pick<Context, "loaders">,
  args: ListArgs,
  { readFilter, readOrder, usual, isId, read }: ListOptions<Row>,
): PageToCome<Row> {
  const backward = args.last != null || args.before != null;
  if (backward && (args.first != null || args.after != null)) {
    throw new AppError("BAD_INPUT", "a page has either first and after, or last and before");
  }
  const length = backward ? checkFirst(args.last, "last") : checkFirst(args.first);
  const filter = args.filter ? readFilter(args.filter) : undefined;
  const order = readOrder(args.orderBy ?? usual);
  const tag = tagOf(order);
  const at = (cursor: string | null | undefined, name: string): Position | undefined =>
    readPosition(
      cursor,
      ([of, ...rest]) => (of === tag ? readListPosition(order, isId, rest) : undefined),
      name,
    );
  const after = at(args.after, "after");
  const before = at(args.before, "before");
  const asOf = (after ?? before)?.asOf ?? loaders.now;
  return new PageToCome<Row>(async (wanted) => {
    const query: ListQuery = {
      order,
      asOf,
      backward,
      length: wanted.rows ? length : 0,
      counted: wanted.total,
      ...(filter && { filter }),
      ...(after && { after }),
      ...(before && { before }),
    };
    const page = (await read(query)) ?? { rows: [], more: false, total: 0 };
    return {
      rows: page.rows,
      hasNextPage: !backward && page.more,
      hasPreviousPage: backward && page.more,
      toCursor: (row) => {
        const { position } = row as Listed<Row>;
        return toCursor([tag, asOf, position.id, ...position.values]);
      },
      total: () => page.total ?? 0,
    };
  });
}

/** A cursor belongs to an order: its values mean nothing in another. */
const tagOf = (order: readonly SortKey[]): string =>
  createHash("sha256").update(JSON.stringify(order)).digest("base64url").slice(0, 6);
