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
} from "drizzle-orm/pg-core";
import { SWEEP_STATES } from "@/core/sweep";
import { at, bigInteger, bytea, changedXid, createdAt, jsonText } from "./columns";
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
    /** Why it ended: exhausted, run_cap, target, hours_over, no_improvement, expected_improvement, stopped, canceled. */
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
    /** Of wall-clock time since `startedAt`, after which the sweep ends. */
    budgetHours: doublePrecision("budget_hours"),
    /** So many finished runs in a row without a new best one end it. */
    noImprovement: integer("no_improvement"),
    /** So little that the model's proposals are expected to gain ends it, in the metric's unit. */
    leastImprovement: doublePrecision("least_improvement"),
    /** Name and goal of each metric, the first included, where there are several; null for one or none. */
    metrics: jsonText("metrics"),
    /** Metric, goal and value (as text) of each target that one run reaches together with the others; null where `metricTarget` is all. */
    targets: jsonText("targets"),
    /** Its file has constraints on metrics: only runs that are `feasible` can be the best, reach a target or enter a front. */
    constrained: boolean("constrained").notNull().default(false),
    /** Runs of it ended before `feasible` was kept: the background asks for each of them once. */
    unjudged: boolean("unjudged").notNull().default(false),
    /** Decimal text of the seed that grid order and random draws start from. */
    seed: text("seed").notNull(),
    /** Points of the space times repeats; null when there is no end. */
    size: bigInteger("size"),
    /** Index of the next point to hand out, within the generation. */
    cursor: bigInteger("cursor").notNull().default("0"),
    /** Nothing new is left to hand out (cursor at the end, or run_cap reached). Requeued runs may remain. */
    exhausted: boolean("exhausted").notNull().default(false),
    /**
     * Nothing is chosen here: a controller or a scheduler on somebody's machine puts runs into the queue, and agents get those alone
     * (engine/enqueue-run.ts).
     */
    outside: boolean("outside").notNull().default(false),
    /** Runs of before that it was told of (`prior_runs`): their points are known. */
    priors: integer("priors").notNull().default(0),
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

/**
 * The search behind a sweep whose method learns from results, one row a sweep, made with its first claim. Whoever holds it
 * (one server at a time, by a lease) tells the log what happened, and has proposals computed.
 */
export const searches = pgTable("searches", {
  sweepId: text("sweep_id")
    .primaryKey()
    .references(() => sweeps.id),
  generation: integer("generation").notNull(),
  /** Events in the log: the position of the next one. */
  logLength: integer("log_length").notNull().default(0),
  /** Outcomes among them: what a proposal's age is counted in. */
  results: integer("results").notNull().default(0),
  /** Runs that the method did not propose (fallbacks, prior runs): they have numbers below zero. */
  foreigners: integer("foreigners").notNull().default(0),
  /** The method had no more to propose when it was asked last. */
  spent: boolean("spent").notNull().default(false),
  /** What is at work: `bayes`, also where the file says `auto`, and why. */
  picked: text("picked"),
  pickedWhy: text("picked_why"),
  /** Which run its model holds for the best (`Winner` of compute/search/bayes-winner.ts), and of how many results. */
  winner: jsonText("winner"),
  winnerResults: integer("winner_results").notNull().default(0),
  /** The server that computes at this moment. */
  holder: text("holder"),
  holderUntil: at("holder_until"),
});

/**
 * What a search was told, in order; nothing is ever changed. Proposals are a pure function of the configuration, the seed
 * and the events before them, so this and `suggestions` are all that a replay needs.
 */
export const searchEvents = pgTable(
  "search_events",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    position: integer("position").notNull(),
    kind: text("kind", {
      enum: ["proposed", "withdrawn", "intermediate", "observed", "failed", "lost", "pruned", "prior"],
    }).notNull(),
    /** Of a suggestion. */
    number: integer("number").notNull(),
    /** What the kind brings beside its number (compute/search/method.ts); non-finite numbers are texts. */
    details: jsonText("details"),
    at: at("at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.position] })],
);

/** The finished runs of a sweep with several metrics that no other beats in all of them. Grown by each server from what it finds here. */
export const fronts = pgTable("fronts", {
  sweepId: text("sweep_id")
    .primaryKey()
    .references(() => sweeps.id),
  /** How many finished runs it was made of, and the sum of their ids: when either differs, it is made anew. */
  runs: integer("runs").notNull().default(0),
  idSum: bigInteger("id_sum").notNull().default("0"),
  /** The last of them, by the time of its end. */
  lastAt: at("last_at"),
  lastId: bigint("last_id", { mode: "number" }),
  /** Of them, those that ended after the last one that came into the front. */
  barren: integer("barren").notNull().default(0),
  /** The runs of the front in the order of their ends (`Member` of compute/analysis/front.ts). */
  members: jsonText("members").notNull().default("[]"),
  /** The worst value that any of them had of each metric; the hypervolume is measured from there. */
  reference: jsonText("reference"),
  hypervolume: doublePrecision("hypervolume"),
});

/**
 * Answers to what matters in a sweep (docs/importance.md), so that no server computes what another one has. A copy of what can be
 * computed again at any time: it is not archived, and some answers of each sweep are kept.
 */
export const importanceAnswers = pgTable(
  "importance_answers",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    /** SHA-256 of what was asked. */
    question: bytea("question").notNull(),
    /** Of the results that it was computed from (`ResultsState.version`); null before the first answer. */
    version: text("version"),
    /** SHA-256 of these results: a tag more changes their version, but not the answer. */
    digest: bytea("digest"),
    /** Of the program that computed it. */
    engine: integer("engine"),
    /** JSON of the answer, or of why there is none. */
    answer: text("answer"),
    computedAt: at("computed_at"),
    /** The computation under way. One whose server has died is over when its time is. */
    holder: text("holder"),
    holderUntil: at("holder_until"),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.question] })],
);

/**
 * Runs that a sweep was told of when it was created: results that it did not ask for. What they came to is kept as it was then,
 * so that a search derived again is the same, whatever became of the runs.
 */
export const priorRuns = pgTable(
  "prior_runs",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    /** -1, -2, ...: as a search counts them. */
    number: integer("number").notNull(),
    /** No foreign key: a run may be deleted for good before the sweep. */
    runId: bigint("run_id", { mode: "number" }).notNull(),
    /** No other run of the sweep gets this repeat of this point. */
    pointHash: bytea("point_hash").notNull(),
    repeat: integer("repeat").notNull(),
    /** What a search's log says of it (compute/search/logged-event.ts): parameters, objectives, metrics of constraints. */
    details: jsonText("details").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.number] }),
    index("prior_runs_point_idx").on(table.sweepId, table.pointHash),
  ],
);

/** Proposals, computed ahead of the claim that takes them (design section 6), and what else the search counts as one. */
export const suggestions = pgTable(
  "suggestions",
  {
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    /** From 0 for the method's own; below zero for fallbacks and prior runs. */
    number: integer("number").notNull(),
    generation: integer("generation").notNull(),
    params: jsonText("params").notNull(),
    pointHash: bytea("point_hash").notNull(),
    repeat: integer("repeat").notNull().default(0),
    /** Why this point: design, model, enumerated, replicate, fallback ... */
    reason: text("reason").notNull(),
    /** How many results the search had seen, and the length of its log: all that this was made from. */
    observed: integer("observed").notNull(),
    seen: integer("seen").notNull(),
    engineVersion: text("engine_version").notNull(),
    mean: doublePrecision("mean"),
    sd: doublePrecision("sd"),
    acquisition: doublePrecision("acquisition"),
    acquisitionName: text("acquisition_name"),
    /** What it was expected to gain on the best place known, in the metric's unit. */
    improvement: doublePrecision("improvement"),
    /** What the next fit starts from. */
    memory: jsonText("memory"),
    computeMs: doublePrecision("compute_ms"),
    state: text("state", { enum: ["ready", "taken", "withdrawn"] })
      .notNull()
      .default("ready"),
    runId: bigint("run_id", { mode: "number" }),
    /** What the log has of it: nothing (a fallback, just taken), that it is pending, that it was lost and may come back, or how it ended. */
    told: text("told", { enum: ["nothing", "proposed", "lost", "ended"] })
      .notNull()
      .default("proposed"),
    createdAt: createdAt(),
    takenAt: at("taken_at"),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.number] }),
    // What is ready, and what is under way: a few rows of each sweep.
    index("suggestions_open_idx").on(table.sweepId, table.state).where(sql`told <> 'ended'`),
    index("suggestions_run_idx").on(table.runId).where(sql`run_id is not null`),
  ],
);
