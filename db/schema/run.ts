import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { ATTEMPT_STATES, RUN_STATES } from "@/core/run";
import { at, bigInteger, bytea, changedXid, createdAt, jsonText } from "./columns";
import { projects } from "./project";
import { apiKeys } from "./sign-in";
import { sweeps } from "./sweep";
import { users } from "./user";

export const runs = pgTable(
  "runs",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    sweepId: text("sweep_id").references(() => sweeps.id),
    /** Unique in its project; 8 characters unless the client chose it. */
    name: text("name").notNull(),
    displayName: text("display_name").notNull(),
    state: text("state", { enum: RUN_STATES }).notNull(),
    stateReason: text("state_reason"),
    /** One sentence for people: why it ended as it did. */
    stateDetail: text("state_detail"),
    generation: integer("generation"),
    /** Which point of the sweep, and which repetition of it. */
    pointIndex: bigInteger("point_index"),
    pointHash: bytea("point_hash"),
    repeat: integer("repeat").notNull().default(0),
    /** Which of the sweep's suggestions it is, where a search proposed the points; there is no point index then. */
    suggestion: integer("suggestion"),
    params: jsonText("params").notNull(),
    /** The current attempt; 0 before the first. State belongs to it alone. */
    attempt: integer("attempt").notNull().default(0),
    /** Attempts lost to a crash (or, with retry_failed, failed); compared with the sweep's retries. */
    crashes: integer("crashes").notNull().default(0),
    preemptions: integer("preemptions").notNull().default(0),
    /** It failed on a machine that was quarantined for it, and went back into the queue on that ground: once is all. */
    returned: boolean("returned").notNull().default(false),
    /** When it went (back) into the queue; requeued runs go out before anything new, oldest first. */
    queuedAt: at("queued_at"),
    /** Someone wants it to stop; the holder learns it with its next heartbeat. */
    stopRequested: text("stop_requested", { enum: ["stop", "cancel", "early"] }),
    /** The verdict of the sweep's early stopping that asked for it (core/stopping.ts). */
    earlyStop: jsonText("early_stop"),
    exitCode: integer("exit_code"),
    /** The best finite value of the sweep's metric in the current history, by its goal, and the step it was seen at. */
    objective: doublePrecision("objective"),
    objectiveStep: bigint("objective_step", { mode: "number" }),
    /**
     * Whether the current attempt ended with values that keep to the sweep's constraints on metrics. Null while nobody can say: before
     * its end, and in a sweep without such constraints (`sweeps.constrained`), where all is allowed.
     */
    feasible: boolean("feasible"),
    createdBy: integer("created_by").references(() => users.id),
    createdAt: createdAt(),
    startedAt: at("started_at"),
    finishedAt: at("finished_at"),
    deletedAt: at("deleted_at"),
    /** When retention took away what it printed, and what it logged (its summary stays). */
    outputDroppedAt: at("output_dropped_at"),
    historyDroppedAt: at("history_dropped_at"),
    changedXid: changedXid(),
  },
  (table) => [
    unique("runs_project_name_key").on(table.projectId, table.name),
    // The truth behind "every point exactly once": prior runs, edits and deletions can neither repeat nor lose one.
    uniqueIndex("runs_point_key")
      .on(table.sweepId, table.pointHash, table.repeat)
      .where(sql`deleted_at is null and point_hash is not null`),
    index("runs_queue_idx")
      .on(table.sweepId, table.queuedAt)
      .where(sql`state = 'pending' and deleted_at is null`),
    // Who may still be stopped early, which hyperband asks with each value.
    index("runs_open_idx")
      .on(table.sweepId)
      .where(sql`state = 'running' and stop_requested is null and deleted_at is null`),
    index("runs_project_idx").on(table.projectId, table.id).where(sql`deleted_at is null`),
    // Changes of runs outside sweeps; those in a sweep are found by the sweep, and pay for no second index.
    index("runs_loose_changed_idx").on(table.projectId, table.changedXid).where(sql`sweep_id is null`),
    index("runs_sweep_idx").on(table.sweepId, table.id),
    index("runs_sweep_changed_idx").on(table.sweepId, table.changedXid),
    // The best run of a sweep, and whether its target is reached: without it a finish looked at every run (50 ms of 100,000).
    index("runs_sweep_objective_idx")
      .on(table.sweepId, table.objective)
      .where(sql`objective is not null and deleted_at is null`),
    // The same where constraints on metrics decide who may be the best. A sweep without them has no entry here.
    index("runs_sweep_feasible_idx")
      .on(table.sweepId, table.objective)
      .where(sql`feasible and objective is not null and deleted_at is null`),
  ],
);

/** One try at a run, by one holder. History, output and summary belong to the attempt that made them. */
export const attempts = pgTable(
  "attempts",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    number: integer("number").notNull(),
    /** Copied from the run, so that changes of a sweep are found by one index. */
    sweepId: text("sweep_id"),
    /**
     * Of `agents`. No foreign key: deleting a project's agents would look through all attempts for each, and what
     * hands out a run knows its agent.
     */
    agentId: integer("agent_id"),
    state: text("state", { enum: ATTEMPT_STATES }).notNull().default("running"),
    /** SHA-256 of the run-scoped key: the fencing token. */
    keyHash: bytea("key_hash").unique(),
    /** The API key that it was derived from: it ends with it. */
    keyId: integer("key_id").references(() => apiKeys.id),
    /** By the database's clock; null for a writer without an agent, which has `last_contact_at` and the silence rule. */
    leaseExpiresAt: at("lease_expires_at"),
    lastContactAt: at("last_contact_at").notNull().defaultNow(),
    startedAt: at("started_at").notNull().defaultNow(),
    endedAt: at("ended_at"),
    exitCode: integer("exit_code"),
    reason: text("reason"),
    /** The step it continues from, when it says so: the run's history is then the earlier one up to here, then this. */
    resumedFromStep: bigint("resumed_from_step", { mode: "number" }),
    /** Number of the last metric batch and output batch taken; a repeated one is acknowledged and ignored. */
    lastBatch: integer("last_batch").notNull().default(0),
    lastOutputBatch: integer("last_output_batch").notNull().default(0),
    lastStep: bigint("last_step", { mode: "number" }),
    /** Lines of history and of output taken from a client that numbers lines instead of batches; with those of earlier attempts that it goes on from. */
    historyLines: bigint("history_lines", { mode: "number" }).notNull().default(0),
    outputLines: bigint("output_lines", { mode: "number" }).notNull().default(0),
    /**
     * Set by its first late metrics: the last step it logged while it was the run's current attempt (-1: none).
     * Steps beyond it are kept and shown under this attempt and never enter the run's joined history.
     */
    overtakenAtStep: bigint("overtaken_at_step", { mode: "number" }),
    /** Tail rows not yet merged into chunks. */
    tails: integer("tails").notNull().default(0),
    /** Steps in them. */
    tailSteps: integer("tail_steps").notNull().default(0),
    /** Bytes of output kept; beyond the cap it is cut. */
    outputBytes: bigint("output_bytes", { mode: "number" }).notNull().default(0),
    host: text("host"),
    pid: integer("pid"),
    command: jsonText("command"),
    /** Which of its agent's slots it has, from 0, and what CUDA_VISIBLE_DEVICES says there. */
    slot: integer("slot"),
    device: text("device"),
    changedXid: changedXid(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.number] }),
    index("attempts_live_idx").on(table.agentId).where(sql`ended_at is null`),
    index("attempts_sweep_changed_idx").on(table.sweepId, table.changedXid),
    // What the background merge looks through: only attempts that log now or have just ended.
    index("attempts_tails_idx").on(table.runId).where(sql`tails > 0`),
  ],
);

export const runTags = pgTable(
  "run_tags",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    tag: text("tag").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.tag] }), index("run_tags_tag_idx").on(table.tag)],
);

export const runNotes = pgTable("run_notes", {
  runId: bigint("run_id", { mode: "number" })
    .primaryKey()
    .references(() => runs.id),
  text: text("text").notNull(),
  userId: integer("user_id").references(() => users.id),
  updatedAt: at("updated_at").notNull().defaultNow(),
});

/** What the training program printed: numbered batches of one attempt, each cut into pieces where the stream changes. */
export const outputChunks = pgTable(
  "output_chunks",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    batch: integer("batch").notNull(),
    piece: integer("piece").notNull(),
    stream: text("stream", { enum: ["stdout", "stderr"] }).notNull(),
    at: at("at").notNull(),
    text: text("text").notNull(),
    changedXid: changedXid(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.batch, table.piece] })],
);

/** What an attempt was: its program, machine, packages and repository, as whoever started it found them. Some 20 kB, read on a run's page alone. */
export const attemptFacts = pgTable(
  "attempt_facts",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    facts: jsonText("facts").notNull(),
    /** What the working tree had beside its commit. */
    diff: text("diff"),
    describedAt: at("described_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt] })],
);

/** What whoever looks at a run should know and its program does not say. A warning given twice is one row. */
export const runWarnings = pgTable(
  "run_warnings",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    code: text("code").notNull(),
    message: text("message").notNull(),
    at: at("at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.code, table.message] })],
);
