import { index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { at, changedXid, createdAt } from "./columns";
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
    /** alive until a heartbeat deadline passes (lost) or it says goodbye (exited). */
    state: text("state", { enum: ["alive", "lost", "exited"] })
      .notNull()
      .default("alive"),
    createdAt: createdAt(),
    lastHeartbeatAt: at("last_heartbeat_at").notNull().defaultNow(),
    changedXid: changedXid(),
  },
  (table) => [index("agents_sweep_idx").on(table.sweepId)],
);
