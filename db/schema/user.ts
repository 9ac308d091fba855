import { sql } from "drizzle-orm";
import { boolean, integer, pgTable, primaryKey, text, unique, uniqueIndex } from "drizzle-orm/pg-core";
import { at, createdAt } from "./columns";

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

export const users = pgTable(
  "users",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    entityId: integer("entity_id")
      .notNull()
      .unique()
      .references(() => entities.id),
    /** Lower case. */
    email: text("email").unique(),
    /** Somebody else than the user says that it is theirs: the OpenID provider, or an administrator's invitation. */
    emailVerifiedAt: at("email_verified_at"),
    displayName: text("display_name"),
    /** scrypt, self-describing; null until a password is set. */
    passwordHash: text("password_hash"),
    passwordChangedAt: at("password_changed_at"),
    /** Who this is at the OpenID provider; null for accounts that never signed in through it. */
    oidcIssuer: text("oidc_issuer"),
    oidcSubject: text("oidc_subject"),
    admin: boolean("admin").notNull().default(false),
    createdAt: createdAt(),
    disabledAt: at("disabled_at"),
  },
  (table) => [unique("users_oidc_key").on(table.oidcIssuer, table.oidcSubject)],
);

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
