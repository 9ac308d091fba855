import { sql } from "drizzle-orm";
import { integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { at, changedXid, createdAt } from "./columns";
import { entities, users } from "./user";

export const projects = pgTable(
  "projects",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    entityId: integer("entity_id")
      .notNull()
      .references(() => entities.id),
    name: text("name").notNull(),
    description: text("description"),
    /** Days after a run's end that its output and its metric history are kept; null means the server's setting. */
    keepOutputDays: integer("keep_output_days"),
    keepHistoryDays: integer("keep_history_days"),
    createdAt: createdAt(),
    /** From then on it is unknown to everybody and its name is free; what it held goes in the background, in slices. */
    deletedAt: at("deleted_at"),
    /** Nothing is left of it but this row, which keys and audit events refer to. */
    purgedAt: at("purged_at"),
    changedXid: changedXid(),
  },
  (table) => [
    uniqueIndex("projects_entity_name_key").on(table.entityId, table.name).where(sql`deleted_at is null`),
  ],
);

export const projectMembers = pgTable(
  "project_members",
  {
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id),
    role: text("role", { enum: ["viewer", "member", "admin"] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.userId] })],
);

/** What stands in a page's address behind `?`, under a name; everybody who sees the project may choose it. */
export const savedViews = pgTable(
  "saved_views",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    /** Whose page it is of; null for a page of the project. No foreign key: sweeps refer to projects. */
    sweepId: text("sweep_id"),
    /** Who saved it last. */
    userId: integer("user_id")
      .notNull()
      .references(() => users.id),
    name: text("name").notNull(),
    search: text("search").notNull().default(""),
    createdAt: createdAt(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("saved_views_name_key").on(table.projectId, sql`coalesce(sweep_id, '')`, table.name),
  ],
);
