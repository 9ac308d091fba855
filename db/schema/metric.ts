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
} from "drizzle-orm/pg-core";
import { at, bytea, changedXid, createdAt, jsonText } from "./columns";
import { projects } from "./project";
import { runs } from "./run";

/**
 * Names are free text and repeat in every row, so rows hold a number. They refer to it without a foreign key: deleting
 * a project's names would look through all values for each.
 */
export const metrics = pgTable(
  "metrics",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    name: text("name").notNull(),
    createdAt: createdAt(),
  },
  (table) => [unique("metrics_project_name_key").on(table.projectId, table.name)],
);

/** A batch as it arrived: all its series packed in one row. Background merging turns tails into axes and values. */
export const metricTails = pgTable(
  "metric_tails",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    batch: integer("batch").notNull(),
    firstStep: bigint("first_step", { mode: "number" }).notNull(),
    lastStep: bigint("last_step", { mode: "number" }).notNull(),
    /** Steps in the block. */
    count: integer("count").notNull(),
    block: bytea("block").notNull(),
    changedXid: changedXid(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.batch] })],
);

/** The steps and times that the values of one merged chunk share. */
export const metricAxes = pgTable(
  "metric_axes",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    chunk: integer("chunk").notNull(),
    firstStep: bigint("first_step", { mode: "number" }).notNull(),
    lastStep: bigint("last_step", { mode: "number" }).notNull(),
    /** Milliseconds since 1970. */
    firstTime: bigint("first_time", { mode: "number" }).notNull(),
    lastTime: bigint("last_time", { mode: "number" }).notNull(),
    count: integer("count").notNull(),
    block: bytea("block").notNull(),
    /** The newest change among the tails it was made of, so that a slow subscriber still finds them. */
    changedXid: changedXid(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.chunk] })],
);

/**
 * One metric of one merged chunk. count, first, last, min, max and mean are over the finite values, so that a chart
 * zoomed out is drawn without the block. A chunk of 2,048 steps spends 0.05 bytes a point on them.
 */
export const metricValues = pgTable(
  "metric_values",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    metricId: integer("metric_id").notNull(),
    chunk: integer("chunk").notNull(),
    count: integer("count").notNull(),
    nonFinite: integer("non_finite").notNull().default(0),
    /** Values that are no numbers. */
    others: integer("others").notNull().default(0),
    first: doublePrecision("first"),
    firstStep: bigint("first_step", { mode: "number" }),
    last: doublePrecision("last"),
    lastStep: bigint("last_step", { mode: "number" }),
    min: doublePrecision("min"),
    max: doublePrecision("max"),
    mean: doublePrecision("mean"),
    block: bytea("block").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.metricId, table.chunk] })],
);

/**
 * Per metric, updated in the transaction of the append: the history that a run shows while this attempt is its
 * current one, so an attempt that resumed starts from what it inherits. Non-finite values are counted apart.
 */
export const metricSummaries = pgTable(
  "metric_summaries",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    metricId: integer("metric_id").notNull(),
    /** Finite values so far: what early stopping calls an iteration. */
    count: bigint("count", { mode: "number" }).notNull(),
    nonFinite: bigint("non_finite", { mode: "number" }).notNull().default(0),
    first: doublePrecision("first"),
    firstStep: bigint("first_step", { mode: "number" }),
    last: doublePrecision("last"),
    lastStep: bigint("last_step", { mode: "number" }),
    min: doublePrecision("min"),
    minStep: bigint("min_step", { mode: "number" }),
    max: doublePrecision("max"),
    maxStep: bigint("max_step", { mode: "number" }),
    sum: doublePrecision("sum"),
    /** The last value that is no number (string, boolean, JSON), as JSON text. */
    lastOther: text("last_other"),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.metricId] })],
);

/**
 * Written when a run's count of finite values crosses a band; early stopping reads rungs only, never histories. What a run is compared
 * with is found by place in an index, without a look at `runs`: `counts` and `stopped` say here what would have to be looked up there.
 */
export const rungs = pgTable(
  "rungs",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    band: integer("band").notNull(),
    sweepId: text("sweep_id").notNull(),
    value: doublePrecision("value").notNull(),
    best: doublePrecision("best").notNull(),
    step: bigint("step", { mode: "number" }).notNull(),
    /** Of the values at the attempt's rungs up to here, where the rule compares means (`wilcoxon`); null for not known yet. */
    mean: doublePrecision("mean"),
    at: at("at").notNull().defaultNow(),
    /** No longer once its run has another attempt or is deleted: a trigger on `runs` (runs_rungs) sees to it, whoever did it. */
    counts: boolean("counts").notNull().default(true),
    /** The last rung of a run that was asked to stop early: those that were stopped before a band are counted by it. */
    stopped: boolean("stopped").notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.band, table.runId, table.attempt] }),
    // The rungs of an attempt, the last one first of all; and the deletion of runs.
    index("rungs_attempt_idx").on(table.runId, table.attempt, table.band),
    // The run is in both, so that a run's own rung is left out without a look at the table.
    index("rungs_value_idx").on(table.sweepId, table.band, table.value, table.runId).where(sql`counts`),
    index("rungs_best_idx").on(table.sweepId, table.band, table.best, table.runId).where(sql`counts`),
    index("rungs_mean_idx")
      .on(table.sweepId, table.band, table.mean, table.runId)
      .where(sql`counts and mean is not null`),
    index("rungs_stopped_idx").on(table.sweepId, table.band).where(sql`counts and stopped`),
  ],
);

/**
 * What an attempt's machine was doing, a row a moment: apart from what the training program logs. A long attempt keeps some thousand
 * rows: when there are more, neighbours become one, with their mean and the highest of each value.
 */
export const systemSamples = pgTable(
  "system_samples",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    attempt: integer("attempt").notNull(),
    /** Milliseconds since 1970, by the machine's clock. */
    time: bigint("time", { mode: "number" }).notNull(),
    /** Numbers by name. */
    values: jsonText("values").notNull(),
    /** The highest of each, where the row stands for several. */
    peaks: jsonText("peaks"),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.time] })],
);
