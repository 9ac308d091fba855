import { AppError } from "@/core/errors";
import { type Batch, dropBefore } from "@/core/history/batch";
import { packTail } from "@/core/history/codec";
import { toPoints } from "@/core/history/column";
import { joinSummaries, summarize } from "@/core/history/summary";
import type { Database, Tx } from "@/db/client";
import { addToSummaries, advanceAttempts, insertTails, lockAttempts } from "@/db/queries/append-history";
import { writeFeasible } from "@/db/queries/feasible";
import { inTransaction } from "@/db/transaction";
import {
  type Append,
  type Appended,
  isDeciding,
  isStale,
  type LineRange,
  openProgress,
  type Packed,
  type Progress,
} from "./append-progress";
import { findFeasible } from "./check-feasible";
import { followObjectives } from "./follow-objective";
import { followRungs, lookBefore } from "./follow-rungs";
import { judge } from "./judge";
import { stoppingOf } from "./metric-facts";
import { metricsAtStep, rebuildSummaries } from "./rebuild-summaries";

/**
 * Stores batches of any runs in one transaction. An Error in the answer is the answer of that batch alone. Safe to
 * run twice: a batch that was taken is known by its number.
 */
export function appendGroup(db: Database, items: readonly Append[]): Promise<(Appended | Error)[]> {
  return inTransaction(db, async (tx) => {
    const attempts = await lockAll(db, tx, items);
    const answers = new Map<Append, Appended | Error>();
    // Batches of one attempt may have overtaken each other on their way here.
    for (const item of [...items].sort((a, b) => a.batch.batch - b.batch.batch)) {
      const progress = attempts.get(keyOf(item.facts.runId, item.batch.attempt));
      answers.set(item, progress ? await take(tx, progress, item) : unknownAttempt(item));
    }
    await write(tx, [...attempts.values()]);
    await judgeLate(db, tx, [...attempts.values()]);
    return items.map((item) => answers.get(item) as Appended | Error);
  });
}

/**
 * Batches that are lines have numbers of their own, rising with the lines, beside those that an agent counts for what the same
 * process printed.
 */
const LINES_AS_BATCHES = 1_000_000_000;

export function packBatch(batch: Batch, metricIds: ReadonlyMap<string, number>): Packed {
  const series = batch.series.map(({ key, column }) => {
    const metricId = metricIds.get(key);
    if (metricId === undefined) throw new Error(`metric ${key} has no id`);
    return { metricId, column };
  });
  return {
    series,
    block: packTail(batch.axis, series),
    summaries: new Map(
      series.map(({ metricId, column }) => [metricId, summarize(toPoints(batch.axis, column))]),
    ),
  };
}

async function lockAll(db: Database, tx: Tx, items: readonly Append[]): Promise<Map<string, Progress>> {
  const byKey = new Map(items.map((item) => [keyOf(item.facts.runId, item.batch.attempt), item]));
  const rows = await lockAttempts(
    tx,
    Array.from(byKey.values(), ({ facts, batch }) => ({ runId: facts.runId, attempt: batch.attempt })),
  );
  const locked = new Map<string, Progress>();
  // Known but for the first batch after a sweep's file has changed.
  for (const row of rows)
    locked.set(keyOf(row.runId, row.attempt), openProgress(row, await stoppingOf(db, tx, row)));
  return locked;
}

const keyOf = (runId: number, attempt: number) => `${runId}/${attempt}`;

async function take(tx: Tx, progress: Progress, item: Append): Promise<Appended | Error> {
  const { row } = progress;
  const batch = item.lines ? LINES_AS_BATCHES + item.lines.to : item.batch.batch;
  const answer: Appended = {
    runId: row.runId,
    attempt: row.attempt,
    batch,
    repeated: item.lines ? item.lines.to <= progress.lines : batch <= progress.lastBatch,
    stale: isStale(progress),
    stopRequested: row.stopRequested,
    droppedPoints: 0,
    lastStep: progress.lastStep,
    objectiveChanged: false,
    targetReached: false,
    silent: row.silent && !isStale(progress),
    stopped: [],
    missed: false,
  };
  if (answer.repeated) return answer;
  if (item.lines) {
    if (item.lines.from < progress.lines) return takenInPart(progress, item.lines);
    progress.lines = item.lines.to;
  } else {
    if (batch !== progress.lastBatch + 1) return outOfOrder(progress, batch);
    progress.lastBatch = batch;
  }
  progress.answers.push(answer);
  if (item.batch.resumedFromStep !== undefined) {
    progress.resumedFromStep = item.batch.resumedFromStep;
    progress.inherits = true;
  }
  if (answer.stale) progress.overtakenAtStep ??= row.lastStep ?? -1;
  await takePoints(tx, progress, item, answer);
  answer.lastStep = progress.lastStep;
  return answer;
}

/**
 * Steps go forward within an attempt: what lies below its last step, or below the step it resumed from, is left out.
 * Late metrics must not even write the last step again, which is part of the run's history. Where retention has taken
 * the history away, what comes after it is not kept either: a few points behind a gap would look like all there was.
 */
async function takePoints(tx: Tx, progress: Progress, item: Append, answer: Appended): Promise<void> {
  if (progress.row.dropped) {
    answer.droppedPoints = item.batch.points;
    return;
  }
  const overtaken = progress.overtakenAtStep === null ? -1 : progress.overtakenAtStep + 1;
  const floor = Math.max(progress.lastStep ?? -1, progress.resumedFromStep ?? -1, overtaken);
  const batch = dropBefore(item.batch, floor);
  answer.droppedPoints = item.batch.points - batch.points;
  const firstStep = batch.axis.steps[0];
  const lastStep = batch.axis.steps.at(-1);
  if (batch.points === 0 || firstStep === undefined || lastStep === undefined) return;
  const packed = batch === item.batch ? item.packed : packBatch(batch, item.metricIds);
  if (firstStep === floor) await markOverwritten(tx, progress, packed, floor);
  const { runId, attempt } = answer;
  const count = batch.axis.steps.length;
  progress.tails.push({
    runId,
    attempt,
    batch: answer.batch,
    firstStep,
    lastStep,
    count,
    block: packed.block,
  });
  for (const [metricId, summary] of packed.summaries) {
    const before = progress.summaries.get(metricId);
    progress.summaries.set(metricId, before ? joinSummaries(before, summary) : summary);
  }
  progress.lastStep = lastStep;
  progress.taken.push(batch === item.batch ? item : { ...item, batch, packed });
}

/** The batch begins at the step where the history ends: metrics that have a value there already get another one. */
async function markOverwritten(tx: Tx, progress: Progress, { series }: Packed, step: number): Promise<void> {
  const metricIds = series
    .filter(({ column }) => column.at === undefined || column.at[0] === 0)
    .map(({ metricId }) => metricId);
  // When a batch of this very group ends there, it is not stored yet: then all count as written again.
  const overwritten =
    progress.tails.length > 0 ? metricIds : await metricsAtStep(tx, progress.row, { metricIds, step });
  for (const metricId of overwritten) progress.rebuild.add(metricId);
}

/** The statements are sent together; the connection runs them in this order. */
async function write(tx: Tx, all: readonly Progress[]): Promise<void> {
  const moved = all.filter(({ row, lastBatch, lines }) => lastBatch > row.lastBatch || lines > row.lines);
  if (moved.length === 0) return;
  const watched = await lookBefore(tx, moved);
  const tails = moved.flatMap((progress) => progress.tails);
  const added = moved.flatMap(({ row, inherits, rebuild, summaries }) =>
    Array.from(summaries, ([metricId, summary]) => ({
      runId: row.runId,
      attempt: row.attempt,
      metricId,
      summary,
    })).filter(({ metricId }) => !inherits && !rebuild.has(metricId)),
  );
  await Promise.all([
    tails.length > 0 && insertTails(tx, tails),
    advanceAttempts(
      tx,
      moved.map((progress) => ({
        ...progress,
        runId: progress.row.runId,
        attempt: progress.row.attempt,
        tails: progress.tails.length,
        tailSteps: progress.tails.reduce((sum, tail) => sum + tail.count, 0),
      })),
    ),
    added.length > 0 && addToSummaries(tx, added),
    followObjectives(tx, moved),
    followRungs(tx, watched),
  ]);
  for (const progress of moved)
    if (progress.inherits || progress.rebuild.size > 0) await rebuildSummaries(tx, progress);
  await judge(tx, moved);
}

/** What comes after the server gave an attempt up enters its run all the same, and may change whether it is allowed. */
async function judgeLate(db: Database, tx: Tx, all: readonly Progress[]): Promise<void> {
  const late = all.filter(
    (one) => one.row.constrained && one.row.ended && one.taken.length > 0 && isDeciding(one),
  );
  if (late.length === 0) return;
  const found = await findFeasible(
    db,
    tx,
    late.map(({ row }) => row),
  );
  await writeFeasible(
    tx,
    late.map(({ row: { runId } }) => ({ runId, feasible: found.get(runId) ?? null })),
  );
}

function outOfOrder({ row, lastBatch }: Progress, batch: number): AppError {
  const expected = lastBatch + 1;
  return new AppError(
    "BATCH_OUT_OF_ORDER",
    `batch ${batch} of run ${row.runId}, attempt ${row.attempt}, came before batch ${expected}: send from ${expected} on`,
    { details: { runId: row.runId, attempt: row.attempt, batch, expected } },
  );
}

/** The caller leaves out what was taken and sends the rest. */
function takenInPart({ row, lines }: Progress, { from, to }: LineRange): AppError {
  return new AppError(
    "BATCH_OUT_OF_ORDER",
    `lines ${from} to ${to} of run ${row.runId}, attempt ${row.attempt}, were taken up to line ${lines}: send from there on`,
    { details: { runId: row.runId, attempt: row.attempt, lines, expected: lines } },
  );
}

function unknownAttempt({ facts, batch }: Append): AppError {
  return new AppError("NOT_FOUND", `run ${facts.runId} has no attempt ${batch.attempt}, or was deleted`, {
    details: { runId: facts.runId, attempt: batch.attempt },
  });
}
