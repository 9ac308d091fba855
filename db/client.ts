import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type postgresTypes from "postgres";
import { IDLE_TRANSACTION_MS } from "@/core/time";
import { postgres } from "./driver";
import * as schema from "./schema";

/** Plain SQL: `sql\`select ...\``. int8 arrives as number (all of ours are below 2^53), numeric and xid8 as text. */
export type Sql = postgresTypes.Sql<{ int8: number }>;
/** Inside a transaction; a query that takes `Sql | Tx` does not notice. */
export type Tx = postgresTypes.TransactionSql<{ int8: number }>;

export interface Database {
  readonly sql: Sql;
  /**
   * A pool of its own for what callers ask: reads that take long keep no claim waiting, and can be cancelled, since no
   * other statement stands behind them on their connection (db/scope.ts). The database refuses to write for it.
   */
  readonly readers: Sql;
  /** What this stands for when it is the database of one operation: memories and lanes are the whole database's. */
  readonly root?: Database;
  /** Of the database of one operation: fires when that has ended, with the reason (db/scope.ts). */
  readonly ended?: AbortSignal;
  /** Drizzle on the same pool, for ordinary queries. */
  readonly orm: PostgresJsDatabase<typeof schema>;
  /** The connection string that LISTEN and session locks need: never a transaction pooler. */
  readonly directUrl: string;
  /** What each transaction has to set for itself; undefined when the session has it. */
  readonly settings: Settings | undefined;
  close(): Promise<void>;
}

export type Settings = typeof SETTINGS;

const SETTINGS = {
  // A server frozen in mid-transaction must not keep a sweep's row locked for the others.
  idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
  // A statement prepared while its tables are small keeps the plan made then (a sequential scan) until the
  // next analyze, a minute or more: claims and finishes got slower with each run, 70 us at first, 200 us at
  // the 10,000th. Every hot statement has its index. The planner prices a forbidden scan at 1e10, which
  // would make it compile (jit) the few statements that can't do without one, for 2 s each.
  enable_seqscan: "off",
  jit: "off",
} as const;

/** Of the driver, not in its published types: a cancel then meets the statement that it was meant for. */
const ONE_AT_A_TIME = { max_pipeline: 0 };

export interface OpenOptions {
  /** Set when `url` is a transaction pooler. */
  directUrl?: string;
  /** Connections in the pool. */
  max?: number;
  /** Connections for reads, opened when they are needed. */
  maxReaders?: number;
  /** When PostgreSQL ends a statement by itself; never, for programs that copy whole tables. */
  statementTimeoutMs?: number;
  applicationName?: string;
}

/** Opens a pool; the first query connects. */
export function openDatabase(url: string, options: OpenOptions = {}): Database {
  const pooled = options.directUrl !== undefined && options.directUrl !== url;
  const { statementTimeoutMs: timeoutMs } = options;
  const name = options.applicationName ?? "besom";
  const pool = {
    connect_timeout: 10,
    // Seconds. The driver's own schedule grows to 20 s, a whole lease, when an outage lasts.
    backoff: (tries: number) => Math.min(0.05 * 2 ** tries, 1),
    onnotice: () => {},
    // A transaction pooler hands each transaction to another backend: no prepared statements, no session settings.
    prepare: !pooled,
    types: { int8: { to: 20, from: [20], parse: Number, serialize: String } },
  };
  const session = { ...SETTINGS, ...(timeoutMs !== undefined && { statement_timeout: timeoutMs }) };
  const sql: Sql = postgres(url, {
    ...pool,
    max: options.max ?? 12,
    connection: pooled ? {} : { application_name: name, ...session },
  });
  const readers: Sql = postgres(url, {
    ...pool,
    max: options.maxReaders ?? 6,
    ...ONE_AT_A_TIME,
    connection: pooled
      ? {}
      : { application_name: `${name} reads`, ...session, default_transaction_read_only: true },
  });
  return {
    sql,
    readers,
    orm: openOrm(sql),
    directUrl: options.directUrl ?? url,
    settings: pooled ? SETTINGS : undefined,
    close: async () => {
      await Promise.all([sql.end({ timeout: 5 }), readers.end({ timeout: 5 })]);
    },
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
