import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { IDLE_TRANSACTION_MS } from "@/core/time";
import * as schema from "./schema";

/** Plain SQL: `sql\`select ...\``. int8 arrives as number (all of ours are below 2^53), numeric and xid8 as text. */
export type Sql = postgres.Sql<{ int8: number }>;
/** Inside a transaction; a query that takes `Sql | Tx` does not notice. */
export type Tx = postgres.TransactionSql<{ int8: number }>;

export interface Database {
  readonly sql: Sql;
  /** Drizzle on the same pool, for ordinary queries. */
  readonly orm: PostgresJsDatabase<typeof schema>;
  /** The connection string that LISTEN and session locks need: never a transaction pooler. */
  readonly directUrl: string;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Set when `url` is a transaction pooler. */
  directUrl?: string;
  /** Connections in the pool. */
  max?: number;
  applicationName?: string;
}

/** Opens a pool; the first query connects. */
export function openDatabase(url: string, options: OpenOptions = {}): Database {
  const pooled = options.directUrl !== undefined && options.directUrl !== url;
  const sql: Sql = postgres(url, {
    max: options.max ?? 12,
    connect_timeout: 10,
    onnotice: () => {},
    // A transaction pooler hands each transaction to another backend: no prepared statements, no session settings.
    prepare: !pooled,
    connection: pooled
      ? {}
      : {
          application_name: options.applicationName ?? "besom",
          // A server frozen in mid-transaction must not keep a sweep's row locked for the others.
          idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
        },
    types: { int8: { to: 20, from: [20], parse: Number, serialize: String } },
  });
  return {
    sql,
    orm: openOrm(sql),
    directUrl: options.directUrl ?? url,
    close: () => sql.end({ timeout: 5 }),
  };
}

/** Drizzle replaces the client's date parsers with its own; plain SQL keeps its Dates when they are put back. */
function openOrm(sql: Sql): PostgresJsDatabase<typeof schema> {
  const { parsers, serializers } = sql.options;
  const kept = { parsers: { ...parsers }, serializers: { ...serializers } };
  const orm = drizzle(sql, { schema });
  Object.assign(parsers, kept.parsers);
  Object.assign(serializers, kept.serializers);
  return orm;
}
