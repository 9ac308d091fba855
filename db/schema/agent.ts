import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { at, changedXid, createdAt, jsonText } from "./columns";
import { sweeps } from "./sweep";
import { users } from "./user";

export const agents = pgTable(
  "agents",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id),
    host: text("host").notNull(),
    pid: integer("pid"),
    slots: integer("slots").notNull().default(1),
    version: text("version"),
    /** Where it was started, and a word for each device it may hand out, as it says. */
    cwd: text("cwd"),
    gpus: jsonText("gpus").notNull().default("[]"),
    /** alive until a heartbeat deadline passes (lost) or it says goodbye (exited). */
    state: text("state", { enum: ["alive", "lost", "exited"] })
      .notNull()
      .default("alive"),
    /** What a person wants of it: to take nothing more, or to hand back what it holds and leave. It hears it with its heartbeat. */
    wish: text("wish", { enum: ["drain", "stop"] }),
    createdAt: createdAt(),
    lastHeartbeatAt: at("last_heartbeat_at").notNull().defaultNow(),
    changedXid: changedXid(),
  },
  (table) => [index("agents_sweep_idx").on(table.sweepId)],
);

/**
 * Machines of a sweep on which runs have failed at once, one after another. A row is made by the first such failure: where all
 * goes well there is none. Runs go back into the queue when the machine is quarantined, each once (`runs.returned`).
 */
export const machines = pgTable(
  "machines",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    /** As its agents call it. */
    host: text("host").notNull(),
    failuresInARow: integer("failures_in_a_row").notNull().default(0),
    /** Of those failures that have not been returned yet. No foreign key: runs go before their sweep. */
    failedRuns: bigint("failed_runs", { mode: "number" }).array().notNull().default([]),
    /** From then on its agents get no runs of this sweep, until somebody lifts it. */
    quarantinedAt: at("quarantined_at"),
    reason: text("reason"),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.host] })],
);
