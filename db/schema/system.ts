import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import { at, bytea, createdAt } from "./columns";

/** Answers to mutations that carried a `clientMutationId`, unique a caller, kept for 24 hours. */
export const idempotencyAnswers = pgTable(
  "idempotency_answers",
  {
    caller: text("caller").notNull(),
    mutationId: text("mutation_id").notNull(),
    verb: text("verb").notNull(),
    inputHash: bytea("input_hash").notNull(),
    answer: jsonb("answer").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.caller, table.mutationId] }),
    index("idempotency_answers_age_idx").on(table.createdAt),
  ],
);

/**
 * One row. Every live server beats it each second; a gap longer than OUTAGE_MS means that no server (or no
 * database) was there, and `up_since` starts anew. No lease is reaped until one full lease after `up_since`.
 */
export const liveness = pgTable(
  "liveness",
  {
    id: boolean("id").primaryKey().default(true),
    lastBeatAt: at("last_beat_at").notNull(),
    upSince: at("up_since").notNull(),
  },
  (table) => [check("liveness_single_row", sql`${table.id}`)],
);

/**
 * Housekeeping that goes through the whole database in slices: how far it came, and when it begins anew. One server
 * at a time holds the row, and any other goes on where it stopped.
 */
export const chores = pgTable("chores", {
  name: text("name").primaryKey(),
  /** The last id that was looked at in this round; 0 between rounds. */
  position: bigint("position", { mode: "number" }).notNull().default(0),
  dueAt: at("due_at").notNull().defaultNow(),
});

/** Everything that changes rights or destroys data. */
export const auditEvents = pgTable(
  "audit_events",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: at("at").notNull().defaultNow(),
    userId: integer("user_id"),
    caller: text("caller").notNull(),
    action: text("action").notNull(),
    target: text("target").notNull(),
    /** Where it happened, for those who may look there; both null for what concerns an account or the server. */
    entityId: integer("entity_id"),
    projectId: integer("project_id"),
    details: jsonb("details").notNull().default({}),
  },
  (table) => [
    index("audit_events_user_idx").on(table.userId, table.id),
    index("audit_events_entity_idx").on(table.entityId, table.id),
    index("audit_events_project_idx").on(table.projectId, table.id),
  ],
);
