import type { ObjectRef } from "@pothos/core";
import { AppError } from "@/core/errors";
import { builder } from "./builder";
import { DEFAULT_PAGE, MAX_PAGE } from "./limits";

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

/** One page of a list, as its reader gives it. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage?: boolean;
  readonly toCursor: (row: Row) => string;
  /** Asked only when the caller wants it; absent where nobody counts. */
  readonly total?: () => Promise<number> | number;
}

/** What a query asks of a connection. */
export interface Wanted {
  readonly rows: boolean;
  readonly total: boolean;
}

/**
 * A page that is read when its first field is resolved. By then graphql has called the resolvers of all the fields beside
 * it as well, so it is known whether rows, their number or both are wanted, and one statement brings them.
 */
export class PageToCome<Row> {
  private wanted: Wanted = { rows: false, total: false };
  private reading: Promise<Page<Row>> | undefined;

  constructor(private readonly read: (wanted: Wanted) => Promise<Page<Row>>) {}

  want(what: keyof Wanted): Promise<Page<Row>> {
    this.wanted = { ...this.wanted, [what]: true };
    this.reading ??= Promise.resolve().then(() => this.read(this.wanted));
    return this.reading;
  }
}

const rowsOf = async <Row>(page: Page<Row> | PageToCome<Row>): Promise<Page<Row>> =>
  page instanceof PageToCome ? page.want("rows") : page;
const totalOf = async <Row>(page: Page<Row> | PageToCome<Row>): Promise<number> => {
  const { total } = page instanceof PageToCome ? await page.want("total") : page;
  return (await total?.()) ?? 0;
};

interface Ends {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

const PageInfo = builder.objectRef<Ends>("PageInfo").implement({
  description: "Where a page begins and ends.",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage", { description: "More rows follow." }),
    hasPreviousPage: t.exposeBoolean("hasPreviousPage", { description: "With last: more rows come before." }),
    startCursor: t.exposeString("startCursor", { nullable: true, description: "Place of the first row." }),
    endCursor: t.exposeString("endCursor", {
      nullable: true,
      description: "Pass it as `after` for the next page.",
    }),
  }),
});

/** A Relay connection, with `nodes` as a shorter way to the rows. */
export function connection<Row>(
  name: string,
  node: ObjectRef<Types, Row>,
  what: string,
  { counted = true }: { counted?: boolean } = {},
) {
  const edge = builder.objectRef<{ node: Row; cursor: string }>(`${name}Edge`).implement({
    description: `One of the ${what}, with its place in the list.`,
    fields: (t) => ({
      cursor: t.exposeString("cursor", { description: "Its place: a page can start after it." }),
      node: t.field({ type: node, description: "The row itself.", resolve: (row) => row.node as never }),
    }),
  });
  return builder.objectRef<Page<Row> | PageToCome<Row>>(`${name}Connection`).implement({
    description: `A page of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: "The rows with their places.",
        resolve: async (page) => {
          const { rows, toCursor } = await rowsOf(page);
          return rows.map((row) => ({ node: row, cursor: toCursor(row) }));
        },
      }),
      nodes: t.field({
        type: [node],
        description: "The rows.",
        resolve: async (page) => (await rowsOf(page)).rows as never,
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: "Where the page begins and ends.",
        resolve: async (page) => {
          const { rows, hasNextPage, hasPreviousPage = false, toCursor } = await rowsOf(page);
          const [first] = rows;
          const last = rows.at(-1);
          return {
            hasNextPage,
            hasPreviousPage,
            startCursor: first === undefined ? null : toCursor(first),
            endCursor: last === undefined ? null : toCursor(last),
          };
        },
      }),
      ...(counted && {
        totalCount: t.int({
          description: "Rows in all pages.",
          resolve: totalOf,
        }),
      }),
    }),
  });
}

/** Reads one row more than asked for, to know whether a page follows. */
export async function readPage<Row>(
  first: number | null | undefined,
  options: {
    read: (first: number) => Promise<readonly Row[]>;
    toPosition: (row: Row) => readonly unknown[];
    total: () => Promise<number> | number;
  },
): Promise<Page<Row>> {
  const length = checkFirst(first);
  const rows = await options.read(length + 1);
  return {
    rows: rows.slice(0, length),
    hasNextPage: rows.length > length,
    toCursor: (row) => toCursor(options.toPosition(row)),
    total: options.total,
  };
}

export const toCursor = (position: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

export function checkFirst(first: number | null | undefined, name = "first"): number {
  const length = first ?? DEFAULT_PAGE;
  if (length >= 0 && length <= MAX_PAGE) return length;
  throw new AppError("BAD_INPUT", `${name} is ${length}, expected 0 to ${MAX_PAGE}`);
}

/**
 * The position inside a cursor; undefined when there is none. Cursors come from the caller: `check` gives undefined for
 * what no row of the list can have, since the database would stumble over it.
 */
export function readPosition<Position>(
  after: string | null | undefined,
  check: (values: readonly unknown[]) => Position | undefined,
  name = "after",
): Position | undefined {
  if (after === null || after === undefined) return undefined;
  try {
    const values: unknown = JSON.parse(Buffer.from(after, "base64url").toString("utf8"));
    const position = Array.isArray(values) ? check(values) : undefined;
    if (position !== undefined) return position;
  } catch {
    // falls through to the one message
  }
  throw new AppError(
    "BAD_INPUT",
    `${name} is ${JSON.stringify(after.slice(0, 60))}, expected a cursor of the same list in the same order`,
  );
}

export const isInteger = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
