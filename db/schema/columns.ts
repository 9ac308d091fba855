import { sql } from "drizzle-orm";
import { customType, timestamp } from "drizzle-orm/pg-core";

/** Raw bytes; the driver hands out Node Buffers. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

/** A 64-bit transaction id, as text in JavaScript. */
const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });

/** Arbitrary-size integer (a grid may have more points than 2^53), as text in JavaScript. */
export const bigInteger = customType<{ data: string }>({ dataType: () => "numeric(1000, 0)" });

/** JSON kept as text in JavaScript: parameters pass through `parseJson`, which tells 1.0 from 1. */
export const jsonText = customType<{ data: string }>({ dataType: () => "jsonb" });

export const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
export const createdAt = () => at("created_at").notNull().defaultNow();

/**
 * The change sequence. Each write stamps its row with its transaction id; a reader's cursor is the oldest
 * transaction still open when it read (`pg_snapshot_xmin`), so rows of transactions that commit late are
 * read again rather than missed. No counter row, hence no lock: writers of one sweep never wait for each other.
 */
export const changedXid = () => xid8("changed_xid").notNull().default(sql`pg_current_xact_id()`);
