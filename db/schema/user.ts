import { sql } from "drizzle-orm";
import { boolean, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { at, bytea, createdAt } from "./columns";

/** The first segment of every path: a user or a team. */
export const entities = pgTable(
  "entities",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    /** As typed; unique without regard to case. */
    name: text("name").notNull(),
    kind: text("kind", { enum: ["user", "team"] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("entities_name_key").on(sql`lower(${table.name})`)],
);

export const users = pgTable("users", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  entityId: integer("entity_id")
    .notNull()
    .unique()
    .references(() => entities.id),
  email: text("email").unique(),
  displayName: text("display_name"),
  /** scrypt, self-describing; null until a password is set. */
  passwordHash: text("password_hash"),
  admin: boolean("admin").notNull().default(false),
  createdAt: createdAt(),
  disabledAt: at("disabled_at"),
});

export const teamMembers = pgTable(
  "team_members",
  {
    entityId: integer("entity_id")
      .notNull()
      .references(() => entities.id),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id),
    role: text("role", { enum: ["viewer", "member", "admin"] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.entityId, table.userId] })],
);

/** Shown once, kept as SHA-256. Run-scoped keys live on their attempt (`attempts.key_hash`). */
export const apiKeys = pgTable("api_keys", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  userId: integer("user_id")
    .notNull()
    .references(() => users.id),
  name: text("name").notNull(),
  /** The first 10 characters, for people to tell keys apart. */
  prefix: text("prefix").notNull(),
  hash: bytea("hash").notNull().unique(),
  createdAt: createdAt(),
  expiresAt: at("expires_at"),
  lastUsedAt: at("last_used_at"),
  revokedAt: at("revoked_at"),
});

/** Browser sessions; the cookie holds the token, the database its SHA-256. */
export const sessions = pgTable("sessions", {
  tokenHash: bytea("token_hash").primaryKey(),
  userId: integer("user_id")
    .notNull()
    .references(() => users.id),
  createdAt: createdAt(),
  expiresAt: at("expires_at").notNull(),
  lastSeenAt: at("last_seen_at"),
});

/** One-time links printed at start; using one makes a session. */
export const loginLinks = pgTable("login_links", {
  tokenHash: bytea("token_hash").primaryKey(),
  userId: integer("user_id")
    .notNull()
    .references(() => users.id),
  createdAt: createdAt(),
  expiresAt: at("expires_at").notNull(),
  usedAt: at("used_at"),
});
