import { boolean, doublePrecision, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { SWEEP_STATES } from "@/core/sweep";
import { at, bigInteger, changedXid, createdAt, jsonText } from "./columns";
import { projects } from "./project";
import { users } from "./user";

export const sweeps = pgTable(
  "sweeps",
  {
    /** 8 characters of a-z0-9, what people type. */
    id: text("id").primaryKey(),
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    /** Display name; the id when the file has none. */
    name: text("name").notNull(),
    state: text("state", { enum: SWEEP_STATES }).notNull().default("pending"),
    /** Why it ended: exhausted, run_cap, target, stopped, canceled. */
    stateReason: text("state_reason"),
    /** The configuration in force; rises with each edit. */
    generation: integer("generation").notNull().default(1),
    method: text("method").notNull(),
    metricName: text("metric_name"),
    metricGoal: text("metric_goal", { enum: ["minimize", "maximize"] })
      .notNull()
      .default("minimize"),
    metricTarget: doublePrecision("metric_target"),
    runCap: integer("run_cap"),
    /** Decimal text of the seed that grid order and random draws start from. */
    seed: text("seed").notNull(),
    /** Points of the space times repeats; null when there is no end. */
    size: bigInteger("size"),
    /** Index of the next point to hand out, within the generation. */
    cursor: bigInteger("cursor").notNull().default("0"),
    /** Nothing new is left to hand out (cursor at the end, or run_cap reached). Requeued runs may remain. */
    exhausted: boolean("exhausted").notNull().default(false),
    /** Runs created by hand-out and not deleted; what run_cap is compared with. Written under the row lock of a claim. */
    runCount: integer("run_count").notNull().default(0),
    createdBy: integer("created_by").references(() => users.id),
    createdAt: createdAt(),
    startedAt: at("started_at"),
    finishedAt: at("finished_at"),
    changedXid: changedXid(),
  },
  (table) => [index("sweeps_project_idx").on(table.projectId, table.createdAt)],
);

/** Every text a sweep was ever described by; runs keep the generation they came from. */
export const sweepGenerations = pgTable(
  "sweep_generations",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    generation: integer("generation").notNull(),
    /** The file as its author wrote it, comments included. */
    source: text("source").notNull(),
    /** What the parser understood (`stringifyJson` of the typed sweep). */
    config: jsonText("config").notNull(),
    createdBy: integer("created_by").references(() => users.id),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.generation] })],
);

/** Proposals computed ahead of the claim that takes them (design section 6). */
export const suggestions = pgTable(
  "suggestions",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    number: integer("number").notNull(),
    generation: integer("generation").notNull(),
    params: jsonText("params").notNull(),
    /** How many results the model had seen. */
    observed: integer("observed").notNull(),
    /** The runs in flight it was made against, in order. */
    pending: jsonText("pending").notNull(),
    engineVersion: text("engine_version").notNull(),
    mean: doublePrecision("mean"),
    sd: doublePrecision("sd"),
    acquisition: doublePrecision("acquisition"),
    state: text("state", { enum: ["ready", "taken", "stale"] })
      .notNull()
      .default("ready"),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.number] })],
);
