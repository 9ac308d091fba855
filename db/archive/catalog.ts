import { getTableName, is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { Tx } from "../client";
import * as schema from "../schema";

export interface TableShape {
  name: string;
  columns: string[];
  identities: string[];
}

/** The tables of this program's schema; a shared database may hold others, which are none of our business. */
export const ourTables = (): string[] =>
  Object.values(schema)
    .filter((value) => is(value, PgTable))
    .map((table) => getTableName(table));

/** Whether a server is up at this moment, which means nothing anywhere else; what can be computed again from the rest; a secret, and places that another store knows. */
export const TRANSIENT: ReadonlySet<string> = new Set([
  "liveness",
  "importance_answers",
  "server_secrets",
  "loose_bytes",
]);
/** A transaction id of another cluster means nothing: restored rows count as changed by the restoring transaction. */
const NOT_ARCHIVED: ReadonlySet<string> = new Set(["changed_xid"]);

/** What is archived of the tables that exist, in an order in which each comes after those it refers to. */
export async function archivedTables(tx: Tx, names: readonly string[]): Promise<TableShape[]> {
  const columns = await tx<{ table: string; name: string; identity: boolean }[]>`
    select c.relname as table, a.attname as name, a.attidentity <> '' as identity
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attgenerated = ''
      and c.relname = any(${[...names]})
    order by c.relname collate "C", a.attnum`;
  const references = await tx<{ from: string; to: string }[]>`
    select distinct c.relname as from, f.relname as to
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
    where k.contype = 'f' and k.connamespace = 'public'::regnamespace and c.oid <> f.oid`;
  const tables = new Map<string, TableShape>();
  for (const { table, name, identity } of columns) {
    if (TRANSIENT.has(table) || NOT_ARCHIVED.has(name)) continue;
    const shape = tables.get(table) ?? { name: table, columns: [], identities: [] };
    shape.columns.push(name);
    if (identity) shape.identities.push(name);
    tables.set(table, shape);
  }
  return inOrder(tables, references);
}

function inOrder(tables: Map<string, TableShape>, references: { from: string; to: string }[]): TableShape[] {
  const done = new Set<TableShape>();
  const visit = (name: string, path: readonly string[]): void => {
    const shape = tables.get(name);
    if (shape === undefined || done.has(shape)) return;
    if (path.includes(name))
      throw new Error(`tables refer to each other in a circle: ${[...path, name].join(" -> ")}`);
    for (const { from, to } of references) if (from === name) visit(to, [...path, name]);
    done.add(shape);
  };
  for (const name of tables.keys()) visit(name, []);
  return [...done];
}
