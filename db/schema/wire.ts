import { bigint, boolean, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { agents } from "./agent";
import { at, bytea, createdAt, jsonText } from "./columns";
import { runs } from "./run";
import { apiKeys } from "./sign-in";
import { sweeps } from "./sweep";

/*
 * What the clients of another protocol (gateway/wandb) say of runs, agents and sweeps beside what ours say. Runs, attempts, metrics
 * and output are those of everybody; a run that no such client ever spoke of has no row here.
 */

/** What a run's client says of it, as it says it. */
export const runRecords = pgTable("run_records", {
  runId: bigint("run_id", { mode: "number" })
    .primaryKey()
    .references(() => runs.id),
  /** `{name: {value}}`, what the client keeps for itself (`_wandb`) included. */
  config: jsonText("config").notNull().default("{}"),
  /** The whole summary as it was sent last. */
  summary: jsonText("summary").notNull().default("{}"),
  group: text("group_name"),
  jobType: text("job_type"),
  program: text("program"),
  host: text("host"),
  commit: text("commit"),
  repo: text("repo"),
  /** Lines of system samples that came. */
  eventLines: bigint("event_lines", { mode: "number" }).notNull().default(0),
  updatedAt: at("updated_at").notNull().defaultNow(),
});

/** An attempt that was handed to an agent which knows no fencing token: the id on the wire is the token. */
export const wireAttempts = pgTable(
  "wire_attempts",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    agentId: integer("agent_id").notNull(),
    /** The run's name, with `-a2` behind it for a second attempt; after an announced preemption the name of the attempt before. */
    wireName: text("wire_name").notNull(),
    /** How often it was sent to its agent. */
    sent: integer("sent").notNull().default(1),
    /** Its agent has listed it, or its process has spoken. */
    seen: boolean("seen").notNull().default(false),
    /** When its agent first left it out of a beat, since it was listed or spoke last; null where it did not. */
    missedAt: at("missed_at"),
    /** When its agent was first heard of again after somebody wanted it stopped. */
    stopHeardAt: at("stop_heard_at"),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.attempt] }),
    index("wire_attempts_agent_idx").on(table.agentId),
    index("wire_attempts_name_idx").on(table.wireName),
  ],
);

/** An agent of another's making. */
export const wireAgents = pgTable("wire_agents", {
  agentId: integer("agent_id")
    .primaryKey()
    .references(() => agents.id),
  /** A command's agent asks 5 s after it registered, a function's at once. */
  kind: text("kind", { enum: ["command", "function"] }),
});

/** A sweep that came by the gateway. */
export const wireSweeps = pgTable(
  "wire_sweeps",
  {
    sweepId: text("sweep_id")
      .primaryKey()
      .references(() => sweeps.id),
    keyId: integer("key_id").references(() => apiKeys.id),
    /** Of what was asked: the same again within a minute is the same sweep. */
    inputHash: bytea("input_hash").notNull(),
    description: text("description"),
    /** What a controller on the user's machine wrote, and what the server did of it. */
    controller: jsonText("controller"),
    scheduler: jsonText("scheduler"),
    createdAt: createdAt(),
  },
  (table) => [index("wire_sweeps_input_idx").on(table.inputHash, table.createdAt)],
);
