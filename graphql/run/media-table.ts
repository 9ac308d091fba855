import { isFileName } from "@/core/file-name";
import { mediaKindOf } from "@/core/media";
import type { RunFileRow } from "@/db/queries/files";
import type { SourceRow } from "@/db/queries/media";
import { readTablePage, type TablePage } from "@/engine/files/read-table";
import { builder } from "../builder";
import { isInteger, readPosition, toCursor } from "../connection";
import type { Context } from "../context";
import { sourceAddress } from "./files";

/** Rows of the tables that a run logged, out of their files. */

export const MediaTable = builder.objectRef<TablePage & { readonly md5: string }>("MediaTable").implement({
  description: "Rows of a table, read from its file.",
  fields: (t) => ({
    columns: t.stringList({ description: "Their names.", resolve: ({ columns }) => [...columns] }),
    rows: t.field({
      type: ["JSON"],
      description:
        'Each a list of cells; numbers that JSON lacks are "NaN", "Infinity" and "-Infinity", integers beyond 2^53 are their digits as text. A cell that is a picture or the like has the address of its bytes as url.',
      resolve: ({ rows }) => [...rows],
    }),
    endCursor: t.string({
      nullable: true,
      description: "Pass it as `after` for the next page; null behind the last.",
      resolve: ({ next, md5 }) => (next === undefined ? null : toCursor([next, md5])),
    }),
  }),
});

/** A page of a table, and which bytes it was read from. */
type Page = TablePage & { readonly md5: string };

/** From the run's own file. @throws AppError BAD_INPUT, NOT_FOUND, INPUT_TOO_LARGE */
export async function readTable(
  context: Context,
  file: Pick<RunFileRow, "name" | "place" | "bytes" | "md5">,
  first: number,
  after: string | null | undefined,
): Promise<Page> {
  const page = await readPage(context, file, first, after);
  return { ...page, rows: await addAddresses(page.rows, undefined, context) };
}

/** A cursor is a place in the bytes, so it is good for these bytes alone. */
function readPage(
  { store, loaders }: Context,
  file: Pick<RunFileRow, "name" | "place" | "bytes" | "md5">,
  first: number,
  after: string | null | undefined,
): Promise<Page> {
  const md5 = file.md5 ?? "";
  const from = readPosition(after, ([at, of]) =>
    isInteger(at, file.bytes) && at > 0 && of === md5 ? at : undefined,
  );
  return loaders.allowance.read(
    async () => ({ ...(await readTablePage(store, file, { first, from })), md5 }),
    ({ rows }) => JSON.stringify(rows).length,
  );
}

/** From the artifact that wandb's client logs beside a table: there its cells have their pictures. @throws as above */
export async function readSourceTable(
  context: Context,
  source: SourceRow,
  first: number,
  after: string | null | undefined,
): Promise<Page> {
  const { entry: name, place, bytes, digest: md5 } = source;
  const page = await readPage(context, { name, place, bytes, md5 }, first, after);
  return { ...page, rows: await addAddresses(page.rows, source, context) };
}

/** A cell that is a picture or the like names an entry beside its table. An address that the file itself says is none: pages trust ours. */
function addAddresses(
  rows: TablePage["rows"],
  table: SourceRow | undefined,
  context: Context,
): Promise<TablePage["rows"]> {
  const toShown = async (cell: unknown): Promise<unknown> => {
    if (Array.isArray(cell) || mediaKindOf(cell) === undefined) return cell;
    const { url: _, ...own } = cell as { path?: unknown; url?: unknown };
    const { path } = own;
    if (table === undefined || typeof path !== "string" || !isFileName(path)) return own;
    const { runId, clientId } = table;
    const found = await context.loaders.source.load({ runId, clientId, entry: path });
    return found === undefined ? own : { ...own, url: await sourceAddress(context, found) };
  };
  return Promise.all(rows.map((row) => Promise.all(row.map(toShown))));
}
