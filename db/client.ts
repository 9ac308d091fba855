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
    // Seconds. The driver's own schedule grows to 20 s, a whole lease, when an outage lasts.
    backoff: (tries) => Math.min(0.05 * 2 ** tries, 1),
    onnotice: () => {},
    // A transaction pooler hands each transaction to another backend: no prepared statements, no session settings.
    prepare: !pooled,
    connection: pooled
      ? {}
      : {
          application_name: options.applicationName ?? "besom",
          ...SETTINGS,
        },
    types: { int8: { to: 20, from: [20], parse: Number, serialize: String } },
  });
  return {
    sql,
    orm: openOrm(sql),
    directUrl: options.directUrl ?? url,
    settings: pooled ? SETTINGS : undefined,
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
