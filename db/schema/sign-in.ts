import { boolean, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { at, bytea, createdAt } from "./columns";
import { projects } from "./project";
import { entities, users } from "./user";

/** Shown once, kept as SHA-256. Run-scoped keys live on their attempt (`attempts.key_hash`). */
export const apiKeys = pgTable("api_keys", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  userId: integer("user_id")
    .notNull()
    .references(() => users.id),
  name: text("name").notNull(),
  /** The most it may do: read; write (work for sweeps as a member may); full (whatever its user may). */
  scope: text("scope", { enum: ["read", "write", "full"] })
    .notNull()
    .default("full"),
  /** Set: it knows this project only. */
  projectId: integer("project_id").references(() => projects.id),
  /** The first 10 characters, for people to tell keys apart. */
  prefix: text("prefix").notNull(),
  hash: bytea("hash").notNull().unique(),
  createdAt: createdAt(),
  expiresAt: at("expires_at"),
  lastUsedAt: at("last_used_at"),
  revokedAt: at("revoked_at"),
});

/** Browser sessions; the cookie holds the token, the database its SHA-256. */
export const sessions = pgTable(
  "sessions",
  {
    tokenHash: bytea("token_hash").primaryKey(),
    /** What people end it by; the token is the browser's alone. */
    id: integer("id").notNull().unique().generatedAlwaysAsIdentity(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id),
    /** The browser as it named itself, and where it came from when it signed in. */
    userAgent: text("user_agent"),
    address: text("address"),
    createdAt: createdAt(),
    expiresAt: at("expires_at").notNull(),
    lastSeenAt: at("last_seen_at"),
  },
  (table) => [index("sessions_user_idx").on(table.userId)],
);

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

/** To an account on this server, and with it to a team or a project. The link holds the token, the database its SHA-256. */
export const invitations = pgTable("invitations", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  tokenHash: bytea("token_hash").notNull().unique(),
  /** The team that one joins; at most one of it and the project is set. */
  entityId: integer("entity_id").references(() => entities.id),
  projectId: integer("project_id").references(() => projects.id),
  /** In that team or project; null when there is neither. */
  role: text("role", { enum: ["viewer", "member", "admin"] }),
  /** The new account may do everything on this server. */
  admin: boolean("admin").notNull().default(false),
  /** For people: whom it was meant for. */
  email: text("email"),
  createdBy: integer("created_by")
    .notNull()
    .references(() => users.id),
  createdAt: createdAt(),
  expiresAt: at("expires_at").notNull(),
  usedAt: at("used_at"),
  usedBy: integer("used_by").references(() => users.id),
  revokedAt: at("revoked_at"),
});

/** `besom login`: a terminal waits while somebody who is signed in in a browser says yes. */
export const deviceLogins = pgTable("device_logins", {
  /** SHA-256 of the secret that the terminal holds. */
  codeHash: bytea("code_hash").primaryKey(),
  /** What the person compares: eight letters. */
  userCode: text("user_code").notNull().unique(),
  /** What the terminal calls itself (its host). */
  label: text("label").notNull(),
  address: text("address"),
  createdAt: createdAt(),
  expiresAt: at("expires_at").notNull(),
  approvedBy: integer("approved_by").references(() => users.id),
  approvedAt: at("approved_at"),
  deniedAt: at("denied_at"),
  /** Taken once: the key was handed out. */
  takenAt: at("taken_at"),
});

/** Brute force is slowed down by account and by address, on all servers of a database together. */
export const signInFailures = pgTable("sign_in_failures", {
  /** `name:anna`, `address:10.0.0.7` */
  bucket: text("bucket").primaryKey(),
  failures: integer("failures").notNull(),
  lastAt: at("last_at").notNull().defaultNow(),
  blockedUntil: at("blocked_until"),
});
